"""Scene-linear to what a network trained on display pictures can see, and exactly back.

The usual curve is the shaper (`ocio.curves`): sRGB below mid-grey, as in the network's training,
and above a logarithmic shoulder that reaches 1 at the shot's peak, so that no highlight is cut.
Shots that never go beyond 1 take sRGB alone. Exposure and peak belong to the shot, never to a
frame: that would flicker.

Pure arithmetic; needs no OCIO.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from ocio.conversion import Rgb
from ocio.curves import KNEE, Acescct, Curve, Shaper, Srgb
from ocio.strips import Bench, Strip, strips

CurveName = Literal["shaper", "srgb", "acescct", "camera-log"]
"""``camera-log`` is the plate's own, so a `ModelSpace` is given it."""

HIGHEST_PEAK = 1024.0
"""Largest peak of the shaper; beyond, a step of the network would be worth too much light."""

_MOST_STOPS = 4.0
_DARKEST = 1e-6
_BRIGHTEST = 1e9


@dataclass(frozen=True)
class ModelSpace:
    """The curve of one shot.

    Attributes:
        exposure: Stops by which light is raised before the curve.
        peak: Scene-linear value, after exposure, that becomes 1. Of the shaper it may be chosen;
            there 1 means sRGB's curve alone.
        curve: Which curve.
        log: The plate's curve, for ``camera-log``.
    """

    exposure: float = 0.0
    peak: float = 1.0
    curve: CurveName = "shaper"
    log: Curve | None = field(default=None, repr=False, compare=False)

    @classmethod
    def of_shot(
        cls,
        luminance: float,
        peak: float,
        *,
        exposure: float | None = None,
        ceiling: float | None = None,
    ) -> ModelSpace:
        """The shaper for what a shot holds.

        Args:
            luminance: Geometric mean of its background's luminance, scene-linear.
            peak: Its brightest component that is not a stray pixel, scene-linear.
            exposure: Stops, to be taken as they are; None brings the luminance to mid-grey in
                steps of a quarter, and only where it is more than a stop away.
            ceiling: The curve's peak, to be taken as it is; None takes the power of two that
                holds the shot's.
        """
        if exposure is None:
            exposure = _exposure_for(luminance)
        if ceiling is None:
            raised = peak * 2.0**exposure
            ceiling = 2.0 ** math.ceil(math.log2(raised)) if raised > 1.0 else 1.0
        return cls(exposure, min(HIGHEST_PEAK, ceiling))

    @classmethod
    def of_curve(
        cls, curve: CurveName, *, exposure: float = 0.0, log: Curve | None = None
    ) -> ModelSpace:
        """A curve whose peak is its own: any but the shaper.

        Args:
            curve: Which.
            exposure: Stops; none unless asked for, so that the numbers are the standard's.
            log: The plate's curve, for ``camera-log``.
        """
        top = cls(curve=curve, log=log).decode(np.ones(1, np.float32))[0]
        return cls(exposure, float(f"{top:.6g}"), curve, log)

    def encode(self, light: Rgb) -> Rgb:
        """Scene-linear to 0..1; beyond the peak is cut, below 0 too.

        Args:
            light: Any shape, float32. NaN counts as 0, Inf as very bright.

        Returns:
            Of the same shape, C-contiguous, finite.
        """
        code = np.empty(light.shape, np.float32)
        bench = Bench()
        for part, into in strips(light, code, width=1):
            self.encode_into(part, into, bench)
        return code

    def decode(self, code: Rgb) -> Rgb:
        """0..1 back to scene-linear; values outside are cut first, as the curve is steep there.

        Args:
            code: Any shape, float32. NaN counts as 0.

        Returns:
            Of the same shape, C-contiguous, finite.
        """
        light = np.empty(code.shape, np.float32)
        bench = Bench()
        for part, into in strips(code, light, width=1):
            self.decode_into(part, into, bench)
        return light

    def encode_into(self, light: Strip, code: Strip, bench: Bench) -> None:
        """`encode` for one strip."""
        values, *spare = bench.like(light)
        np.multiply(tamed(light), 2.0**self.exposure, out=values)
        self._law.to_code(values, spare)
        np.copyto(code, values, casting="same_kind")
        np.clip(code, 0.0, 1.0, out=code)

    def decode_into(self, code: Strip, light: Strip, bench: Bench) -> None:
        """`decode` for one strip."""
        values, *spare = bench.like(code)
        np.fmin(np.fmax(code, 0.0, out=values), 1.0, out=values)
        self._law.to_light(values, spare)
        np.multiply(values, 2.0**-self.exposure, out=light, casting="same_kind")

    @property
    def _law(self) -> Curve:
        if self.curve == "camera-log":
            if self.log is None:
                raise ValueError("camera-log is the plate's own curve: pass it as log")
            return self.log
        if self.curve == "acescct":
            return Acescct()
        return Shaper(self.peak) if self.curve == "shaper" and self.peak > 1.0 else Srgb()


def tamed(light: Strip) -> Strip:
    """The strip itself if all of it can be reckoned with, else a copy: NaN as 0, within +-1e9."""
    # With a NaN in it, either end is NaN and within nothing.
    if light.min() >= -_BRIGHTEST and light.max() <= _BRIGHTEST:
        return light
    return np.clip(np.nan_to_num(light, nan=0.0), -_BRIGHTEST, _BRIGHTEST)


def _exposure_for(luminance: float) -> float:
    stops = math.log2(KNEE / max(luminance, _DARKEST))
    stops = min(_MOST_STOPS, max(-_MOST_STOPS, stops))
    return round(stops * 4) / 4 if abs(stops) > 1 else 0.0
