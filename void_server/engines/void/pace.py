"""How long a job of known steps will still take."""

from __future__ import annotations

import time
from collections.abc import Callable

_SETTLING = 2
"""Steps at the beginning of a pass that say nothing: kernels are compiled, memory is taken."""


class Pace:
    """Seconds to the end of a job, from the pace of its steps.

    Args:
        forwards: Forward runs of the transformer in all, of every pass, in the job's order.
        others: Forward runs of jobs like this one that come after it.
        after: Share of the steps' time that reading and decoding come to.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        forwards: int,
        *,
        others: int = 0,
        after: float = 0.1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._left = forwards
        self._after = others + (forwards + others) * after
        self._clock = clock
        self._began: float | None = None
        self._made = 0
        self._steps = 0
        self._each = 0.0

    def stepped(self, forwards: int) -> float | None:
        """A step was made, of so many forward runs; returns the seconds left, None if unknown."""
        now = self._clock()
        self._left = max(0, self._left - forwards)
        self._steps += 1
        if self._began is None or self._steps <= _SETTLING:
            self._began = now
            return self._seconds()
        self._made += forwards
        self._each = (now - self._began) / self._made
        return self._seconds()

    def paused(self) -> None:
        """Something else comes between the steps."""
        self._began, self._made, self._steps = None, 0, 0

    def _seconds(self) -> float | None:
        return (self._left + self._after) * self._each if self._each else None
