"""How long Nuke's window stands still while a removal runs: a beat that the main thread answers."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Protocol

import nuke

from host_plugins.nuke_panel.main_thread import on_main

_EVERY = 0.01
"""Seconds between an answer and the next beat."""

_BEFORE, _HOLDING = "checking", "exporting"
"""The stage in which Nuke renders and its main thread is held on purpose, and the one before it."""


class Staged(Protocol):
    """Something that says what it does; a `Removal` is one."""

    @property
    def stage(self) -> str:
        """What it does now."""
        ...


class Heartbeat:
    """Asks the main thread for a sign of life, again and again, in a ``with`` block.

    Attributes:
        longest: Seconds of the longest wait for an answer outside a render; None without a window.
    """

    def __init__(self) -> None:
        self.longest: float | None = None
        self._of: Staged | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="void-heartbeat", daemon=True)

    def listen(self, of: Staged) -> None:
        """Leave out the time in which this renders."""
        self._of = of

    def __enter__(self) -> Heartbeat:
        if nuke.GUI:
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()

    def _beat(self) -> None:
        while not self._over.wait(_EVERY):
            before = self._stage()
            begun = time.perf_counter()
            on_main(int)
            waited = time.perf_counter() - begun
            if not _held(before, self._stage()):
                self.longest = max(self.longest or 0.0, waited)

    def _stage(self) -> str:
        return "" if self._of is None else self._of.stage


def _held(before: str, after: str) -> bool:
    """Whether a render may have come between; it begins when the check is over."""
    return _HOLDING in (before, after) or (before == _BEFORE and after != _BEFORE)
