"""Sensor grain: noise that grows with light and is new in every frame."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.float32]

READ_VARIANCE = 1.0e-6
"""Variance at no light, scene-linear squared."""

SHOT_VARIANCE = 1.1e-4
"""Variance per unit of light. Source: photon counts are Poisson, so variance grows with signal."""

_SIZE = 0.45
"""Grain size: sigma in pixels at 1080 lines; demosaicing leaves grain slightly soft."""


def field(shape: tuple[int, int], *, seed: int, frame: int) -> Image:
    """(H, W, 3) float32 grain of unit variance for one frame; the same arguments, the same bits."""
    rng = np.random.Generator(np.random.SFC64([seed, frame]))
    white = rng.standard_normal((*shape, 3), dtype=np.float32)
    kernel = cv2.getGaussianKernel(3, _SIZE, cv2.CV_32F)
    # Dividing by the kernel's norm keeps the variance at one.
    kernel /= np.sqrt((kernel**2).sum())
    return np.asarray(cv2.sepFilter2D(white, -1, kernel, kernel))


def sigma(light: Image) -> Image:
    """Standard deviation of the grain at scene-linear ``light``, same shape.

    Source: the noise model var = a + b Y of a linear sensor (Foi et al., "Practical
    Poissonian-Gaussian noise modeling and fitting for single-image raw-data", 2008).
    """
    variance = np.maximum(light, 0.0) * np.float32(SHOT_VARIANCE)
    variance += np.float32(READ_VARIANCE)
    return np.asarray(cv2.sqrt(variance))


def grained(light: Image, grain: Image) -> Image:
    """``light`` with ``grain`` on it; both (H, W, 3) float32."""
    return np.asarray(cv2.add(light, cv2.multiply(sigma(light), grain)))
