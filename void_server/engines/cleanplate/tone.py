"""Two compressive curves: one in which light differences compare fairly, one to look with.

Scene-linear values run from below 0 to far above 1. Compared as they are, one lamp would outweigh
a whole wall; so differences are taken, smoothed and spread in a compressed domain, and only real
samples are ever taken in scene-linear.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float32]

_KNEE = np.float32(0.05)
"""Scene-linear value around which `compressed` turns from linear to logarithmic: 2 stops under
mid-grey, where grain begins to outweigh ratios."""

LUMA = np.array([[0.272, 0.674, 0.054]], np.float32)
"""Weights of R, G, B in Y for AP1 primaries; near enough for any other. Source: ACES S-2014-004."""


def compressed(light: Float) -> Float:
    """asinh(light / knee): linear about 0, logarithmic above, odd; any shape."""
    return np.asarray(np.arcsinh(light / _KNEE), np.float32)


def expanded(code: Float) -> Float:
    """The inverse of `compressed`."""
    return np.asarray(np.sinh(code) * _KNEE, np.float32)


def luma(rgb: Float) -> Float:
    """(H, W) Y of an (H, W, 3) scene-linear picture."""
    return np.asarray(cv2.transform(rgb, LUMA), np.float32).reshape(rgb.shape[:2])


def visible(light: Float, *, key: float) -> npt.NDArray[np.uint8]:
    """(H, W) uint8 picture of luma that tracks well: mid-tones spread, highlights kept below 255.

    Source: Y / (Y + key), the global operator of Reinhard et al., "Photographic tone reproduction
    for digital images" (2002), with ``key`` at half of the output.
    """
    positive = np.maximum(light, 0.0)
    return np.asarray(positive * 255.0 / (positive + np.float32(key)) + 0.5, np.uint8)
