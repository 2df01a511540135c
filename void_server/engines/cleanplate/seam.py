"""Makes a fill meet its surroundings: the difference at the edge is spread over the inside."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from void_server.engines.cleanplate import tone
from void_server.engines.engine import Mask, Rgb

Float = npt.NDArray[np.float32]

RING = 12
"""Width of the ring around a hole in which fill and plate are compared, pixels."""

_CELL = 4
"""The membrane is solved on cells of this many pixels; it is smooth, and a cell averages grain."""

_LARGEST = 0.5
"""Largest difference corrected, in `tone.compressed`: about half a stop. What differs by more is
something else, not the same thing in other light."""

_ALONG = 2.0  # sigma of the smoothing of the differences, cells
_SWEEPS = 12  # Jacobi sweeps per level; each level starts close to its solution


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
    offset = _membrane(difference, ring)
    corrected = fill.copy()
    corrected[hole] = tone.expanded(tone.compressed(fill[hole]) + offset[hole])
    return corrected


def ring_of(hole: Mask) -> Mask:
    """(h, w) bool: the pixels within `RING` of the hole and not in it."""
    side = 2 * RING + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return np.asarray((cv2.dilate(hole.view(np.uint8), kernel) > 0) & ~hole)


def _membrane(difference: Float, ring: Mask) -> Float:
    """(h, w, 3) the smoothest surface through the ring's differences."""
    height, width = ring.shape
    cells = (-(-width // _CELL), -(-height // _CELL))
    share = cv2.resize(ring.astype(np.float32), cells, interpolation=cv2.INTER_AREA)
    total = cv2.resize(difference, cells, interpolation=cv2.INTER_AREA)
    known = share > 0
    # Along the ring a little smoothing, so that grain at the edge is not drawn into the hole.
    share, total = (cv2.GaussianBlur(part, (0, 0), _ALONG) for part in (share, total))
    surface = _harmonic(total / np.maximum(share, 1e-6)[..., None], known)
    return np.asarray(cv2.resize(surface, (width, height), interpolation=cv2.INTER_LINEAR))


def _harmonic(values: Float, known: Mask) -> Float:
    """Solve Laplace's equation with ``values`` held where ``known``; free at the picture's edge.

    Coarse to fine: each level starts from the one above it, so a few Jacobi sweeps do.
    """
    values = values * known[..., None]
    if min(known.shape) <= 2 or known.all():
        mean = values.sum(axis=(0, 1)) / max(np.count_nonzero(known), 1)
        start = np.broadcast_to(mean.astype(np.float32), values.shape)
    else:
        start = _from_above(values, known)
    surface = np.where(known[..., None], values, start).astype(np.float32)
    kernel = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], np.float32) / 4
    for _ in range(_SWEEPS):
        mean = cv2.filter2D(surface, -1, kernel, borderType=cv2.BORDER_REPLICATE)
        surface = np.where(known[..., None], values, mean)
    return surface


def _from_above(values: Float, known: Mask) -> Float:
    """The solution of the problem at half the size, at this size."""
    height, width = known.shape
    half = ((width + 1) // 2, (height + 1) // 2)
    share = cv2.resize(known.astype(np.float32), half, interpolation=cv2.INTER_AREA)
    total = cv2.resize(values, half, interpolation=cv2.INTER_AREA)
    coarse = _harmonic(total / np.maximum(share, 1e-6)[..., None], share > 0)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR))
