"""How strong grain is at which light."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from void_server.finish.grain.blocks import Float

Wide = npt.NDArray[np.float64]
"""float64 of any shape."""

_NEAR = 0.7
"""Log ratio of a block's variance to the curve at which it has lost all its weight: a factor of 2.
"""

_SWEEPS = 8
_BINS = 8

_STARTS = (10.0, 30.0, 50.0)
"""Percentiles of the variances of like light from which a fit starts. The lowest first: texture
only adds. The others are for video, of which a codec has stilled some blocks and not others."""

_HELD = 0.5
"""Share of the blocks that must lie on a curve for it to be taken before the next is tried."""

_NARROW = 1.5
"""Ratio of the brightest to the darkest light measured below which no curve is fitted."""

_SIMPLER = 0.02
"""How much worse a simpler curve may fit and still be taken, for each term that it lacks."""

_STRONGER = 2.8
"""Log ratio of a block's variance to the curve, a factor of 16, at which a single channel has too
much for the block to be grain: in the spectrum it would outweigh as many others."""

_BEYOND = 2.0
"""How far beyond the brightest light measured the curve is trusted: a stop."""


@dataclass(frozen=True)
class Response:
    """Variance of grain, channel by channel: a + b Y + c Y^2 of the channel's own light Y.

    Attributes:
        terms: (3, 3) float32, each channel's a, b and c; none is negative. All are 0 in a
            channel without grain.
        brightest: (3,) float32, the light up to which the curve is followed; beyond, the variance
            stays what it is there, and below zero light it is that of none.

    Source: a + bY for a linear sensor (Foi et al., "Practical Poissonian-Gaussian noise modeling
    and fitting for single-image raw-data", 2008); cY^2 for film, for gain that differs from
    pixel to pixel, and for what a display curve makes of constant noise.
    """

    terms: Float
    brightest: Float

    def variance(self, light: Float) -> Float:
        """(..., 3) float32 variance at ``light`` (..., 3), scene-linear squared."""
        y = np.clip(light, np.float32(0), self.brightest)
        a, b, c = self.terms.T
        variance = c * y
        variance += b
        variance *= y
        variance += a
        return np.asarray(variance, np.float32)

    def scaled(self, factor: Float) -> Response:
        """The same with each channel's variance multiplied by ``factor`` (3,)."""
        return Response((self.terms * factor[:, None]).astype(np.float32), self.brightest)

    def among(self, grainy: npt.NDArray[np.bool_]) -> Response:
        """The same for three channels: those of ``grainy`` (3,) in order, the others without."""
        terms, brightest = np.zeros((3, 3), np.float32), np.zeros(3, np.float32)
        terms[grainy], brightest[grainy] = self.terms, self.brightest
        return Response(terms, brightest)


def fitted(light: Float, variance: Float) -> Response:
    """The curves nearest to the bulk of the blocks; what has texture is passed over.

    Args:
        light: (N, C) mean light of blocks, in the channels that have grain.
        variance: (N, C) their variance, above 0.
    """
    y, v = np.maximum(light, 0.0).astype(np.float64), variance.astype(np.float64)
    channels = range(y.shape[1])
    best, most = np.zeros((len(channels), 3)), -1.0
    for start in _STARTS:
        terms = [_curve(y[:, c], v[:, c], start) for c in channels]
        held = min(float(np.mean(_weight(terms[c], y[:, c], v[:, c]) > 0)) for c in channels)
        if held > most:
            best, most = np.array(terms), held
        if held >= _HELD:
            break
    brightest = _BEYOND * np.percentile(y, 99, axis=0)
    return Response(best.astype(np.float32), brightest.astype(np.float32))


def near(response: Response, light: Float, variance: Float) -> npt.NDArray[np.bool_]:
    """(N,) bool: blocks on the curve in two channels at least, or in the only one.

    In the third they may be weaker, not much stronger, and the curve must be above 0 there.
    """
    expected = response.variance(light)
    ratio = _log_ratio(variance, expected)
    held = (np.abs(ratio) < _NEAR).sum(axis=1) >= min(2, ratio.shape[1])
    return np.asarray(held & ((expected > 0) & (ratio < _STRONGER)).all(axis=1))


def _log_ratio(variance: npt.ArrayLike, expected: npt.ArrayLike) -> Wide:
    tiny = np.finfo(np.float32).tiny
    return np.asarray(np.log(np.maximum(variance, tiny)) - np.log(np.maximum(expected, tiny)))


def _curve(light: Wide, variance: Wide, start: float) -> Wide:
    """(3,) a, b, c nearest to most of what is near a percentile of the variances of like light."""
    terms = _best(*_bins(light, variance, start))
    for _ in range(_SWEEPS):
        weight = _weight(terms, light, variance)
        if np.count_nonzero(weight) < 3:
            break
        # Grain's variance scatters in proportion to itself, so its square divides.
        terms = _best(light, variance, weight / np.maximum(_at(terms, light), 1e-30) ** 2)
    return terms


def _weight(terms: Wide, light: Wide, variance: Wide) -> Wide:
    """Tukey's biweight of the distance from the curve."""
    far = _log_ratio(variance, _at(terms, light)) / _NEAR
    return np.asarray(np.maximum(1 - far**2, 0.0) ** 2)


def _bins(light: Wide, variance: Wide, percentile: float) -> tuple[Wide, Wide, Wide]:
    """Where to start: light and a percentile of the variance of like blocks, and their weights."""
    order = np.argsort(light, kind="stable")
    parts = np.array_split(order, min(_BINS, len(order)))
    y = np.array([np.median(light[part]) for part in parts])
    v = np.array([np.percentile(variance[part], percentile) for part in parts])
    return y, v, 1 / np.maximum(v, 1e-30) ** 2


def _best(light: Wide, variance: Wide, weight: Wide) -> Wide:
    """(3,) the simplest curve without a negative term that fits as well as any, near enough.

    The seven choices of terms are tried: with three unknowns that is exact and quick.
    """
    held = light[weight > 0]
    # One light tells nothing of others: a sensor's slope is the safest guess, none at black.
    narrow = held.min() > 0 and held.max() < _NARROW * held.min()
    wanted = ((1,),) if narrow else _CHOICES
    best, least = np.array([float(np.average(variance, weights=weight)), 0.0, 0.0]), np.inf
    for columns in wanted:
        powers = np.stack([light**power for power in columns], axis=1)
        found = np.linalg.lstsq(
            powers * np.sqrt(weight)[:, None], variance * np.sqrt(weight), rcond=None
        )[0]
        apart = float((weight * (powers @ found - variance) ** 2).sum())
        apart *= 1 + _SIMPLER * len(columns)
        if (found >= 0).all() and apart < least:
            least, best = apart, np.zeros(3)
            best[list(columns)] = found
    return best


_CHOICES = tuple(columns for count in (1, 2, 3) for columns in combinations(range(3), count))


def _at(terms: Wide, light: Wide) -> Wide:
    return np.asarray(terms[0] + light * (terms[1] + light * terms[2]))
