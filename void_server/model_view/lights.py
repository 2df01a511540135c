"""What a shot's exposure, peak and primaries are taken from, gathered over all of its frames.

Everything is counted in whole numbers, so that frames may come in any order and the outcome has the
same bits.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ocio.conversion import Rgb
from ocio.curves import KNEE
from void_server.model_view.primaries import Primaries, ways
from void_server.plate import PlateColor

LUMINANCE = (0.2126, 0.7152, 0.0722)
"""Of linear Rec.709. Source: ITU-R BT.709."""

STRAY = 0.0005
"""Share of a shot's pixels that may be brighter than its peak: stray ones."""

_NO_FIREFLY = 4
"""Pixels of the sample that are no firefly any more."""

OUTSIDE = -0.01
"""A component below it is a colour that the primaries cannot show; above, it may be noise."""

_DARKEST, _BRIGHTEST, _PER_STOP = -16, 20, 32
_GUARD = 1e-6
_FINENESS = 1 << 16
"""Of a stop, in which logarithms are added up."""

_SAME = 0.001
"""Share by which light may be above an edge of the histogram and still count as below: white
stays at 1 though it came through a matrix or half floats."""


class Lights:
    """Gathers light.

    Args:
        plate: The colour of what is added.
        subject: How messages name the plate.

    Raises:
        RequestError: Nobody knows the plate's colour.
    """

    def __init__(self, plate: PlateColor, *, subject: str = "plate") -> None:
        self._ways = {name: ways(plate, name, subject=subject)[0] for name in _WORKING}
        self._counts = {name: np.zeros(_BINS, np.int64) for name in _WORKING}
        self._logs = self._lit = 0
        self._outside = 0

    def add(self, rgb: Rgb, keep: npt.NDArray[np.bool_]) -> None:
        """Take in a frame, or a sample of it.

        Args:
            rgb: (h, w, 3) float32, in the plate's scene-linear space. What is not finite is
                left out.
            keep: (h, w) bool, where the background is to be seen. Exposure is taken from there;
                the peak from everywhere, as what is in the way must not be cut either.
        """
        finite = np.logical_and.reduce([np.isfinite(rgb[..., i]) for i in range(3)])
        pixels, kept = np.clip(rgb[finite], -1e9, 1e9), keep[finite]
        if not len(pixels):
            return
        light = {name: way.apply(pixels.copy()) for name, way in self._ways.items()}
        for name, values in light.items():
            top = np.maximum.reduce(_channels(values))
            self._counts[name] += np.bincount(_bins(top), minlength=_BINS)
        self._count_luminance(light["rec709"][kept])
        lowest = {name: np.minimum.reduce(_channels(values)) for name, values in light.items()}
        helped = (lowest["rec709"] < OUTSIDE) & (lowest["ap1"] >= OUTSIDE)
        self._outside += int(np.count_nonzero(helped))

    @property
    def luminance(self) -> float:
        """Geometric mean of the background's luminance; mid-grey if there was no light at all.

        Pixels without light are left out: black bars would make any shot a dark one.
        """
        return float(2.0 ** (self._logs / self._lit / _FINENESS)) if self._lit else KNEE

    def peak(self, primaries: Primaries) -> float:
        """The brightest component that is not a stray pixel's."""
        counts = self._counts[_working(primaries)]
        brighter = counts[::-1].cumsum()[::-1]
        above = np.flatnonzero(brighter > STRAY * brighter[0])
        top = int(above[-1]) if above.size else 0
        return float(2.0 ** (top / _PER_STOP + _DARKEST))

    def highest(self, primaries: Primaries) -> float:
        """The brightest component that more than a single stray pixel of the sample has."""
        counts = self._counts[_working(primaries)]
        above = np.flatnonzero(counts[::-1].cumsum()[::-1] >= _NO_FIREFLY)
        top = int(above[-1]) if above.size else 0
        return float(2.0 ** (top / _PER_STOP + _DARKEST))

    @property
    def outside(self) -> float:
        """Share of pixels whose colour AP1 can show and Rec.709 cannot, 0 to 1."""
        total = int(self._counts["rec709"].sum())
        return self._outside / total if total else 0.0

    def _count_luminance(self, rgb: Rgb) -> None:
        """Add the logarithms of (n, 3) linear Rec.709."""
        weights = zip(_channels(rgb), LUMINANCE, strict=True)
        red, green, blue = (channel.astype(np.float64) * weight for channel, weight in weights)
        luminance = red + green + blue
        lit = np.maximum(luminance[luminance > 0], _GUARD)
        self._logs += int(np.rint(np.log2(lit) * _FINENESS).astype(np.int64).sum())
        self._lit += len(lit)


_WORKING: tuple[Primaries, ...] = ("rec709", "ap1")
_BINS = (_BRIGHTEST - _DARKEST) * _PER_STOP + 1


def _channels(rgb: Rgb) -> list[npt.NDArray[np.float32]]:
    """Of (n, 3). To go through them one by one is ten times faster than along the last axis."""
    return [np.ascontiguousarray(rgb[:, i]) for i in range(3)]


def _working(primaries: Primaries) -> Primaries:
    """Where the plate's own primaries are wanted, AP1 are the nearest that are counted."""
    return "ap1" if primaries == "plate" else primaries


def _bins(light: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    """Which bin each value is in; bin k ends at 2^(k / 32 - 16)."""
    stops = np.log2(np.maximum(light, 2.0**_DARKEST).astype(np.float64) / (1 + _SAME))
    bins: npt.NDArray[np.float64] = np.ceil((stops - _DARKEST) * _PER_STOP)
    return np.clip(bins, 0, _BINS - 1).astype(np.int64)
