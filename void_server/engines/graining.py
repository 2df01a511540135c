"""Grain for what is not real, like that of the frame around it; the same in all engines."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np
import numpy.typing as npt

from bridge.messages import ParameterInfo
from void_server.engines.engine import Footage, Mask, Record, Rgb
from void_server.finish.grain import Grain, frames_to_measure, measured

GRAINS = ("match", "none")

AROUND = 256
"""Pixels around a hole from which a frame's own grain is best taken."""


def grain_info() -> ParameterInfo:
    """The parameter ``grain`` as a host is told of it."""
    return ParameterInfo(
        name="grain",
        label="Grain",
        help="match: grain like the plate's on what is not real; none: no grain.",
        default=GRAINS[0],
        choices=GRAINS,
    )


class Graining:
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

    def onto(
        self,
        frame: int,
        light: Rgb,
        weight: npt.NDArray[np.float32],
        around: tuple[slice, slice],
    ) -> tuple[Rgb, dict[str, float]] | None:
        """``light`` with grain, and what was measured of it; None when the plate has no grain.

        Args:
            frame: File number.
            light: (h, w, 3) scene-linear.
            weight: (h, w) float32, 0 to 1: how much grain is lacking.
            around: Rows and columns of the canvas from which the frame's own grain is taken.
        """
        if self._grain is None:
            return None
        grained = self._grain.onto(
            light,
            weight,
            plate=self._footage.plate(frame)[around],
            keep=~self._footage.foreign(frame)[around],
            seed=self._seed,
            frame=frame,
        )
        return grained, self._grain.measures(light, grained, weight)

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
