"""Rank 0's end of all ranks: started, given orders together, and given up together."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import torch

from bridge.errors import ServerError
from void_server.engines.void.layout import Layout
from void_server.engines.void.passes import PassNumber
from void_server.engines.void.seams import Forward
from void_server.engines.void.spread.crew import Crew
from void_server.engines.void.spread.group import Group, GroupBroken
from void_server.engines.void.spread.lead import Lead, as_if_here
from void_server.engines.void.spread.orders import Denoise, Load, Meet
from void_server.engines.void.spread.run import STEPS_GRANTED, Chunk, Told, Walk

_NOTICE_SECONDS = 5.0
"""In which a broken connection must turn out to be a process that has ended."""

_MEETING = "meeting"

ForwardOf = Callable[[PassNumber], Forward]
"""Gives this process's transformer of a pass."""


class Ranks:
    """This process as rank 0, and one more process for each other device.

    Args:
        devices: The first is this process's.
        layout: The checkpoint's files.
        mode: Memory mode.
        forward_of: Gives this process's transformer of a pass.
        command: Runs another rank.
    """

    def __init__(
        self,
        devices: Sequence[str],
        *,
        layout: Layout,
        mode: str,
        forward_of: ForwardOf,
        command: Sequence[str],
    ) -> None:
        self.devices = tuple(devices)
        self.device = torch.device(devices[0])
        self._layout = layout
        self._mode = mode
        self._forward_of = forward_of
        self._number = 0
        self._broken = ""
        self._group: Group | None = None
        self._closing = contextlib.ExitStack()
        # Only this user may enter the folder through which the ranks find each other.
        folder = tempfile.TemporaryDirectory(prefix="void-spread-")
        self.folder = Path(self._closing.enter_context(folder))
        self.crew = Crew(self.devices[1:], command=command)
        self._closing.callback(self.crew.close)

    @property
    def why_unusable(self) -> str:
        """What has become of them, "" while all are there."""
        return self._broken or self.crew.death

    def close(self) -> None:
        """End the other processes. Harmless when done twice."""
        self._broken = self.why_unusable or "they were closed"
        self._closing.close()
        self._group = None

    def load(self, pass_number: PassNumber) -> Forward:
        """The transformer of a pass here, once all others have it too.

        Raises:
            ServerError: ``device_lost``, or what kept one of them from loading it.
            OutOfMemoryError: One of the devices ran out of memory.
        """
        if self.why_unusable:
            raise self._lost(self.why_unusable)
        number = self._next()
        try:
            self._meet()
            self.crew.send_all(Load(number, pass_number))
            try:
                forward = self._forward_of(pass_number)
            finally:
                self.crew.wait_ended(number)
        except GroupBroken as error:
            raise self._given_up(error) from error
        self._check(number)
        return forward

    def _meet(self) -> None:
        if self._group is not None:
            return
        self.crew.wait_met()
        ranks = len(self.devices)
        for rank, member in enumerate(self.crew.members, start=1):
            order = Meet(
                rank=rank,
                ranks=ranks,
                device=member.device,
                store=str(self.folder / _MEETING),
                layout=str(self._layout.root),
                mode=self._mode,
                threads=torch.get_num_threads(),
            )
            self.crew.send(member, order)
        self._group = Group(
            rank=0,
            ranks=ranks,
            device=self.device,
            store=self.folder / _MEETING,
        )

    def denoise(self, chunk: Chunk, forward: Forward, told: Told) -> torch.Tensor:
        """(1, K, 16, h, w) float32: the clean latents of a chunk, on this rank's device.

        Args:
            chunk: Its tensors here; the others get theirs from here.
            forward: What `load` gave.
            told: Told of every step; when it raises, all ranks leave the chunk together.

        Raises:
            ServerError: ``device_lost``, ``nan``, or what one of the others failed with.
            OutOfMemoryError: One of the devices ran out of memory.
        """
        if self.why_unusable or self._group is None:
            raise self._lost(self.why_unusable)
        group, number = self._group, self._next()
        ahead = STEPS_GRANTED * len(chunk.windows) * chunk.text.shape[0]
        lead = Lead(self.crew, number=number, ahead=ahead)
        walk = Walk(chunk, forward=forward, group=group, gate=lead, told=told)
        try:
            with self._on_device():
                self.crew.send_all(_order(number, chunk))
                for tensor in (chunk.condition, chunk.latents, chunk.text):
                    group.broadcast(tensor, source=0)
                latents = walk.run()
            self.crew.wait_ended(number)
        except GroupBroken as error:
            raise self._given_up(error) from error
        except BaseException as error:
            self._end_all(number, error)
            raise
        self._check(number)
        return latents

    def _end_all(self, number: int, error: BaseException) -> None:
        """After an error here, wait until the others have left the chunk too.

        Raises:
            VoidError: What really happened, if the error here only came of it.
        """
        try:
            self.crew.wait_ended(number)
        except GroupBroken as gone:
            lost = self._given_up(gone)
            if isinstance(error, ServerError | RuntimeError):
                raise lost from error
            return
        if isinstance(error, ServerError):
            # What a rank sends after it has failed is no prediction: here it may be no number.
            self._check(number)

    def _check(self, number: int) -> None:
        failure = self.crew.failure(number)
        if failure is not None:
            raise as_if_here(failure)

    def _given_up(self, error: GroupBroken) -> ServerError:
        """End the others, and say why."""
        self._broken = self.crew.wait_death(_NOTICE_SECONDS) or str(error)
        self.close()
        return self._lost(self._broken)

    def _lost(self, why: str) -> ServerError:
        return ServerError(
            f"devices {', '.join(self.devices)}",
            f"one of them was lost (expected a process for each, got: {why})",
            "See the server's log. Submit the job again; what is finished is kept.",
            code="device_lost",
        )

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _on_device(self) -> contextlib.AbstractContextManager[object]:
        cuda = self.device.type == "cuda"
        return torch.cuda.device(self.device) if cuda else contextlib.nullcontext()


def _order(number: int, chunk: Chunk) -> Denoise:
    return Denoise(
        number=number,
        stage=chunk.stage,
        scheduler=dict(cast(Any, chunk.scheduler).config),
        latents=tuple(chunk.latents.shape),
        text=tuple(chunk.text.shape),
        windows=tuple(chunk.windows),
        overlap=chunk.overlap,
        join=chunk.join,
        first=chunk.before is None,
        last=chunk.after is None,
    )
