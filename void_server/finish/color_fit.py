"""The one colour change that a model made to a whole shot, and its inverse.

::

    sent = g * got + o + a * second' + b * third'

for each channel. ``second'`` and ``third'`` are the differences between the other two channels and
this one, less what of them follows from this one: the twelve numbers of a 3 x 4 matrix, written so
that what the shot cannot tell stays out of it. A grey shot says nothing of such differences, so no
turn of colours is made up; a flat one hardly tells gain from offset. Each number is drawn towards
"no change" by a weight that only evidence overcomes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from void_server.finish import Code

Freedom = Literal["3x4", "gain and offset", "gain", "none"]
"""What a shot could tell of its colour change."""

LEAST_PAIRS = 48
"""Fewer pairs than that say nothing."""

_LEAST_EVIDENCE = 0.005
"""Spread, in code, at which a shot's own evidence and "no change" weigh the same, at least: what
8-bit rounding and a little grain leave in a mean over a cell."""

_EVIDENCE = 3.0
"""The same as a multiple of what the fit leaves: a spread that is no larger than the disagreement
between the two pictures is grain, and a regression on grain tends to a gain of 0."""

_OFFSET_TO_GAIN = 0.3
"""How large an offset is as likely as a gain of 2: a lifted black of .03 beside a gain of 1.1.
Source: the range of both in the field's measurements of VAE round trips, .03 and 10 %."""

_ROUNDS = 6
_LEAST_SCALE = 2.4e-3  # code; below it, disagreement is rounding
_CAUCHY = 2.4  # times the scale: what counts half
_TINY = 1e-9

Matrix = npt.NDArray[np.float32]
"""(3, 4) float32: linear part and offset."""

_Moments = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ColorFit:
    """From the model's colours to the plate's.

    Attributes:
        matrix: (3, 4) float32: linear part and offset.
        freedom: What the shot could tell.
        residual: Typical disagreement that is left, code.
        pairs: On how many pairs it rests.
    """

    matrix: Matrix
    freedom: Freedom
    residual: float
    pairs: int

    @property
    def gain(self) -> tuple[float, float, float]:
        """What a grey is multiplied with, by channel."""
        red, green, blue = self.matrix[:, :3].sum(axis=1)
        return float(red), float(green), float(blue)

    @property
    def offset(self) -> tuple[float, float, float]:
        """What is added, by channel, code."""
        red, green, blue = self.matrix[:, 3]
        return float(red), float(green), float(blue)

    def apply(self, got: Code) -> Code:
        """(..., 3) code in the model's colours to the plate's; not cut to 0..1."""
        if not got.size:
            return got
        flat = np.ascontiguousarray(got, np.float32).reshape(-1, 1, 3)
        return np.asarray(cv2.transform(flat, self.matrix), np.float32).reshape(got.shape)


def no_change(pairs: int = 0) -> ColorFit:
    """The fit of a shot that cannot tell."""
    return ColorFit(np.eye(3, 4, dtype=np.float32), "none", 0.0, pairs)


def fit_of(got: Code, sent: Code, share: npt.NDArray[np.float32]) -> ColorFit:
    """Find the change, robustly: what disagrees with the rest counts little.

    Args:
        got: (n, 3) code: what the model made.
        sent: (n, 3) code: what it was shown.
        share: (n,) weight of each pair.

    Source: iteratively reweighted least squares with Cauchy's weights, as in Holland and Welsch,
    "Robust regression using iteratively reweighted least-squares" (1977).
    """
    if np.count_nonzero(share) < LEAST_PAIRS:
        return no_change(int(np.count_nonzero(share)))
    x = np.column_stack([got, np.ones(len(got))]).astype(np.float64)
    weight = share.astype(np.float64)
    scale = 0.0
    for _ in range(_ROUNDS):
        evidence = max(_LEAST_EVIDENCE, _EVIDENCE * scale)
        xx, xy = _moments(x, sent, weight)
        matrix = np.stack([_row(xx, xy[:, channel], channel, evidence) for channel in range(3)])
        distance = np.linalg.norm(sent - x @ matrix.T, axis=1)
        scale = float(np.median(distance[share > 0]))
        weight = share / (1 + (distance / max(_CAUCHY * scale, _LEAST_SCALE)) ** 2)
    return ColorFit(matrix.astype(np.float32), _freedom(xx, evidence), scale, len(got))


def _moments(x: _Moments, sent: Code, weight: npt.NDArray[np.float64]) -> tuple[_Moments, _Moments]:
    """Weighted means of the products: (4, 4) of the unknowns' factors, (4, 3) with the target."""
    weighted = (x * weight[:, None]).T / weight.sum()
    return weighted @ x, weighted @ sent


def _row(xx: _Moments, xy: _Moments, channel: int, evidence: float) -> _Moments:
    """One channel's four numbers, as a row of the matrix."""
    base = _basis(xx, channel)
    normal = base.T @ xx @ base
    unchanged = np.array([1.0, 0.0, 0.0, 0.0])
    prior = np.diag([1.0, _OFFSET_TO_GAIN**-2, 1.0, 1.0]) * evidence**2
    change = np.linalg.solve(normal + prior, base.T @ xy - normal @ unchanged)
    return np.asarray(base @ (unchanged + change), np.float64)


def _basis(xx: _Moments, channel: int) -> _Moments:
    """(4, 4): columns are gain, offset and the two differences, in terms of r, g, b and 1."""
    base = np.zeros((4, 4))
    base[channel, 0] = base[3, 1] = 1.0
    for column, other in zip((2, 3), [c for c in range(3) if c != channel], strict=True):
        base[other, column], base[channel, column] = 1.0, -1.0
    normal = base.T @ xx @ base
    follows = np.linalg.solve(normal[:2, :2] + _TINY * np.eye(2), normal[:2, 2:])
    base[:, 2:] -= base[:, :2] @ follows
    return base


def _freedom(xx: _Moments, evidence: float) -> Freedom:
    """What could be told: where evidence outweighs "no change" for most channels."""
    level, crossed = [], []
    for channel in range(3):
        base = _basis(xx, channel)
        normal = base.T @ xx @ base
        level.append(normal[0, 0] - normal[0, 1] ** 2)
        crossed.append(max(normal[2, 2], normal[3, 3]))
    if np.median(level) < evidence**2:
        return "gain"
    return "3x4" if np.median(crossed) > evidence**2 else "gain and offset"
