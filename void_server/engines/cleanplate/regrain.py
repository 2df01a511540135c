"""Grain for what was invented: as strong, as soft and as alive as the plate's own."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np

from void_server.engines.cleanplate.box import Box
from void_server.engines.engine import Footage, Mask, Record, Rgb
from void_server.finish.grain import Grain, frames_to_measure, measured

_AROUND = 256
"""Pixels around a box in which the frame's own grain is looked for."""


class Regrain:
    """Measures a shot's grain once, when it is first needed, and puts it where it is lacking.

    What a frame gets depends on the shot and its own pixels, not on what was asked before.

    Args:
        footage: The shot.
        seed: Seed of the grain.
        record: Told what was measured.
    """

    def __init__(self, footage: Footage, *, seed: int, record: Record) -> None:
        self._footage = footage
        self._seed = seed
        self._record = record

    def onto(self, frame: int, light: Rgb, lacking: Mask, box: Box) -> Rgb | None:
        """(h, w, 3) ``light`` with grain where it is ``lacking``; None when there is no grain.

        Args:
            frame: File number.
            light: (h, w, 3) scene-linear over the box.
            lacking: (h, w) bool.
            box: Where on the canvas.
        """
        if self._grain is None:
            return None
        around = box.grown(_AROUND, self._footage.size).slices
        return self._grain.onto(
            light,
            lacking.astype(np.float32),
            plate=self._footage.plate(frame)[around],
            keep=~self._footage.foreign(frame)[around],
            seed=self._seed,
            frame=frame,
        )

    def measures(self, light: Rgb, grained: Rgb, lacking: Mask) -> dict[str, float]:
        """What was put there, as in `Grain.measures`."""
        weight = lacking.astype(np.float32)
        return {} if self._grain is None else self._grain.measures(light, grained, weight)

    @cached_property
    def _grain(self) -> Grain | None:
        grain = measured(self._samples())
        if grain is None:
            self._record.note("grain", "none: the plate has no grain that could be measured")
            return None
        self._record.note("grain", "match")
        for key, value in grain.facts().items():
            self._record.note(key, value)
        return grain

    def _samples(self) -> Iterator[tuple[Rgb, Mask]]:
        for frame in frames_to_measure(self._footage.frames):
            yield self._footage.plate(frame), ~self._footage.foreign(frame)
