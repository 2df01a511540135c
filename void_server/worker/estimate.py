"""How long a job will still take."""

from __future__ import annotations

import time
from collections.abc import Callable


class Estimate:
    """Seconds to the end of a job: what its engine says, else the pace so far.

    An engine that has no word on it is taken by its pace: over the units of a stage that has
    denoising steps, and over frames as soon as they come out. Before that nobody knows what they
    will cost, and nothing is said.

    Args:
        frames: Frames of the job.
        finished: How many of them an earlier attempt has made.
        clock: Monotonic seconds.
    """

    def __init__(
        self, *, frames: int, finished: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._frames = _Pace(finished, clock())
        self._frames_wanted = frames
        self._came_out = False
        self._stage = ""
        self._has_steps = False
        self._units = _Pace(0, clock())
        self._units_wanted = 0
        self._told: tuple[float, float] | None = None

    def heard(self, stage: str, done: int, total: int, *, steps: int, left: float | None) -> None:
        """Take in what an engine reports; the arguments are those of `Progress`."""
        now = self._clock()
        if stage != self._stage or done < self._units.done:
            self._units = _Pace(done, now)
            self._told = None
        self._stage, self._units.done, self._units_wanted = stage, done, total
        self._has_steps = steps > 0
        if left is not None:
            self._told = (left, now)
        if not self._came_out:
            self._frames = _Pace(self._frames.done, now)

    def frame_done(self) -> None:
        """Take in that a frame has come out."""
        self._came_out = True
        self._frames.done += 1

    @property
    def left(self) -> float | None:
        """Seconds as estimated now, or None."""
        now = self._clock()
        if self._told is not None and self._frames.done < self._frames_wanted:
            left, at = self._told
            return round(max(0.0, left - (now - at)), 1)
        if self._has_steps and self._units.done < self._units_wanted:
            return self._units.left(self._units_wanted, now)
        return self._frames.left(self._frames_wanted, now)


class _Pace:
    """Units that were done since a moment."""

    def __init__(self, done: int, began: float) -> None:
        self.done = done
        self._first = done
        self._began = began

    def left(self, wanted: int, now: float) -> float | None:
        made = self.done - self._first
        if not made:
            return None
        return round((now - self._began) / made * (wanted - self.done), 1)
