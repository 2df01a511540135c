"""How much brighter or darker than the shot each single frame came out: flicker.

A frame's gain is taken from the ring around its hole, where the model is compared with what the
fill will stand beside, and drawn towards that of the whole frame, which rests on more pixels and
does not move with the hole.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from void_server.finish.pairs import Pairs

Gains = npt.NDArray[np.float32]
"""(count, 3) float32: what each channel of a frame is multiplied with."""

LEAST_PAIRS = 12
"""Fewer pairs than that say nothing of a frame."""

SPAN = 0.2
"""Largest change of a frame against the shot that can be flicker."""

_TRUST = 24.0  # pairs of the ring that weigh as much as the whole frame
_ROUNDS = 4
_CAUCHY = 2.4  # times the median disagreement: what counts half
_LEAST_SCALE = 2.4e-3  # code; below it, disagreement is rounding
_DARK = 0.01  # code; below it, a ratio says little
_NEIGHBOURS = 5

_Values = npt.NDArray[np.float64]


def frame_gains(pairs: Sequence[Pairs], fitted: Sequence[npt.NDArray[np.float32]]) -> Gains:
    """The gain of every frame, from what is known of the shot.

    Args:
        pairs: Of each frame.
        fitted: The same pairs' ``got`` in the plate's colours, (n, 3) each.

    Returns:
        (count, 3). Frames that say nothing take the median of those nearest to them; frames whose
        gain cannot be flicker take the shot's.
    """
    gains = np.full((len(pairs), 3), np.nan, np.float32)
    for index, (pair, own) in enumerate(zip(pairs, fitted, strict=True)):
        if len(pair) >= LEAST_PAIRS:
            gains[index] = _of_frame(pair, own.astype(np.float64))
    known = np.isfinite(gains).all(axis=1)
    if not known.any():
        return np.ones_like(gains)
    usual = np.median(gains[known], axis=0)
    wild = known & (np.abs(gains / usual - 1) > SPAN).any(axis=1)
    gains[wild] = usual
    return _bridged(gains)


def _of_frame(pair: Pairs, fitted: _Values) -> _Values:
    sent, share, ring = pair.sent.astype(np.float64), pair.share.astype(np.float64), pair.near
    whole = _gain(sent, fitted, share, before=np.ones(3), trust=0.0)
    return _gain(sent[ring], fitted[ring], share[ring], before=whole, trust=_TRUST)


def _gain(
    sent: _Values, fitted: _Values, share: _Values, *, before: _Values, trust: float
) -> _Values:
    """(3,) robust gain of each channel; ``before`` counts like ``trust`` pairs."""
    if not len(sent):
        return before
    square = fitted**2
    held = trust * square.mean(axis=0) + 1e-6
    # Least squares would begin wherever a few bright cells pull it, and stay there.
    gain = np.median(sent / np.maximum(fitted, _DARK), axis=0)
    for _ in range(_ROUNDS):
        left = np.abs(sent - gain * fitted)
        scale = np.maximum(_CAUCHY * np.median(left, axis=0), _LEAST_SCALE)
        weight = share[:, None] / (1 + (left / scale) ** 2)
        top = (weight * sent * fitted).sum(axis=0) + held * before
        gain = top / ((weight * square).sum(axis=0) + held)
    return gain


def _bridged(gains: Gains) -> Gains:
    """Frames without a gain of their own take the median of the nearest that have one."""
    missing = np.isnan(gains).any(axis=1)
    known = np.flatnonzero(~missing)
    whole = gains.copy()
    for index in np.flatnonzero(missing):
        nearest = known[np.argsort(np.abs(known - index), kind="stable")[:_NEIGHBOURS]]
        whole[index] = np.median(gains[nearest], axis=0)
    return whole
