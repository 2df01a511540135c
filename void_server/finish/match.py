"""A model's pictures in the plate's colours, without flicker, meeting the plate around the hole.

A first pass over the shot gathers means over cells; from these come one colour fit for the shot
and a gain for every frame. After it any frame can be asked for, in any order, with the same
result: the fit, the gain, and on top the offset that makes the seam vanish.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from void_server.finish import Code, Mask, seam
from void_server.finish.cells import cells_of, touched
from void_server.finish.clean import cleaned
from void_server.finish.color_fit import ColorFit, fit_of, no_change
from void_server.finish.flicker import Flicker, spread
from void_server.finish.guard import Faults, explains
from void_server.finish.membrane import Float, membrane
from void_server.finish.pairs import Pairs, pairs_of
from void_server.finish.ring_gain import Gains, frame_gains
from void_server.finish.seam import Difference
from void_server.finish.stops import Decode

MOST_PAIRS = 200_000
"""Pairs kept of a shot, 28 bytes each."""

_PAIRS_OF_FRAME = 96, 1024  # at least, at most


@dataclass(frozen=True, kw_only=True)
class _Views:
    """The pictures and masks of a shot by index."""

    numbers: Sequence[int]
    sent: Callable[[int], Code]
    got: Callable[[int], Code]
    hole: Callable[[int], Mask]
    foreign: Callable[[int], Mask]

    def background(self, index: int) -> Mask:
        """(H, W) bool: where the plate shows what the model should have kept."""
        mask: Mask = ~(self.hole(index) | self.foreign(index))
        return mask


@dataclass(frozen=True)
class _Corrected:
    """A frame's picture, (H, W, 3) code, and the step that is left at its seam in stops."""

    picture: Code
    step: float | None


