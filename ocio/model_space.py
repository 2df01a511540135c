"""Scene-linear to what a network trained on display pictures can see, and exactly back.

::

    f(x) = sRGB(x)                               x <= 0.18
    f(x) = yK + dK * T * ln(1 + (x - 0.18) / T)  above, with f(peak) = 1

Below mid-grey the curve is sRGB's, as in the network's training; above, a logarithmic shoulder of
the same value and slope reaches 1 at the shot's peak, so that no highlight is cut. Shots that
never go beyond 1 take sRGB's curve alone. Exposure and peak belong to the shot, never to a frame:
that would flicker.

Pure arithmetic; needs no OCIO.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Rgb = npt.NDArray[np.float32]
"""(..., 3) float32."""

KNEE = 0.18
"""Mid-grey, scene-linear: where the shoulder begins."""

KNEE_CODE = 1.055 * KNEE ** (1 / 2.4) - 0.055
KNEE_SLOPE = 1.055 / 2.4 * KNEE ** (1 / 2.4 - 1)
"""sRGB's value and slope at the knee. Source: IEC 61966-2-1."""

_TOE, _TOE_SLOPE = 0.0031308, 12.92
"""Source: IEC 61966-2-1."""

HIGHEST_PEAK = 1024.0
"""Largest peak; beyond, a step of the network's output would be worth too much light."""


@dataclass(frozen=True)
class ModelSpace:
    """The curve of one shot.

    Attributes:
        exposure: Stops by which light is raised before the curve.
        peak: Scene-linear value, after exposure, that becomes 1; 1 means sRGB's curve alone.
    """

    exposure: float = 0.0
    peak: float = 1.0

    @classmethod
    def of_shot(cls, luminance: float, peak: float) -> ModelSpace:
        """The curve for what a shot holds.

        Args:
            luminance: Geometric mean of its background's luminance, scene-linear.
            peak: Its brightest component that is not a stray pixel, scene-linear.
        """
        stops = np.clip(math.log2(KNEE / max(luminance, 1e-6)), -4.0, 4.0)
        exposure = round(float(stops) * 4) / 4 if abs(stops) > 1 else 0.0
        raised = peak * 2.0**exposure
        if raised <= 1.0:
            return cls(exposure, 1.0)
        return cls(exposure, min(HIGHEST_PEAK, 2.0 ** math.ceil(math.log2(raised))))

    def encode(self, rgb: Rgb) -> Rgb:
        """Scene-linear to 0..1; beyond the peak is cut, below 0 too."""
        x = rgb.astype(np.float64) * 2.0**self.exposure
        code = _srgb(x)
        if self.peak > 1.0:
            t = self._shoulder
            over = x > KNEE
            code[over] = KNEE_CODE + KNEE_SLOPE * t * np.log1p((x[over] - KNEE) / t)
        encoded: Rgb = np.clip(code, 0.0, 1.0).astype(np.float32)
        return encoded

    def decode(self, code: Rgb) -> Rgb:
        """0..1 back to scene-linear; values outside are cut first, as the curve is steep there."""
        y = np.clip(code, 0.0, 1.0).astype(np.float64)
        x = _linear(y)
        if self.peak > 1.0:
            t = self._shoulder
            over = y > KNEE_CODE
            x[over] = KNEE + t * np.expm1((y[over] - KNEE_CODE) / (KNEE_SLOPE * t))
        light: Rgb = (x / 2.0**self.exposure).astype(np.float32)
        return light

    @property
    def _shoulder(self) -> float:
        """T: f(peak) = 1, found by bisection; f(peak) grows with T."""
        low, high = 1e-6, 1e6
        for _ in range(200):
            middle = math.sqrt(low * high)
            reached = KNEE_CODE + KNEE_SLOPE * middle * math.log1p((self.peak - KNEE) / middle)
            low, high = (middle, high) if reached < 1.0 else (low, middle)
        return math.sqrt(low * high)


def _srgb(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    curve = 1.055 * np.maximum(x, _TOE) ** (1 / 2.4) - 0.055
    code: npt.NDArray[np.float64] = np.where(x <= _TOE, x * _TOE_SLOPE, curve)
    return code


def _linear(y: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    curve = ((np.maximum(y, _TOE * _TOE_SLOPE) + 0.055) / 1.055) ** 2.4
    return np.where(y <= _TOE * _TOE_SLOPE, y / _TOE_SLOPE, curve)
