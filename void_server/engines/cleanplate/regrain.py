"""Grain for what was invented: as strong, as soft and as alive as the plate's own."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from void_server.engines.engine import Mask, Rgb

Float = npt.NDArray[np.float32]

_BLOCK = 16
"""Side of the blocks in which grain is measured, pixels."""

_FLAT = 0.25
"""Share of blocks, the quietest for their light, that are taken for flat."""

_FEWEST = 8


@dataclass(frozen=True)
class Grain:
    """How the grain of a plate behaves.

    Attributes:
        floor: (3,) variance at no light, scene-linear squared.
        slope: (3,) variance per unit of light.
        neighbour: Correlation of a grain with the next pixel's, 0 to 0.5.
    """

    floor: npt.NDArray[np.float32]
    slope: npt.NDArray[np.float32]
    neighbour: float


def measured(plate: Rgb, background: Mask) -> Grain | None:
    """Measure grain on the flat parts of a picture; None when there are too few of them.

    Source: var = a + b Y (Foi et al., "Practical Poissonian-Gaussian noise modeling and fitting
    for single-image raw-data", 2008), with the variance of a block taken from second differences
    (Immerkaer, "Fast noise variance estimation", 1996), which are blind to slopes.
    """
    blocks = _blocks(plate, background)
    if len(blocks) < _FEWEST:
        return None
    light = blocks.mean(axis=(1, 2))
    second = np.diff(blocks, n=2, axis=1)
    variance = (1.4826 * np.median(np.abs(second), axis=(1, 2))) ** 2 / 6.0
    strength = variance.mean(axis=1) / (np.abs(light).mean(axis=1) + 0.02)
    flat = np.argsort(strength, kind="stable")[: max(int(len(blocks) * _FLAT), _FEWEST)]
    first = np.diff(blocks[flat], axis=2)
    # For noise of variance v and neighbour correlation r: E[d1^2] = 2v(1-r), E[d2^2] = v(6-8r).
    ratio = float(np.median(second[flat] ** 2) / max(float(np.median(first**2)), 1e-12))
    neighbour = float(np.clip((6 - 2 * ratio) / (8 - 2 * ratio), 0.0, 0.5)) if ratio < 3 else 0.0
    variance = variance[flat] * 6.0 / (6.0 - 8.0 * neighbour)
    fits = [_line(light[flat, c], variance[:, c]) for c in range(3)]
    floor, slope = (np.array(part, np.float32) for part in zip(*fits, strict=True))
    return Grain(floor, slope, neighbour)


def grown(light: Rgb, grain: Grain, *, seed: int, frame: int) -> Rgb:
    """(h, w, 3) ``light`` with fresh grain; the same arguments give the same bits."""
    rng = np.random.Generator(np.random.SFC64([seed, frame]))
    white = rng.standard_normal(light.shape, dtype=np.float32)
    # A kernel [k 1 k] correlates neighbours by about 2k / (1 + 2k^2).
    k = grain.neighbour / 2 if grain.neighbour < 0.1 else _tap(grain.neighbour)
    kernel = np.array([k, 1.0, k], np.float32)
    kernel /= np.sqrt((kernel**2).sum())
    soft = cv2.sepFilter2D(white, -1, kernel, kernel, borderType=cv2.BORDER_REFLECT_101)
    variance = grain.floor + grain.slope * np.maximum(light, 0.0)
    return np.asarray(light + soft * np.sqrt(variance), np.float32)


def _tap(neighbour: float) -> float:
    """k of 2k / (1 + 2k^2) = neighbour."""
    return float((1 - np.sqrt(max(1 - 2 * neighbour**2, 0.0))) / (2 * neighbour))


def _blocks(plate: Rgb, background: Mask) -> Float:
    """(N, b, b, 3) blocks that are all background and below display white."""
    height, width = (size // _BLOCK * _BLOCK for size in background.shape)
    shape = (height // _BLOCK, _BLOCK, width // _BLOCK, _BLOCK)
    tiles = plate[:height, :width].reshape(*shape, 3).swapaxes(1, 2)
    whole = background[:height, :width].reshape(shape).swapaxes(1, 2).all(axis=(2, 3))
    found = tiles[whole]
    return np.asarray(found[found.max(axis=(1, 2, 3), initial=0.0) < 1.0])


def _line(light: Float, variance: Float) -> tuple[float, float]:
    """(a, b) of var = a + b Y, neither below 0."""
    slope = float(np.median(variance / np.maximum(light, 1e-3)))
    if np.ptp(light) > 0.05:
        fitted, floor = np.polyfit(light, variance, 1)
        if fitted >= 0 and floor >= 0:
            return float(floor), float(fitted)
    return 0.0, max(slope, 0.0)
