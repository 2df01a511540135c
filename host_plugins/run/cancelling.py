"""How a run is stopped from outside: cancelled for good, or left to the server."""

from __future__ import annotations

import threading
import time

from bridge.errors import RequestError


class Cancelled(RequestError):
    """The artist has stopped it."""

    def __init__(self, subject: str = "removal", text: str = "it was cancelled") -> None:
        super().__init__(subject, text, code="cancelled")


class Left(RequestError):
    """Nobody waits here any more: the document is closed; the job goes on at the server."""

    def __init__(self) -> None:
        super().__init__("removal", "nobody waits for it here any more", code="detached")


class Token:
    """A run's stop button. Any thread may press it; the run looks at it wherever it can stop."""

    def __init__(self) -> None:
        self._pressed = threading.Event()
        self._cancelled_at: float | None = None
        self._left = False

    @property
    def cancelled(self) -> bool:
        """Whether the artist has stopped it."""
        return self._cancelled_at is not None

    @property
    def left(self) -> bool:
        """Whether nobody waits here any more."""
        return self._left

    @property
    def cancelled_for(self) -> float:
        """Seconds since it was cancelled; 0 if it was not."""
        return 0.0 if self._cancelled_at is None else time.monotonic() - self._cancelled_at

    def cancel(self) -> None:
        """Stop it for good. The first time counts."""
        if self._cancelled_at is None:
            self._cancelled_at = time.monotonic()
        self._pressed.set()

    def leave(self) -> None:
        """Stop waiting for it."""
        self._left = True
        self._pressed.set()

    def check(self) -> None:
        """Stop here if it was stopped.

        Raises:
            Cancelled: The artist has stopped it.
            Left: Nobody waits any more.
        """
        if self.cancelled:
            raise Cancelled
        if self._left:
            raise Left

    def wait(self, seconds: float) -> bool:
        """Sleep, but no longer than until it is stopped; whether it was."""
        return self._pressed.wait(seconds)
