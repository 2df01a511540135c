from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from void_server.engines.engine import Mask, Rgb
from void_server.plate import PlateColor


class Shot:
    """Footage with rectangular holes: (top, left, height, width) of each frame, or None."""

    color = PlateColor("lin_rec709_scene", "lin_rec709_scene")

    def __init__(
        self,
        size: tuple[int, int],
        holes: list[tuple[int, int, int, int] | None],
        *,
        first: int = 1001,
        pixel_aspect: float = 1.0,
        light: Callable[[int], Rgb] | None = None,
    ) -> None:
        self.size, self.pixel_aspect = size, pixel_aspect
        self.frames = tuple(range(first, first + len(holes)))
        self._holes = dict(zip(self.frames, holes, strict=True))
        self._light = light
        self.read: list[int] = []

    def plate(self, frame: int) -> Rgb:
        self.read.append(frame)
        if self._light is None:
            return np.full((*self.size, 3), 0.18, np.float32)
        return self._light(frame)

    def hole(self, frame: int) -> Mask:
        mask = np.zeros(self.size, np.bool_)
        hole = self._holes[frame]
        if hole is not None:
            top, left, height, width = hole
            mask[top : top + height, left : left + width] = True
        return mask

    def foreign(self, frame: int) -> Mask:
        return self.hole(frame)

    def quadmask(self, frame: int) -> tuple[Mask, Mask]:
        return self.hole(frame), np.zeros(self.size, np.bool_)


@pytest.fixture
def shot() -> type[Shot]:
    return Shot
