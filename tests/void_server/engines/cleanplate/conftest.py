"""A shot in memory, as an engine sees one."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest

from void_server.engines.engine import Mask, Rgb
from void_server.plate import PlateColor


class ArrayFootage:
    """`Footage` over arrays; read-only, so that an engine that writes into it fails."""

    def __init__(
        self,
        plates: Mapping[int, Rgb],
        holes: Mapping[int, Mask],
        holdouts: Mapping[int, Mask] | None = None,
    ) -> None:
        self._plates = {frame: plate.copy() for frame, plate in plates.items()}
        self._holes = {frame: hole.copy() for frame, hole in holes.items()}
        self._foreign = {f: h | (holdouts or {}).get(f, False) for f, h in holes.items()}
        for array in (*self._plates.values(), *self._holes.values(), *self._foreign.values()):
            array.setflags(write=False)

    pixel_aspect = 1.0
    color = PlateColor("lin_rec709_scene", "lin_rec709_scene")

    @property
    def frames(self) -> tuple[int, ...]:
        return tuple(sorted(self._plates))

    @property
    def size(self) -> tuple[int, int]:
        return next(iter(self._holes.values())).shape

    def plate(self, frame: int) -> Rgb:
        return self._plates[frame]

    def hole(self, frame: int) -> Mask:
        return self._holes[frame]

    def foreign(self, frame: int) -> Mask:
        return self._foreign[frame]

    def quadmask(self, frame: int) -> tuple[Mask, Mask]:
        return self._holes[frame], np.zeros_like(self._holes[frame])


@pytest.fixture
def footage_of() -> Callable[..., ArrayFootage]:
    return ArrayFootage


@pytest.fixture
def textured() -> Callable[..., Rgb]:
    """Makes a (height, width, 3) picture with detail at several scales, values 0.05 to 0.6."""

    def make(height: int, width: int, seed: int = 0) -> Rgb:
        import cv2

        rng = np.random.default_rng(seed)
        total = np.zeros((height, width, 3), np.float32)
        for cell in (24, 8, 3):
            grid = rng.uniform(0, 1, (height // cell + 2, width // cell + 2, 3)).astype(np.float32)
            total += cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
        total -= total.min()
        return (0.05 + 0.55 * total / total.max()).astype(np.float32)

    return make
