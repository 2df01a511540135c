"""Grain for what was invented: as strong, as soft and as alive as the plate's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from void_server.engines.engine import Mask, Rgb

Float = npt.NDArray[np.floating[Any]]

_BLOCK = 16
"""Side of the blocks in which grain is measured, pixels."""

_FEWEST = 8
"""Blocks without which nothing is measured."""

_MOST_ALIKE = 0.35
"""Correlation of neighbours above which it is not grain that was measured."""


@dataclass(frozen=True)
class Grain:
    """How the grain of a plate behaves.

    Attributes:
        floor: (3,) float32, variance at no light, scene-linear squared.
        slope: (3,) float32, variance per unit of light.
        neighbour: Correlation of a grain with the next pixel's.
    """

    floor: npt.NDArray[np.float32]
    slope: npt.NDArray[np.float32]
    neighbour: float


def measured(ours: Rgb, theirs: Rgb, common: Mask) -> Grain | None:
    """Measure grain as what differs between two aligned frames of the same background.

    The background cancels, however textured it is; of two grains a half each remains. The median
    over blocks passes over what moves.

    Args:
        ours: (h, w, 3) scene-linear.
        theirs: (h, w, 3) another frame in the same place.
        common: (h, w) bool, where both show background.

    Returns:
        The grain, or None when there is too little to measure.

    Source: var = a + b Y (Foi et al., "Practical Poissonian-Gaussian noise modeling and fitting
    for single-image raw-data", 2008).
    """
    light = _blocks(0.5 * (ours + theirs), common)
    apart = _blocks((ours - theirs) * np.float32(np.sqrt(0.5)), common)
    usable = (light.max(axis=(1, 2, 3), initial=0.0) < 1.0).nonzero()[0]
    if usable.size < _FEWEST:
        return None
    apart = apart[usable] - apart[usable].mean(axis=(1, 2), keepdims=True)
    mean, variance = light[usable].mean(axis=(1, 2)), apart.var(axis=(1, 2))
    fits = [_line(mean[:, c], variance[:, c]) for c in range(3)]
    floor, slope = (np.array(part, np.float32) for part in zip(*fits, strict=True))
    alike = (apart[:, :, 1:] * apart[:, :, :-1]).mean(axis=(1, 2, 3))
    neighbour = float(np.median(alike / np.maximum(variance.mean(axis=1), 1e-12)))
    return Grain(floor, slope, float(np.clip(neighbour, 0.0, _MOST_ALIKE)))


def grown(light: Rgb, grain: Grain, *, seed: int, frame: int) -> Rgb:
    """(h, w, 3) ``light`` with fresh grain; the same arguments give the same bits."""
    rng = np.random.Generator(np.random.SFC64([seed, frame]))
    white = rng.standard_normal(light.shape, dtype=np.float32)
    tap = _tap(grain.neighbour)
    kernel = np.array([tap, 1.0, tap], np.float32)
    kernel /= np.sqrt((kernel**2).sum())
    soft = cv2.sepFilter2D(white, -1, kernel, kernel, borderType=cv2.BORDER_REFLECT_101)
    variance = grain.floor + grain.slope * np.maximum(light, 0.0)
    return np.asarray(light + soft.reshape(light.shape) * np.sqrt(variance), np.float32)


def _tap(neighbour: float) -> float:
    """Outer tap k of a kernel [k 1 k] that correlates neighbours by 2k / (1 + 2k^2)."""
    if neighbour < 1e-3:
        return 0.0
    return float((1 - np.sqrt(max(1 - 2 * neighbour**2, 0.0))) / (2 * neighbour))


def _blocks(picture: Rgb, mask: Mask) -> Rgb:
    """(N, b, b, 3) the blocks that lie within the mask as a whole."""
    height, width = (size // _BLOCK * _BLOCK for size in mask.shape)
    shape = (height // _BLOCK, _BLOCK, width // _BLOCK, _BLOCK)
    tiles = picture[:height, :width].reshape(*shape, 3).swapaxes(1, 2)
    whole = mask[:height, :width].reshape(shape).swapaxes(1, 2).all(axis=(2, 3))
    return np.asarray(tiles[whole])


def _line(light: Float, variance: Float) -> tuple[float, float]:
    """(a, b) of var = a + b Y through the medians of the darker and of the lighter half."""
    order = np.argsort(light, kind="stable")
    dark, bright = order[: order.size // 2], order[order.size // 2 :]
    x0, x1 = float(np.median(light[dark])), float(np.median(light[bright]))
    y0, y1 = float(np.median(variance[dark])), float(np.median(variance[bright]))
    if x1 - x0 > 0.02:
        slope = max((y1 - y0) / (x1 - x0), 0.0)
        return max(y0 - slope * x0, 0.0), slope
    return 0.5 * (y0 + y1), 0.0
