"""A model's picture at more pixels, by super-resolution that must not invent too much.

What a network makes of a picture is bent until it shrinks to that picture again, and no pixel may
leave what its neighbourhood holds. So colours cannot shift, flat areas stay flat, and a network
that flickers has little to flicker with. Where real pixels of other frames are known they are
better; this is for what no frame shows.
"""

from __future__ import annotations

from typing import Protocol

import cv2
import numpy as np

from void_server.finish import Code

WORTH_IT = 1.3
"""Plate pixels per model pixel from which there is something to sharpen."""

_OVERSHOOT = 0.15
"""How far a pixel may leave the range of its neighbourhood, as a share of that range: about as far
as a cubic filter does."""

_CHANGE = 0.5
"""How far it may leave what a cubic filter gives, as a share of the same range."""

_SLACK = 0.002
"""The same where there is no range at all, code: half a step of 8 bits."""

_ROUNDS = 3


class Upscaler(Protocol):
    """Enlarges pictures; the same picture always gives the same."""

    @property
    def name(self) -> str:
        """What the result's record says of it."""
        ...

    @property
    def factor(self) -> int:
        """How many times larger its pictures get, down and across."""
        ...

    def __call__(self, picture: Code) -> Code:
        """(h, w, 3) code to (factor h, factor w, 3), not yet bound to what it was given."""
        ...


def worth_it(scale: tuple[float, float]) -> bool:
    """Whether a picture gains by being enlarged before it is brought to the plate's size.

    Once is enough however large the scale: the second time costs four times as much, and finds
    little in what the first has made.

    Args:
        scale: Plate pixels per model pixel, (down, across).
    """
    return max(scale) > WORTH_IT


def enlarged(picture: Code, upscaler: Upscaler, *, part: tuple[slice, slice] | None = None) -> Code:
    """A picture at `Upscaler.factor` times its size, which shrinks to it again.

    Args:
        picture: (h, w, 3) float32, 0 to 1.
        upscaler: What enlarges.
        part: Rows and columns that the network is to see, the rest is enlarged by a cubic filter:
            the hole with some 16 pixels around it. None means everything.

    Returns:
        (k h, k w, 3) float32; the mean over each k x k pixels is the picture's within rounding.

    Source: back-projection, Irani and Peleg, "Improving resolution by image registration" (1991).
    """
    k = upscaler.factor
    size = picture.shape[1] * k, picture.shape[0] * k
    found = cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC)
    rows, columns = part or (slice(0, picture.shape[0]), slice(0, picture.shape[1]))
    seen = np.nan_to_num(upscaler(picture[rows, columns]), nan=0.5)
    found[rows.start * k : rows.stop * k, columns.start * k : columns.stop * k] = seen
    found = _limited(found, picture, size)
    for _ in range(_ROUNDS):
        found += cv2.resize(_missing(found, picture), size, interpolation=cv2.INTER_LINEAR)
        np.clip(found, 0.0, 1.0, out=found)
    # What is left over is too little to be seen as squares.
    found += cv2.resize(_missing(found, picture), size, interpolation=cv2.INTER_NEAREST)
    return np.asarray(found, np.float32)


def _limited(found: Code, picture: Code, size: tuple[int, int]) -> Code:
    """``found`` within reach of a cubic filter, and of the darkest and brightest around."""
    square = np.ones((3, 3), np.uint8)
    low, high = (
        cv2.resize(around(picture, square), size, interpolation=cv2.INTER_LINEAR)
        for around in (cv2.erode, cv2.dilate)
    )
    cubic = cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC)
    reach = high - low
    found = np.clip(found, cubic - _CHANGE * reach - _SLACK, cubic + _CHANGE * reach + _SLACK)
    low, high = low - _OVERSHOOT * reach - _SLACK, high + _OVERSHOOT * reach + _SLACK
    return np.asarray(np.clip(found, np.maximum(low, 0), np.minimum(high, 1)), np.float32)


def _missing(found: Code, picture: Code) -> Code:
    """What a picture has more than an enlarged one that is shrunk to it."""
    shrunk = cv2.resize(found, picture.shape[1::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(picture - shrunk, np.float32)
