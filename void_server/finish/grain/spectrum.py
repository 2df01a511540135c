"""How fine grain is, and how much of it the channels share."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from void_server.finish.grain.blocks import SIDE, Float

Transform = npt.NDArray[np.complexfloating[Any, Any]]
"""(N, 3, s, s / 2 + 1) complex."""

_COARSEST = 2.0
"""Cycles per block below which the shading that was taken off took grain with it."""

_RINGS = (_COARSEST, 3.3, 5.0)
"""Bounds of two rings, cycles per block: by how power falls from one to the other it is told how
much that was."""

_STEEPEST = 0.2
"""The most by which the logarithm of power is taken to fall per square of cycles per block: that
of grain with a softness of 2.3 pixels."""

_FINE = 3.0
"""Cycles per block from which a picture's shading does not reach."""


_TINY = np.finfo(np.float32).tiny


@dataclass(frozen=True)
class Spectrum:
    """Power of grain of variance 1 at each frequency, and what the channels share of it.

    Attributes:
        power: (s, s / 2 + 1, 3, 3) float32, over the frequencies of a real transform of a block:
            the real part of the mean of F F*, the sum over all frequencies is the correlation
            of the channels, 1 on its diagonal; 0 in a channel without grain.
    """

    power: Float

    @property
    def channels(self) -> Float:
        """(3, 3) float32, correlation of the channels."""
        return np.asarray(np.einsum("yxcd,x->cd", self.power, _twice()), np.float32)

    @property
    def neighbour(self) -> float:
        """Correlation of a grain with that of the next pixel, along rows, mean of channels."""
        angle = np.cos(2 * np.pi * np.fft.rfftfreq(SIDE)) * _twice()
        return float(np.einsum("yxcc,x->", self.power, angle) / np.trace(self.channels))

    @property
    def shared(self) -> float:
        """Mean correlation of two channels that have grain; 0 where there are no two."""
        grainy = self.channels.diagonal() > 0
        pairs = self.channels[np.ix_(grainy, grainy)][np.triu_indices(grainy.sum(), 1)]
        return float(pairs.mean()) if pairs.size else 0.0

    def among(self, grainy: npt.NDArray[np.bool_]) -> Spectrum:
        """The same for three channels: those of ``grainy`` (3,) in order, the others without."""
        power = np.zeros((*self.power.shape[:2], 3, 3), np.float32)
        power[:, :, np.outer(grainy, grainy)] = self.power.reshape(*power.shape[:2], -1)
        return Spectrum(power)


def transformed(rest: Float) -> Transform:
    """(N, 3, s, s / 2 + 1) transform of blocks (N, 3, s, s), faded out to their edges.

    Scaled so that the power of all frequencies, those but once in it counted twice, adds up to
    the variance.
    """
    fade = np.hanning(SIDE + 1)[:SIDE]
    window = np.outer(fade, fade)
    window /= np.sqrt((window**2).sum()) * SIDE
    return np.asarray(np.fft.rfft2(rest * window.astype(np.float32), axes=(2, 3)))


def fine_power(transform: Transform) -> Float:
    """(N, 3) float32 power of each block at the frequencies that shading does not reach."""
    power = transform.real**2 + transform.imag**2
    return np.asarray((power * (_twice() * _fine())).sum(axis=(2, 3)), np.float32)


def averaged(transform: Transform, deviation: Float) -> tuple[Spectrum, Float]:
    """The spectrum of grain, and (C,) the share of its variance that `fine_power` sees.

    Args:
        transform: (N, C, s, s / 2 + 1) of blocks of grain, of the channels that have any.
        deviation: (N, C) what to divide each by, above 0, in any unit.
    """
    even = (transform / deviation[:, :, None, None]).transpose(2, 3, 1, 0)
    power = np.real(even @ even.conj().swapaxes(2, 3)) / len(transform)
    mirrored = power[(-np.arange(SIDE)) % SIDE]
    # Nothing tells up from down: the mean of both halves the noise of the measure.
    full = _completed(0.5 * (power + mirrored))
    variance = np.einsum("yxcc,x->c", full, _twice())
    fine = np.einsum("yxcc,yx->c", full, _twice() * _fine())
    unit = full / np.sqrt(variance[:, None] * variance[None, :])
    return Spectrum(unit.astype(np.float32)), (fine / variance).astype(np.float32)


def _completed(power: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.floating[Any]]:
    """``power`` with its coarsest frequencies continued from the next, as of a soft grain."""
    radius = _radius()
    near, far = ((radius >= low) & (radius < high) for low, high in pairwise(_RINGS))
    level = [np.trace(power[ring].mean(axis=0)) for ring in (near, far)]
    square = [(radius[ring] ** 2).mean() for ring in (near, far)]
    steep = np.log(max(level[0], _TINY) / max(level[1], _TINY)) / (square[1] - square[0])
    lost = radius < _COARSEST
    rise = np.exp(np.clip(steep, 0.0, _STEEPEST) * (square[0] - radius[lost] ** 2))
    whole = power.copy()
    whole[lost] = power[near].mean(axis=0) * rise[:, None, None]
    return np.asarray(whole)


def _radius() -> npt.NDArray[np.float64]:
    """(s, s / 2 + 1) cycles per block."""
    y, x = np.fft.fftfreq(SIDE) * SIDE, np.fft.rfftfreq(SIDE) * SIDE
    return np.asarray(np.hypot(y[:, None], x[None, :]))


def _fine() -> npt.NDArray[np.bool_]:
    return np.asarray(_radius() >= _FINE)


def _twice() -> Float:
    """(s / 2 + 1,) how often a column of a real transform stands in the whole one."""
    count = np.full(SIDE // 2 + 1, 2.0, np.float32)
    count[[0, -1]] = 1.0
    return count
