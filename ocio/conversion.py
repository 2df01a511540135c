"""The way from one colour space to another, as fast as it can be gone."""

from __future__ import annotations

from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from ocio.curves import Spare, Values
from ocio.strips import strips

Rgb = npt.NDArray[np.float32]
"""(..., 3) float32."""

Matrix = npt.NDArray[np.float64]
"""(3, 3) float64: what R, G and B become is in its rows."""


class _Processor(Protocol):
    """What OCIO converts with."""

    def applyRGB(self, pixels: Rgb) -> None:
        """Convert in place."""
        ...


class Conversion:
    """One way between two spaces.

    Args:
        processor: OCIO's; None where there is nothing to do.
        matrix: What it comes down to, where a matrix is all there is to it: that is a tenth of
            the work of OCIO's general path.
    """

    def __init__(self, processor: _Processor | None, matrix: Matrix | None) -> None:
        self._processor, self.matrix = processor, matrix

    def apply(self, rgb: Rgb) -> Rgb:
        """Convert in place where the array allows it, and return the result.

        Args:
            rgb: (..., 3) float32.
        """
        pixels: Rgb = np.ascontiguousarray(rgb, np.float32)
        if not pixels.size:
            return pixels
        if self.matrix is not None:
            for part, into in strips(pixels, pixels, width=3):
                into[...] = self.turned(part)
        elif self._processor is not None:
            self._processor.applyRGB(pixels)
        return pixels

    def turned(self, strip: Rgb) -> Rgb:
        """One strip, (n, 3), by itself; may be the strip."""
        if self.matrix is None:
            return self.apply(strip.copy()) if self._processor else strip
        product: Rgb = cv2.transform(strip[:, None], self.matrix)[:, 0]
        return product


class CameraLog:
    """A camera's log curve, as OCIO has it, for a `ModelSpace`.

    Args:
        to_log: From scene-linear to the camera's log on the same primaries.
        to_linear: The way back.
    """

    def __init__(self, to_log: Conversion, to_linear: Conversion) -> None:
        self._to_log, self._to_linear = to_log, to_linear

    def to_code(self, values: Values, spare: Spare) -> None:
        """Scene-linear to code, in place."""
        _apply(self._to_log, values)

    def to_light(self, values: Values, spare: Spare) -> None:
        """Code to scene-linear, in place."""
        _apply(self._to_linear, values)


def _apply(conversion: Conversion, values: Values) -> None:
    """A curve for values of any shape, by a conversion that wants three at a time."""
    triples = np.zeros((-(-values.size // 3), 3), np.float32)
    triples.reshape(-1)[: values.size] = values.reshape(-1)
    values.reshape(-1)[:] = conversion.apply(triples).reshape(-1)[: values.size]
