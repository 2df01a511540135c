"""The curves between scene-linear light and a model's numbers, unclamped, in double precision.

::

    sRGB     12.92 x                                 x <= 0.0031308, odd below 0
             1.055 x^(1/2.4) - 0.055                 above
    shaper   sRGB(x)                                 x <= K = 0.18
             sRGB(K) + sRGB'(K) T ln(1 + (x - K)/T)  above, T such that the peak becomes 1
    ACEScct  10.5402377416545 x + 0.0729055341958355  x <= 2^-7
             (log2(x) + 9.72) / 17.52                 above

Where a curve has two branches both are computed, each on light limited to its own side, and added
up: that is several times faster than choosing pixel by pixel. Double precision, since near the
peak of 1024 an error of one unit in the last place of single precision is worth 1e-6 of the light.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]
"""(n, k) float64, C-contiguous, finite."""

Spare = Sequence[Values]
"""Two arrays of the same shape whose contents nobody needs."""

_TOE, _TOE_SLOPE, _TOE_CODE = 0.0031308, 12.92, 0.0031308 * 12.92
"""Source: IEC 61966-2-1."""

_OFFSET = 1.055 * _TOE ** (1 / 2.4) - _TOE_CODE
"""The standard says 0.055, with which the two branches miss each other by 3e-8."""

KNEE = 0.18
"""Mid-grey, scene-linear: where the shoulder begins."""

KNEE_CODE = 1.055 * KNEE ** (1 / 2.4) - _OFFSET
KNEE_SLOPE = 1.055 / 2.4 * KNEE ** (1 / 2.4 - 1)
"""sRGB's value and slope at the knee."""

_CCT_BREAK, _CCT_SLOPE, _CCT_OFFSET = 2.0**-7, 10.5402377416545, 0.0729055341958355
_CCT_BREAK_CODE = _CCT_SLOPE * _CCT_BREAK + _CCT_OFFSET
"""Source: AMPAS S-2016-001, ACEScct."""


class Curve(Protocol):
    """One value in, one value out; both ways, without limits, in place.

    Fresh memory costs more than the arithmetic, so each call is lent two arrays to work in.
    """

    def to_code(self, values: Values, spare: Spare) -> None:
        """Scene-linear to code."""
        ...

    def to_light(self, values: Values, spare: Spare) -> None:
        """Code to scene-linear."""
        ...


class Srgb:
    """The curve that display pictures are stored with."""

    def to_code(self, values: Values, spare: Spare) -> None:
        """Scene-linear to code."""
        power = spare[0]
        np.maximum(values, _TOE, out=power)
        cv2.pow(power, 1 / 2.4, power)
        np.minimum(values, _TOE, out=values)
        cv2.scaleAdd(values, _TOE_SLOPE / 1.055, power, values)
        values *= 1.055
        values -= _OFFSET + _TOE_CODE

    def to_light(self, values: Values, spare: Spare) -> None:
        """Code to scene-linear."""
        power = spare[0]
        np.maximum(values, _TOE_CODE, out=power)
        power += _OFFSET
        power *= 1 / 1.055
        cv2.pow(power, 2.4, power)
        np.minimum(values, _TOE_CODE, out=values)
        cv2.scaleAdd(values, 1 / _TOE_SLOPE, power, values)
        values -= _TOE


@dataclass(frozen=True)
class Shaper:
    """sRGB below mid-grey, a logarithmic shoulder of the same value and slope above.

    Attributes:
        peak: Scene-linear value that becomes 1, above 1.
    """

    peak: float

    def to_code(self, values: Values, spare: Spare) -> None:
        """Scene-linear to code."""
        width = _shoulder_width(self.peak)
        above = spare[1]
        np.maximum(values, KNEE, out=above)
        above *= 1 / width
        above += 1 - KNEE / width
        cv2.log(above, above)
        np.minimum(values, KNEE, out=values)
        Srgb().to_code(values, spare)
        cv2.scaleAdd(above, width * KNEE_SLOPE, values, values)

    def to_light(self, values: Values, spare: Spare) -> None:
        """Code to scene-linear."""
        width = _shoulder_width(self.peak)
        above = spare[1]
        np.maximum(values, KNEE_CODE, out=above)
        above -= KNEE_CODE
        above *= 1 / (width * KNEE_SLOPE)
        cv2.exp(above, above)
        np.minimum(values, KNEE_CODE, out=values)
        Srgb().to_light(values, spare)
        cv2.scaleAdd(above, width, values, values)
        values -= width


class Acescct:
    """The curve of ACEScct, meant for light on AP1 primaries."""

    def to_code(self, values: Values, spare: Spare) -> None:
        """Scene-linear to code."""
        above = spare[0]
        np.maximum(values, _CCT_BREAK, out=above)
        cv2.log(above, above)
        np.minimum(values, _CCT_BREAK, out=values)
        values *= _CCT_SLOPE
        cv2.scaleAdd(above, 1 / (17.52 * math.log(2)), values, values)
        # The logarithm of a value at or below the break is -7 stops, which the branch below has.
        values += _CCT_OFFSET + 7 / 17.52

    def to_light(self, values: Values, spare: Spare) -> None:
        """Code to scene-linear."""
        above = spare[0]
        np.maximum(values, _CCT_BREAK_CODE, out=above)
        above *= 17.52 * math.log(2)
        above -= 9.72 * math.log(2)
        cv2.exp(above, above)
        np.minimum(values, _CCT_BREAK_CODE, out=values)
        values -= _CCT_OFFSET
        cv2.scaleAdd(values, 1 / _CCT_SLOPE, above, values)
        values -= _CCT_BREAK


@functools.cache
def _shoulder_width(peak: float) -> float:
    """T: the peak becomes 1, found by bisection; the code of the peak grows with T."""
    low, high = 1e-6, 1e6
    for _ in range(200):
        middle = math.sqrt(low * high)
        reached = KNEE_CODE + KNEE_SLOPE * middle * math.log1p((peak - KNEE) / middle)
        low, high = (middle, high) if reached < 1.0 else (low, middle)
    return math.sqrt(low * high)
