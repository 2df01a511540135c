"""The watchman of a run: notices that it is cancelled, and tells the server.

It works in a thread of its own, so that a cancel arrives within a second whatever the run itself
is waiting for: a frame on its way up, a file to land, the main thread of its host.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from types import TracebackType

from bridge.client import Client
from bridge.errors import VoidError
from host_plugins.run.cancelling import Token
from host_plugins.run.texts import LOG

POLL_SECONDS = 0.1
"""How often it looks."""

FAREWELL_SECONDS = 3.0
"""How long the end of a cancelled run waits until the server knows of it."""

_TIMEOUT = 1.0


class _Target:
    """The job in hand, and how its server is reached."""

    def __init__(self, job: str, connect: Callable[[float], Client]) -> None:
        self.job = job
        self.connect = connect
        self.submitted = threading.Event()
        self.told = threading.Event()


class Watch:
    """Watches over one run while a ``with`` block lasts.

    Args:
        token: The run's stop button.
        cancelled: Whether the host's own progress bar was cancelled.
    """

    def __init__(self, token: Token, cancelled: Callable[[], bool]) -> None:
        self._token = token
        self._cancelled = cancelled
        self._target: _Target | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="void-watch", daemon=True)

    def submitting(self, job: str, connect: Callable[[float], Client]) -> None:
        """From now on the server may know this job.

        Args:
            job: The job.
            connect: Makes a client, which is not the run's own, with a timeout in seconds.
        """
        self._target = _Target(job, connect)

    def submitted(self) -> None:
        """From now on the server knows it; a cancel told before may have been too early."""
        if self._target is not None:
            self._target.submitted.set()

    @property
    def untold(self) -> bool:
        """Whether a server has a job that it should stop, and could not be told so."""
        target = self._target
        return target is not None and target.submitted.is_set() and not target.told.is_set()

    def settled(self) -> None:
        """The job is over, there is nothing left to stop."""
        self._target = None

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        target = self._target
        if self._token.cancelled and target is not None and target.submitted.is_set():
            target.told.wait(FAREWELL_SECONDS)
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(POLL_SECONDS):
            if not self._token.cancelled and self._host_cancelled():
                self._token.cancel()
            target = self._target
            if self._token.cancelled and target is not None and not target.told.is_set():
                _tell(target)

    def _host_cancelled(self) -> bool:
        try:
            return self._cancelled()
        except Exception:  # a host that cannot say so must not take the watch away
            logging.getLogger(LOG).debug("the host does not say whether it is cancelled")
            return False


def _tell(target: _Target) -> None:
    """Cancel a job; one that the server does not know yet is tried again at the next look."""
    known = target.submitted.is_set()
    try:
        with target.connect(_TIMEOUT) as client:
            client.cancel(target.job)
    except VoidError:
        return
    if known:
        target.told.set()
