"""Plates under grain whose strength, softness and channels are known."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

TERMS = np.array([2e-5, 6e-4, 1e-4], np.float32)
MIX = np.array([[1, 0, 0], [0.5, 0.87, 0], [0.3, 0.3, 0.9]], np.float32)
MIX /= np.linalg.norm(MIX, axis=1, keepdims=True)


class Film:
    """Grain with var = a + bY + cY^2 in each channel, soft, and partly shared by the channels."""

    channels = MIX @ MIX.T

    def __init__(self, softness: float = 0.7) -> None:
        kernel = cv2.getGaussianKernel(9, softness, cv2.CV_32F)
        self._kernel = kernel / np.sqrt((kernel**2).sum())

    def sigma(self, light: np.ndarray | float) -> np.ndarray:
        a, b, c = TERMS
        y = np.maximum(light, 0)
        return np.sqrt(a + b * y + c * y * y)

    def field(self, shape: tuple[int, int], seed: int) -> np.ndarray:
        white = np.random.default_rng(seed).standard_normal((*shape, 3), dtype=np.float32)
        return cv2.sepFilter2D(white, -1, self._kernel, self._kernel) @ MIX.T

    def on(self, light: np.ndarray, seed: int) -> np.ndarray:
        grain = self.field(light.shape[:2], seed)
        return (light + self.sigma(light) * grain).astype(np.float32)


@pytest.fixture(scope="session")
def film() -> Callable[..., Film]:
    return Film


@pytest.fixture(scope="session")
def ramp() -> Callable[..., np.ndarray]:
    """Makes an even (h, w, 3) picture from dark at the left to bright at the right."""

    def make(height: int = 240, width: int = 384) -> np.ndarray:
        line = np.linspace(0.02, 0.6, width, dtype=np.float32)
        return np.broadcast_to(line[None, :, None] * (1, 0.8, 0.6), (height, width, 3)).astype("f4")

    return make


@pytest.fixture(scope="session")
def texture() -> Callable[..., np.ndarray]:
    """Makes an (h, w, 3) picture with nothing even in it, which can be asked for from anywhere."""

    def make(height: int, width: int, *, left: float = 0.0) -> np.ndarray:
        rng = np.random.default_rng(5)
        total = np.zeros((height, width + 64), np.float32)
        for cell in (24, 8, 4):
            grid = rng.uniform(-1, 1, (height // cell + 2, width // cell + 20)).astype(np.float32)
            total += cv2.resize(grid, total.shape[::-1], interpolation=cv2.INTER_CUBIC)
        move = np.array([[1, 0, left], [0, 1, 0]], np.float32)
        flags = cv2.INTER_LANCZOS4 | cv2.WARP_INVERSE_MAP
        seen = cv2.warpAffine(total, move, (width, height), flags=flags)
        light = 0.25 + 0.06 * seen
        return np.stack([light, 0.8 * light, 0.6 * light], axis=-1).astype(np.float32)

    return make
