"""Makes a model's picture meet the plate around the hole: what is left is spread over the inside.

Both are compared in a ring just outside the hole, as means over cells, smoothed along the ring:
neither grain nor blur may be smeared inwards. The neighbouring frames' differences in the same
place are averaged in as far as they agree within the ring's own noise: grain then no longer moves
the fill, and where the model's colour really changes from frame to frame it is still followed.
What comes out is continued into the hole as the smoothest surface there is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from void_server.finish import Code, Mask
from void_server.finish.cells import Plane, grown
from void_server.finish.membrane import Float, harmonic
from void_server.finish.stops import Decode, apart

CELL = 4
"""Side of the cells on which the difference is smoothed and spread, pixels."""

RING = 3
"""Width of the ring around a hole in which picture and plate are compared, cells."""

LARGEST = 0.12
"""Largest difference that is spread, code. What differs by more is not the same thing in another
colour."""

REACH = 2
"""Frames before and after whose differences are averaged in."""

_ALONG = 3.0  # sigma of the smoothing of the difference, cells
_ODD = 0.02  # code; a cell that is so far from the others around it counts half
_AVERAGED = 25.0  # cells of a ring that a smoothed one rests on, about
_AGREES = 2.0  # deviations of the noise at which a neighbouring frame counts half
_QUIETEST = 2e-4  # code; below it, noise is rounding
_WORST = 95  # percentile of a seam's step that is told


@dataclass(frozen=True)
class Difference:
    """Plate less picture, on cells.

    Attributes:
        value: (h, w, 3) float32, code, in the plate's colours.
        plate: (h, w, 3) float32, code: the plate itself.
        share: (h, w) float32: the part of a cell's pixels that could be compared.
    """

    value: Code
    plate: Code
    share: Plane


def ring_of(inside: Mask) -> Mask:
    """(h, w) bool: the cells of a hole's edge and those within `RING` of it.

    Args:
        inside: (h, w) bool: cells that the hole touches; those at its edge show plate as well.
    """
    return grown(inside, RING)


def offset_of(frames: Sequence[Difference], current: int, ring: Mask) -> Float | None:
    """The smoothest offset with which a picture meets the plate, on cells; None without a ring.

    Args:
        frames: The differences of this frame and of those next to it.
        current: Which of them is this frame's.
        ring: (h, w) bool: cells that count.

    Returns:
        (h, w, 3) float32, code: to be added; harmonic inside.

    Source: the membrane of Perez et al., "Poisson image editing" (2003), in the form of Farbman et
    al., "Coordinates for instant image cloning" (2009): an offset that is harmonic inside.
    """
    own = frames[current]
    held: Mask = ring & (own.share > 0)
    if not held.any():
        return None
    return harmonic(_agreed(frames, current, held), held)


def laid(offset: Float, shape: tuple[int, int]) -> Code:
    """(H, W, 3): an offset on cells at the picture's size."""
    height, width = shape
    return np.asarray(cv2.resize(offset, (width, height), interpolation=cv2.INTER_LINEAR))


def step_of(frame: Difference, offset: Float, ring: Mask, decode: Decode) -> float | None:
    """The step from plate to picture that is left along the hole's edge, in stops.

    Args:
        frame: The frame's difference before ``offset``.
        offset: (h, w, 3) what is added to the picture, on cells.
        ring: (h, w) bool: cells that count.
        decode: Code to light.
    """
    held: Mask = ring & (frame.share > 0)
    if not held.any():
        return None
    share = frame.share * held
    plate, _ = _smoothed(frame.plate, share)
    ours, _ = _smoothed(frame.plate - frame.value + offset, share)
    return float(np.percentile(np.abs(apart(ours[held], plate[held], decode)), _WORST))


def _agreed(frames: Sequence[Difference], current: int, held: Mask) -> Float:
    """This frame's difference, smoothed, with the others' where they say the same."""
    own = frames[current]
    usual, _ = _smoothed(_limited(own), own.share * held)
    scatter = np.mean((_limited(own) - usual)[held] ** 2, axis=0) / _AVERAGED
    noise = np.maximum(np.sqrt(scatter), _QUIETEST)
    known, trust = _trusted(own, held, usual)
    weight = trust * (1 + REACH)
    total = known * weight[..., None]
    for index, other in enumerate(frames):
        if index != current:
            value, trust = _trusted(other, held, usual)
            distance = np.mean(((value - known) / noise) ** 2, axis=2) / _AGREES**2
            trust = trust * (1 + REACH - abs(index - current)) / (1 + distance**2)
            total += value * trust[..., None]
            weight += trust
    return np.asarray(total / np.maximum(weight, 1e-6)[..., None], np.float32)


def _trusted(frame: Difference, held: Mask, usual: Float) -> tuple[Float, Plane]:
    """A frame's difference, smoothed, and how much it rests on; odd cells count little."""
    odd = np.abs(_limited(frame) - usual).max(axis=2) / _ODD
    return _smoothed(_limited(frame), frame.share * held / (1 + odd**2))


def _limited(frame: Difference) -> Float:
    return np.clip(frame.value, -LARGEST, LARGEST)


def _smoothed(value: Float, share: Plane) -> tuple[Float, Plane]:
    """Means along the ring of what is known there, and the weight below them."""
    share = np.asarray(share, np.float32)
    weight = np.asarray(cv2.GaussianBlur(share, (0, 0), _ALONG), np.float32)
    total = cv2.GaussianBlur(value * share[..., None], (0, 0), _ALONG)
    return np.asarray(total / np.maximum(weight, 1e-6)[..., None], np.float32), weight
