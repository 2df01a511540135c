"""The smoothest surface through values that are known only around a hole."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from void_server.finish import Mask

Float = npt.NDArray[np.float32]

_ALONG = 2.0  # sigma of the smoothing of what is known, cells
_SWEEPS = 12  # Jacobi sweeps per level; each level starts close to its solution


def membrane(values: Float, known: Mask, *, cell: int) -> Float:
    """(h, w, c) float32: harmonic where not ``known``, the smoothed ``values`` where known.

    Solved on cells: it is smooth, and a cell averages noise.

    Args:
        values: (h, w, c) float32, 0 where not known.
        known: (h, w) bool, at least one True.
        cell: Side of a cell, pixels.
    """
    height, width = known.shape
    cells = (-(-width // cell), -(-height // cell))
    share = cv2.resize(known.astype(np.float32), cells, interpolation=cv2.INTER_AREA)
    total = cv2.resize(values, cells, interpolation=cv2.INTER_AREA)
    held = share > 0
    share, total = (cv2.GaussianBlur(part, (0, 0), _ALONG) for part in (share, total))
    total = total.reshape(*share.shape, -1)  # OpenCV drops a channel axis of one
    surface = harmonic(total / np.maximum(share, 1e-6)[..., None], held)
    grown = cv2.resize(surface, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(grown, np.float32).reshape(values.shape)


def harmonic(values: Float, known: Mask) -> Float:
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
        surface = np.where(known[..., None], values, mean.reshape(values.shape))
    return surface


def _from_above(values: Float, known: Mask) -> Float:
    """The solution of the problem at half the size, at this size."""
    height, width = known.shape
    half = ((width + 1) // 2, (height + 1) // 2)
    share = cv2.resize(known.astype(np.float32), half, interpolation=cv2.INTER_AREA)
    total = cv2.resize(values, half, interpolation=cv2.INTER_AREA).reshape(*share.shape, -1)
    coarse = harmonic(total / np.maximum(share, 1e-6)[..., None], share > 0)
    fine = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(fine, np.float32).reshape(values.shape)
