"""A rectangle of the canvas."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from void_server.engines.engine import Mask


@dataclass(frozen=True, kw_only=True)
class Box:
    """Rows ``top`` to ``bottom`` and columns ``left`` to ``right``, the ends not included."""

    top: int
    left: int
    bottom: int
    right: int

    @classmethod
    def around(cls, mask: Mask) -> Box | None:
        """The smallest box that holds every True of ``mask``; None when there is none."""
        rows = np.flatnonzero(mask.any(axis=1))
        if rows.size == 0:
            return None
        columns = np.flatnonzero(mask[rows[0] : rows[-1] + 1].any(axis=0))
        return cls(
            top=int(rows[0]),
            left=int(columns[0]),
            bottom=int(rows[-1]) + 1,
            right=int(columns[-1]) + 1,
        )

    @property
    def height(self) -> int:
        """Rows."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Columns."""
        return self.right - self.left

    @property
    def slices(self) -> tuple[slice, slice]:
        """Index of this box in a picture of the canvas."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    @property
    def corners(self) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        """(4, 1, 2) float64: x, y of the centres of the corner pixels."""
        x0, y0, x1, y1 = self.left, self.top, self.right - 1, self.bottom - 1
        return np.array([[[x0, y0]], [[x1, y0]], [[x1, y1]], [[x0, y1]]], np.float64)

    def grown(self, by: int, within: tuple[int, int]) -> Box:
        """This box with ``by`` pixels more on each side, cut to a canvas of (height, width)."""
        return Box(
            top=max(self.top - by, 0),
            left=max(self.left - by, 0),
            bottom=min(self.bottom + by, within[0]),
            right=min(self.right + by, within[1]),
        )

    def inside(self, outer: Box) -> tuple[slice, slice]:
        """Index of this box in a picture that shows ``outer`` only."""
        return (
            slice(self.top - outer.top, self.bottom - outer.top),
            slice(self.left - outer.left, self.right - outer.left),
        )