def match(
    numbers: Sequence[int],
    *,
    sent: Callable[[int], Code],
    got: Callable[[int], Code],
    hole: Callable[[int], Mask],
    foreign: Callable[[int], Mask],
    decode: Decode,
) -> Match:
    """Find out what a model did to the colours of a shot. Reads every picture once.

    Args:
        numbers: File number of each frame.
        sent: Index from 0 to (H, W, 3) float32 code: what the model was shown.
        got: Index to (H, W, 3) float32: what it returned; anything, NaN included.
        hole: Index to (H, W) bool: what is to be filled.
        foreign: Index to (H, W) bool: what does not show background; the hole may be part of it.
        decode: Code to light, for what is told in stops.
    """
    views = _Views(numbers=numbers, sent=sent, got=got, hole=hole, foreign=foreign)
    least, most = _PAIRS_OF_FRAME
    each = min(most, max(least, MOST_PAIRS // max(len(numbers), 1)))
    faults, pairs = Faults(), []
    for index, number in enumerate(numbers):
        clean = cleaned(got(index))
        faults.add(number, clean)
        usable = views.background(index) & ~clean.broken
        pairs.append(
            pairs_of(sent(index), clean.picture, hole=hole(index), usable=usable, most=each)
        )
    color, gains = _color_of(pairs)
    flicker = Flicker.of(pairs, color, gains, decode)
    faults.compare(numbers, flicker.residual)
    return Match(views, color, gains, flicker, faults, decode)


def _color_of(pairs: Sequence[Pairs]) -> tuple[ColorFit, Gains]:
    """The shot's fit and, over it, its frames' gains.

    The fit is not found again with the gains undone: on shots of four frames and more that was
    measured to change nothing for the better.
    """
    if not pairs:
        return no_change(), np.ones((0, 3), np.float32)
    color = fit_of(
        np.concatenate([pair.got for pair in pairs]),
        np.concatenate([pair.sent for pair in pairs]),
        np.concatenate([pair.share for pair in pairs]),
    )
    if not explains(color):
        return no_change(color.pairs), np.ones((len(pairs), 3), np.float32)
    return color, frame_gains(pairs, [color.apply(pair.got) for pair in pairs])


class Match:
    """The correction of a shot, made by `match`. Frames are asked for by index, in any order.

    Attributes:
        color: The shot's fit.
        gains: (count, 3) what each frame's channels are multiplied with after it.
    """

    def __init__(
        self,
        views: _Views,
        color: ColorFit,
        gains: Gains,
        flicker: Flicker,
        faults: Faults,
        decode: Decode,
    ) -> None:
        self.color, self.gains = color, gains
        self._views, self._decode = views, decode
        self._flicker, self._faults = flicker, faults
        self._corrected = lru_cache(maxsize=1)(self._correct)
        self._difference = lru_cache(maxsize=2 * seam.REACH + 1)(self._compare)

    def picture(self, index: int) -> Code:
        """(H, W, 3) code in the plate's colours, 0 to 1; outside the hole it is of no use."""
        return self._corrected(index).picture

    def measures(self, index: int) -> dict[str, float]:
        """What was measured on a frame: gains, what is left in the ring (code), and stops."""
        gains = zip(("gain_r", "gain_g", "gain_b"), self.gains[index], strict=True)
        found = {name: float(gain) for name, gain in gains}
        told = {
            "ring_residual": self._flicker.residual[index],
            "flicker_before": self._flicker.before[index],
            "flicker_after": self._flicker.after[index],
            "seam_step": self._corrected(index).step,
        }
        return found | {name: value for name, value in told.items() if value is not None}

    @property
    def facts(self) -> Mapping[str, bool | int | float | str]:
        """What is to be known of the whole shot."""
        gain, offset = self.color.gain, self.color.offset
        return {
            "color_fit": self.color.freedom,
            "color_fit_pairs": self.color.pairs,
            "color_fit_residual": self.color.residual,
            "color_gain": " ".join(f"{value:.4f}" for value in gain),
            "color_offset": " ".join(f"{value:+.4f}" for value in offset),
            "flicker_before_stops": spread(self._flicker.before),
            "flicker_after_stops": spread(self._flicker.after),
            "model_pixels_cleaned": self._faults.pixels,
        }

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the artist should know, as clauses without a full stop."""
        return self._faults.warnings(self.color)

    def _correct(self, index: int) -> _Corrected:
        clean = cleaned(self._views.got(index))
        hole = self._views.hole(index)
        if clean.lost:
            return _Corrected(self._surface(index), None)
        picture = self.color.apply(clean.picture) * self.gains[index]
        offset = self._offset(index, hole)
        step = None
        if offset is not None:
            step = seam.step_of(self._difference(index), offset, _ring(hole), self._decode)
            picture += seam.laid(offset, hole.shape)
        return _Corrected(np.clip(picture, 0.0, 1.0, out=picture), step)

    def _surface(self, index: int) -> Code:
        """What takes the place of a lost picture: the plate, continued smoothly into the hole."""
        known, sent = self._views.background(index), self._views.sent(index)
        if not known.any():
            return np.zeros_like(sent)
        return membrane(sent * known[..., None], known, cell=seam.CELL)

    def _offset(self, index: int, hole: Mask) -> Float | None:
        if not hole.any():
            return None
        first = max(0, index - seam.REACH)
        last = min(len(self.gains) - 1, index + seam.REACH)
        around = [self._difference(other) for other in range(first, last + 1)]
        return seam.offset_of(around, index - first, _ring(hole))

    def _compare(self, index: int) -> Difference:
        clean = cleaned(self._views.got(index))
        usable = self._views.background(index) & ~clean.broken
        cells = cells_of(self._views.sent(index), clean.picture, usable, side=seam.CELL)
        corrected = self.color.apply(cells.got) * self.gains[index]
        return Difference(cells.sent - corrected, cells.sent, cells.share)


def _ring(hole: Mask) -> Mask:
    return seam.ring_of(touched(hole, side=seam.CELL))
