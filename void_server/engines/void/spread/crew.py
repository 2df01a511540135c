"""The other ranks as rank 0 sees them: processes that it starts, watches and ends."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from typing import IO, cast

from bridge.errors import ErrorRecord
from void_server.engines.void.spread.group import GroupBroken
from void_server.engines.void.spread.orders import Failed, Hello, Message, Report, line, report

log = logging.getLogger(__name__)

COMMAND = (sys.executable, "-m", "void_server.engines.void.spread.rank")
"""Runs a rank; the id of the process to end with is added."""

_LAST_SECONDS = 5.0
"""That a process has to end by itself."""


class Member:
    """One process, and what it last said.

    Attributes:
        device: Its device.
        met: Whether it has started.
        ended: Number of the last order that it is done with.
        failure: The order that it failed at, and how.
        death: How it ended, "" while it runs.
    """

    def __init__(self, command: Sequence[str], device: str) -> None:
        self.device = device
        self.met = False
        self.ended = 0
        self.failure: Failed | None = None
        self.death = ""
        # In this process's own group, so that whoever kills the group kills it too.
        self.process = subprocess.Popen(
            [*command, str(os.getpid())], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    @property
    def orders(self) -> IO[bytes]:
        """Where it reads."""
        return cast("IO[bytes]", self.process.stdin)

    @property
    def reports(self) -> IO[bytes]:
        """Where it writes."""
        return cast("IO[bytes]", self.process.stdout)

    def heard(self, said: Report) -> None:
        """Take down what it says."""
        if isinstance(said, Hello):
            self.met = True
        elif isinstance(said, Failed):
            self.failure = said
        else:
            self.ended = said.number


class Crew:
    """All other ranks. They live as long as the thread that makes this, at most.

    Args:
        devices: Of the others, from rank 1 on.
        command: Runs a rank.
    """

    def __init__(self, devices: Sequence[str], *, command: Sequence[str]) -> None:
        self._change = threading.Condition()
        self._closing = False
        self.members = [Member(command, device) for device in devices]
        self._threads = [
            threading.Thread(target=self._listen, args=(member,), daemon=True)
            for member in self.members
        ]
        for thread in self._threads:
            thread.start()

    @property
    def death(self) -> str:
        """Which one has ended by itself and how, "" while all are there."""
        return next((m.death for m in self.members if m.death), "")

    def send(self, member: Member, said: Message) -> None:
        """Say something to one.

        Raises:
            GroupBroken: It is gone.
        """
        try:
            member.orders.write(line(said))
            member.orders.flush()
        except (OSError, ValueError) as error:
            raise GroupBroken(str(error)) from error

    def send_all(self, said: Message) -> None:
        """Say the same to all.

        Raises:
            GroupBroken: One of them is gone.
        """
        for member in self.members:
            self.send(member, said)

    def wait_met(self) -> None:
        """Wait until all have started.

        Raises:
            GroupBroken: One of them is gone.
        """
        self._wait(lambda member: member.met)

    def wait_ended(self, number: int) -> None:
        """Wait until all are done with an order.

        Raises:
            GroupBroken: One of them is gone.
        """
        self._wait(lambda member: member.ended >= number)

    def failure(self, number: int) -> ErrorRecord | None:
        """The first that failed at an order: how."""
        failures = [m.failure for m in self.members if m.failure is not None]
        return next((failed.error for failed in failures if failed.number == number), None)

    def wait_death(self, seconds: float) -> str:
        """`death`, given a moment to be noticed."""
        with self._change:
            self._change.wait_for(lambda: self.death, seconds)
            return self.death

    def close(self) -> None:
        """End them. Their end of the pipe tells them."""
        with self._change:
            self._closing = True
        for member in self.members:
            _hang_up(member)
            if not member.met:
                member.process.kill()
        for member in self.members:
            try:
                member.process.wait(_LAST_SECONDS)
            except subprocess.TimeoutExpired:
                member.process.kill()
                member.process.wait()
        for thread, member in zip(self._threads, self.members, strict=True):
            thread.join()
            member.reports.close()

    def kill(self) -> None:
        """End them at once."""
        for member in self.members:
            member.process.kill()

    def _wait(self, there: Callable[[Member], bool]) -> None:
        with self._change:
            self._change.wait_for(lambda: self.death or all(map(there, self.members)))
            if self.death:
                raise GroupBroken(self.death)

    def _listen(self, member: Member) -> None:
        for read in member.reports:
            with self._change:
                member.heard(report(read))
                self._change.notify_all()
        code = member.process.wait()
        with self._change:
            if self._closing or self.death:
                return
            how = f"signal {-code}" if code < 0 else f"exit code {code}"
            member.death = f"the process of {member.device} ended with {how}"
            self._change.notify_all()
        log.error("%s", member.death)
        # Whoever waits for the one that is gone would wait for ever.
        self.kill()


def _hang_up(member: Member) -> None:
    try:
        member.orders.close()
    except OSError:
        log.debug("%s was gone before it was told", member.device)
