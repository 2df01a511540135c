"""From mattes to the hole and its composite alpha, one frame at a time.

::

    matte  = (remove + affected) - keep
    region = matte, grown by a radius
    alpha  = 0 outside the region and under keep, rising to 1 over the feather inside it

The feather lies strictly inside the region, so that growing by more than the feather leaves the
matte itself at alpha 1. A hold-out is cut out last and hard: feathering against it would let the
removed object shine through along the edge of whatever stands before it, and a soft product
would touch pixels that the artist protected.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from void_server.engines.engine import Mask
from void_server.images.window import Window
from void_server.packed import pack, unpack

Alpha = npt.NDArray[np.float32]
"""(h, w) float32, 0 to 1."""

LEAST_ALPHA = 1.0 / 1024.0
"""Smallest alpha in the hole: below this a blend does not change a half pixel."""


@dataclass(frozen=True)
class FrameMatte:
    """Hole and hold-out of one frame, kept small: packed bits over a box.

    Attributes:
        shape: (height, width) of the canvas.
        limit: Part of the canvas where the frame has pixels; there is no hole beyond it.
        box: A box in ``limit`` around the hole, or None when the hole is empty.
        feather: Width of the soft edge, pixels.
    """

    shape: tuple[int, int]
    limit: Window
    box: Window | None
    feather: float
    _reach: Window | None = field(repr=False)
    _region: bytes = field(repr=False)
    _keep: bytes = field(repr=False)

    @property
    def empty(self) -> bool:
        """Whether nothing is to be filled."""
        return self.box is None

    def hole(self) -> Mask:
        """(H, W) bool: where alpha is above 0."""
        hole = np.zeros(self.shape, np.bool_)
        if self.box is not None:
            region, keep = self._planes()
            inner = self._in_reach()
            hole[_whole(self.shape).slices(self.box)] = region[inner] & ~keep[inner]
        return hole

    def foreign(self) -> Mask:
        """(H, W) bool: the region, everything held out, and everything beyond ``limit``."""
        foreign = np.ones(self.shape, np.bool_)
        foreign[_whole(self.shape).slices(self.limit)] = False
        if self._keep:
            foreign |= unpack(self._keep, self.shape)
        if self._reach is not None:
            foreign[_whole(self.shape).slices(self._reach)] |= self._planes()[0]
        return foreign

    def alpha(self) -> Alpha:
        """(h, w) float32 over `box`; an empty array when the hole is empty."""
        if self.box is None:
            return np.zeros((0, 0), np.float32)
        region, keep = self._planes()
        return soft_alpha(region, keep, self.feather)[self._in_reach()]

    def _planes(self) -> tuple[Mask, Mask]:
        """Region and hold-out over ``_reach``."""
        assert self._reach is not None
        region = unpack(self._region, self._reach.shape)
        if not self._keep:
            return region, np.zeros_like(region)
        keep = unpack(self._keep, self.shape)
        return region, keep[_whole(self.shape).slices(self._reach)]

    def _in_reach(self) -> tuple[slice, slice]:
        assert self._reach is not None
        assert self.box is not None
        return self._reach.slices(self.box)


def frame_matte(
    matte: Mask, keep: Mask, *, grow: float, feather: float, limit: Window | None = None
) -> FrameMatte:
    """Hole and alpha of one frame.

    Args:
        matte: (H, W) bool: removed or affected.
        keep: (H, W) bool: held out.
        grow: Radius by which the matte is grown, pixels.
        feather: Width of the soft edge inside, pixels.
        limit: Part of the canvas where the frame has pixels; None means all of it.
    """
    shape = (matte.shape[0], matte.shape[1])
    whole = _whole(shape)
    limit = limit or whole
    packed_keep = pack(keep)
    held = bool(packed_keep)
    left = matte & ~keep if held else matte
    inner = bounds(left)
    if inner is None:
        return FrameMatte(shape, limit, None, feather, None, b"", packed_keep)
    # A pixel more than it grows, so that the region never ends at the reach but at the canvas.
    reach = inner.grown(math.ceil(grow) + 1).intersect(whole)
    assert reach is not None
    cut = whole.slices(reach)
    region = grown(left[cut], grow)
    hole = region & ~keep[cut] if held else region
    box = _within(bounds(hole), reach, limit)
    if box is not None and not hole[reach.slices(box)].any():
        box = None
    return FrameMatte(shape, limit, box, feather, reach, pack(region), packed_keep)


def grown(mask: Mask, radius: float) -> Mask:
    """The mask with every pixel no further than ``radius`` (Euclidean, pixels) from it."""
    if radius <= 0 or not mask.any():
        return mask.copy()
    return np.asarray(_distance(~mask, radius) <= radius)


def soft_alpha(region: Mask, keep: Mask, feather: float) -> Alpha:
    """Alpha over a region: 0 outside and under ``keep``, a smooth rise inside, 1 in the depth.

    Args:
        region: (h, w) bool.
        keep: (h, w) bool.
        feather: Width of the rise, pixels; 0 gives a hard edge.
    """
    inside = region | keep
    if feather <= 0 or inside.all():
        alpha = region.astype(np.float32)
    else:
        depth = _distance(inside, feather + 1.0)
        rise = np.minimum(depth / (feather + 1.0), 1.0)
        alpha = np.maximum(rise * rise * (3.0 - 2.0 * rise), LEAST_ALPHA).astype(np.float32)
    alpha[~region | keep] = 0.0
    return alpha


def _distance(mask: Mask, limit: float) -> Alpha:
    """Euclidean distance of each pixel to the nearest one not in the mask, exact up to ``limit``.

    OpenCV's square root is off by a bit here and there, depending on where the array lies in
    memory. Squared distances are whole numbers, so rounding them makes every run the same.
    """
    rough = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    rough = np.minimum(rough, limit + 1.0)
    exact: Alpha = np.sqrt(np.rint(rough * rough))
    return exact


def bounds(mask: Mask) -> Window | None:
    """The smallest window around the mask's pixels, or None."""
    rows = np.flatnonzero(mask.any(axis=1))
    if rows.size == 0:
        return None
    columns = np.flatnonzero(mask[rows[0] : rows[-1] + 1].any(axis=0))
    return Window(int(columns[0]), int(rows[0]), int(columns[-1]), int(rows[-1]))


def _within(found: Window | None, origin: Window, limit: Window) -> Window | None:
    """A window counted from ``origin`` in canvas coordinates, cut to ``limit``."""
    if found is None:
        return None
    return found.shifted(origin.x_min, origin.y_min).intersect(limit)


def _whole(shape: tuple[int, int]) -> Window:
    return Window.of_size(shape[1], shape[0])
