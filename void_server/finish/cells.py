"""What a model was shown beside what it made of it, as means over cells of the picture.

A model blurs, and a plate has grain: pixel by pixel the two disagree at every edge. A mean over a
cell is a low-pass and a sample at once, it commutes with everything linear that is done to
colours, and a shot can keep all of them that it needs.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from void_server.finish import Code, Mask

DARKEST, BRIGHTEST = 0.004, 0.996
"""Codes beyond which a number counts as clipped: it tells nothing of a gain."""

Plane = npt.NDArray[np.float32]
"""(h, w) float32, one number for each cell."""


@dataclass(frozen=True)
class Cells:
    """Both pictures on cells, where they can be compared.

    Attributes:
        share: (h, w) float32: the part of a cell's pixels that can be compared, 0 to 1.
        sent: (h, w, 3) float32, code: the plate's mean over these; 0 where there are none.
        got: (h, w, 3) float32, code: the model's.
    """

    share: Plane
    sent: Code
    got: Code


def cells_of(sent: Code, got: Code, usable: Mask, *, side: int) -> Cells:
    """Compare two pictures where ``usable`` and not clipped in either.

    Args:
        sent: (H, W, 3) code.
        got: (H, W, 3) code, finite.
        usable: (H, W) bool.
        side: The most that a cell has of height and width, pixels.
    """
    inside = usable & _unclipped(sent) & _unclipped(got)
    share = reduced(inside.astype(np.float32), side=side)
    scale = np.where(share > 0, 1 / np.maximum(share, 1e-6), 0).astype(np.float32)[..., None]
    # OpenCV's masked copy takes half the time of a product with a mask.
    kept = (cv2.copyTo(part, inside.view(np.uint8)) for part in (sent, got))
    means = (reduced(part, side=side) * scale for part in kept)
    return Cells(share, *means)


def touched(mask: Mask, *, side: int) -> Mask:
    """(h, w) bool: cells that any pixel of the mask lies in."""
    found: Mask = reduced(mask.astype(np.float32), side=side) > 0
    return found


def reduced(picture: npt.NDArray[np.float32], *, side: int) -> npt.NDArray[np.float32]:
    """(h, w) or (h, w, c): means over the fewest equal cells of at most ``side`` pixels.

    Their height and width are fractions where ``side`` does not divide the picture: 20 pixels and
    a side of 8 make three cells of 6 2/3. A pixel across a bound counts for both by its parts.
    """
    height, width = picture.shape[:2]
    cells = -(-width // side), -(-height // side)
    return np.asarray(cv2.resize(picture, cells, interpolation=cv2.INTER_AREA), np.float32)


def grown(mask: Mask, cells: int) -> Mask:
    """(h, w) bool: the mask and what lies within so many cells of it, corners included."""
    kernel = np.ones((2 * cells + 1, 2 * cells + 1), np.uint8)
    return np.asarray(cv2.dilate(mask.view(np.uint8), kernel), np.bool_)


def _unclipped(picture: Code) -> Mask:
    return np.asarray(cv2.inRange(picture, (DARKEST,) * 3, (BRIGHTEST,) * 3), np.bool_)
