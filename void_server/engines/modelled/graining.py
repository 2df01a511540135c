"""Grain for what is not real, like that of the frame around it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from void_server.engines.cleanplate.box import Box
from void_server.engines.engine import Footage, Mask, Record, Rgb
from void_server.finish.grain import Grain, frames_to_measure, measured

_AROUND = 256
"""Pixels around a hole from which a frame's own grain is taken."""


class Graining:
    """Measures a shot's grain and puts it onto fills.

    Args:
        footage: The shot.
        seed: Seed of the grain.
        record: Told what was measured.
    """

    def __init__(self, footage: Footage, *, seed: int, record: Record) -> None:
        self._footage = footage
        self._seed = seed
        self._grain: Grain | None = measured(_samples(footage))
        if self._grain is None:
            record.note("grain", "none: the plate has no grain that could be measured")
            return
        record.note("grain", "match")
        for key, value in self._grain.facts().items():
            record.note(key, value)

    def onto(
        self, frame: int, light: Rgb, weight: npt.NDArray[np.float32], box: Box
    ) -> tuple[Rgb, dict[str, float]] | None:
        """``light`` with grain, and what was measured of it; None when the plate has no grain.

        Args:
            frame: File number.
            light: (h, w, 3) scene-linear over the box.
            weight: (h, w) float32, 0 to 1: how much grain is lacking.
            box: Where on the canvas.
        """
        if self._grain is None:
            return None
        around = box.grown(_AROUND, self._footage.size).slices
        grained = self._grain.onto(
            light,
            weight,
            plate=self._footage.plate(frame)[around],
            keep=~self._footage.foreign(frame)[around],
            seed=self._seed,
            frame=frame,
        )
        return grained, self._grain.measures(light, grained, weight)


def _samples(footage: Footage) -> Iterator[tuple[Rgb, Mask]]:
    for frame in frames_to_measure(footage.frames):
        yield footage.plate(frame), ~footage.foreign(frame)
