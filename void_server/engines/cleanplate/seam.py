"""Makes a fill meet its surroundings: the difference at the edge is spread over the inside."""

from __future__ import annotations

import cv2
import numpy as np

from void_server.engines.cleanplate import tone
from void_server.engines.engine import Mask, Rgb
from void_server.finish.membrane import membrane

RING = 12
"""Width of the ring around a hole in which fill and plate are compared, pixels."""

_CELL = 4  # pixels

_LARGEST = 0.5
"""Largest difference corrected, in `tone.compressed`: about half a stop. What differs by more is
something else, not the same thing in other light."""


def joined(fill: Rgb, around: Rgb, *, hole: Mask, ring: Mask) -> Rgb:
    """``fill`` with its low frequencies bent so that it meets ``around`` along the hole's edge.

    Differences are taken and spread in the compressed domain, so that one bright pixel at the
    edge cannot bend everything, and a fill stays positive where it was.

    Args:
        fill: (h, w, 3) scene-linear, valid in hole and ring.
        around: (h, w, 3) scene-linear, valid in the ring.
        hole: (h, w) bool, the pixels to correct.
        ring: (h, w) bool, pixels around the hole where both are valid.

    Source: the membrane of Perez et al., "Poisson image editing" (2003), in the form of Farbman et
    al., "Coordinates for instant image cloning" (2009): an offset that is harmonic inside.
    """
    if not ring.any() or not hole.any():
        return fill
    difference = np.zeros(fill.shape, np.float32)
    difference[ring] = tone.compressed(around[ring]) - tone.compressed(fill[ring])
    np.clip(difference, -_LARGEST, _LARGEST, out=difference)
    offset = membrane(difference, ring, cell=_CELL)
    corrected = fill.copy()
    corrected[hole] = tone.expanded(tone.compressed(fill[hole]) + offset[hole])
    return corrected


def ring_of(hole: Mask) -> Mask:
    """(h, w) bool: the pixels within `RING` of the hole and not in it."""
    side = 2 * RING + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return np.asarray((cv2.dilate(hole.view(np.uint8), kernel) > 0) & ~hole)
