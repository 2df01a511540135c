"""What a frame tells of a model's colour: pairs of means over cells, plate and model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from void_server.finish import Code, Mask
from void_server.finish.cells import cells_of, grown, touched

CELL = 8
"""Side of a cell, model pixels. It is also the least distance between the hole and what is
compared: nearer, a model may have changed what it was not asked to."""

RING = 5
"""Width of the ring that stands for a hole's surroundings, cells."""

_LEAST_SHARE = 0.5  # of a cell's pixels

Values = npt.NDArray[np.float32]
"""(n, 3) float32, code."""

Weights = npt.NDArray[np.float32]
"""(n,) float32, 0 to 1."""


@dataclass(frozen=True)
class Pairs:
    """Means over cells of a frame.

    Attributes:
        sent: (n, 3) float32, code: the plate.
        got: (n, 3) float32, code: the model.
        share: (n,) float32: the part of the cell that could be compared.
        near: (n,) bool: cells in the ring around the hole.
    """

    sent: Values
    got: Values
    share: Weights
    near: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.share)


def pairs_of(sent: Code, got: Code, *, hole: Mask, usable: Mask, most: int) -> Pairs:
    """Compare one frame.

    Args:
        sent: (H, W, 3) code.
        got: (H, W, 3) code, finite.
        hole: (H, W) bool.
        usable: (H, W) bool: where both may show the same; nothing of the hole.
        most: Most pairs to keep; half of them from the ring, if it has as many.
    """
    cells = cells_of(sent, got, usable, side=CELL)
    inside = touched(hole, side=CELL)
    counted = (cells.share > _LEAST_SHARE) & ~grown(inside, 1)
    near = grown(inside, 1 + RING) & counted
    ring = _spread(np.flatnonzero(near), most // 2)
    rest = _spread(np.flatnonzero(counted & ~near), most - len(ring))
    kept = np.concatenate([ring, rest])
    return Pairs(
        cells.sent.reshape(-1, 3)[kept],
        cells.got.reshape(-1, 3)[kept],
        cells.share.ravel()[kept],
        near.ravel()[kept],
    )


def _spread(indices: npt.NDArray[np.intp], most: int) -> npt.NDArray[np.intp]:
    """At most so many of them, evenly chosen."""
    if len(indices) <= most:
        return indices
    return indices[np.linspace(0, len(indices) - 1, most).astype(np.intp)]
