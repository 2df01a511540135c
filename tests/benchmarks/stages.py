"""Where the time of a job goes: an engine's own reports, timed."""

from __future__ import annotations

import time
from collections import defaultdict


class Stages:
    """`Progress` and `Record` that keep the time between two reports to the later one's stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.facts: dict[str, object] = {}
        self._last = time.perf_counter()

    def __call__(self, stage: str, done: int, total: int, **rest: object) -> None:
        self.lap(stage)

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self.seconds[stage] += now - self._last
        self._last = now

    def preview(self, frame: int, png: bytes) -> None:
        pass

    def note(self, key: str, value: object) -> None:
        self.facts[key] = value

    def warn(self, text: str) -> None:
        print(f"warning: {text}")
