"""A model's pictures, enlarged where a network for that is there."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from void_server.engines.engine import Footage
from void_server.finish import Code
from void_server.finish.upscale import Upscaler, enlarged
from void_server.matte import bounds
from void_server.model_view.masks import hole_on_grid
from void_server.model_view.shot import ModelShot

_AROUND = 16
"""Model pixels around a hole that the network sees too."""

Pictures = Callable[[int, int], Code]
"""From the index of a tile and of a frame to (H, W, 3) code."""


class Enlarging:
    """Gives a model's pictures at more pixels than the model has.

    Args:
        footage: The shot.
        shots: What the model was shown, one for each tile.
        pictures: What is to be enlarged.
        upscaler: The network.
    """

    def __init__(
        self,
        footage: Footage,
        shots: Sequence[ModelShot],
        *,
        pictures: Pictures,
        upscaler: Upscaler,
    ) -> None:
        self._footage = footage
        self._shots = shots
        self._pictures = pictures
        self._upscaler = upscaler

    def picture(self, part: int, index: int) -> Code:
        """(k H, k W, 3) code of one tile and frame; finer around the hole only."""
        picture = self._pictures(part, index)
        shot = self._shots[part]
        hole = hole_on_grid(self._footage, shot.numbers[index], shot.region)
        box = bounds(hole)
        if box is None:  # a tile that the hole does not reach in this frame
            return picture
        rows = slice(max(0, box.y_min - _AROUND), min(hole.shape[0], box.y_max + 1 + _AROUND))
        columns = slice(max(0, box.x_min - _AROUND), min(hole.shape[1], box.x_max + 1 + _AROUND))
        return enlarged(picture, self._upscaler, part=(rows, columns))
