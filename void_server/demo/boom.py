"""The boom microphone: a furry windshield on a pole, its roto and its shadow."""

from __future__ import annotations

import cv2
import numpy as np

from void_server.demo.camera import Matrix
from void_server.demo.surfaces import Image, clouds, edge

SHADOW_DEPTH = 0.35
"""How much light the core of the shadow takes away."""

_SHUTTER = (-0.2, -0.1, 0.0, 0.1, 0.2)
"""Moments of one exposure, in frames: a 180 degree shutter, coarsely."""

_HIGH, _WIDE = 1500, 520
"""Size of the sprite at 1920 pixels picture width; the grip of the fur is at `_GRIP`."""

_GRIP = (260.0, 1180.0)
"""(x, y) in the sprite around which the boom turns: the middle of the windshield."""

_COVER_FROM = 0.004
"""The affected matte reaches as far as the shadow takes more light than this."""


class Boom:
    """A boom that swings in from the top and out again, with a soft shadow on the wall.

    Args:
        width: Picture width, pixels.
        height: Picture height, pixels.
        frames: How many frames the swing takes.
        rng: Where the fur comes from.
    """

    def __init__(self, *, width: int, height: int, frames: int, rng: np.random.Generator) -> None:
        self._shape = (height, width)
        self._frames = frames
        self._unit = width / 1920.0
        self._sprite = _sprite(rng, self._unit)
        self._shadow = _shadow(self._sprite[..., 3], self._unit)
        self._cover = _cover(self._shadow, self._unit)

    def over(self, light: Image, index: int, view: Matrix) -> Image:
        """``light`` with the shadow on it and the boom before it; (H, W, 3) scene-linear."""
        taken = self._shadow_at(self._shadow, index, view)
        # What burns by itself takes no shadow.
        taken *= np.clip(2.0 - light[..., 1], 0.0, 1.0)
        shaded = light * (1 - taken)[..., None]
        boom = self._exposed(index, view)
        shaded *= 1 - boom[..., 3:]
        shaded += boom[..., :3]
        return np.asarray(shaded, np.float32)

    def roto(self, index: int, view: Matrix) -> Image:
        """(H, W) float32 alpha of the boom itself, motion blur included."""
        return np.clip(self._exposed(index, view)[..., 3], 0.0, 1.0)

    def cover(self, index: int, view: Matrix) -> Image:
        """(H, W) float32 alpha of a soft shape that covers the shadow with room to spare."""
        return np.clip(self._shadow_at(self._cover, index, view), 0.0, 1.0)

    def _exposed(self, index: int, view: Matrix) -> Image:
        """(H, W, 4) premultiplied, averaged over the time the shutter is open."""
        total = np.zeros((*self._shape, 4), np.float32)
        for moment in _SHUTTER:
            place = view @ self._place(index + moment)
            total += self._put(self._sprite, place)
        total /= len(_SHUTTER)
        return total

    def _shadow_at(self, layer: Image, index: int, view: Matrix) -> Image:
        """The shadow falls to the lower right, larger than what casts it."""
        shift = np.array([[1, 0, 235 * self._unit], [0, 1, 90 * self._unit], [0, 0, 1.0]])
        return self._put(layer, view @ shift @ self._place(index, 1.12))

    def _put(self, layer: Image, place: Matrix) -> Image:
        height, width = self._shape
        return np.asarray(
            cv2.warpPerspective(
                layer, place, (width, height), flags=cv2.INTER_LINEAR, borderValue=0
            )
        )

    def _place(self, moment: float, grown: float = 1.0) -> Matrix:
        """Where the sprite is at a moment: swings in, hangs over the actor, swings on, leaves."""
        height, width = self._shape
        time = moment / max(self._frames - 1, 1)
        x = width * (0.16 + 0.62 * time)
        dip = np.sin(np.pi * np.clip((time - 0.06) / 0.86, -0.2, 1.2))
        y = height * (-0.42 + 0.80 * dip + 0.012 * np.sin(9 * np.pi * time))
        turn = np.deg2rad(26 - 52 * time + 2.5 * np.sin(5 * np.pi * time))
        cos, sin = np.cos(turn) * grown, np.sin(turn) * grown
        grip = np.array([_GRIP[0], _GRIP[1]]) * self._unit
        return np.array(
            [
                [cos, -sin, x - cos * grip[0] + sin * grip[1]],
                [sin, cos, y - sin * grip[0] - cos * grip[1]],
                [0, 0, 1.0],
            ]
        )


def _sprite(rng: np.random.Generator, unit: float) -> Image:
    """(h, w, 4) premultiplied: pole from the top, windshield with fur at the end."""
    high, wide = max(int(_HIGH * unit), 8), max(int(_WIDE * unit), 8)
    y, x = np.mgrid[0:high, 0:wide].astype(np.float32)
    x, y = x / unit, y / unit
    pole = edge(13.0 - np.abs(x - _GRIP[0]), max(1.5, 1.2 / unit)) * (y < 1080)
    sheen = 0.035 + 0.16 * np.exp(-(((x - 255.0) / 4.0) ** 2))
    strands = _strands(rng, (high, wide), unit)
    tufts = clouds(rng, (high, wide), 30 * unit + 1.5, 2)
    inside = 1 - np.hypot((x - _GRIP[0]) / 74.0, (y - _GRIP[1]) / 190.0)
    fur = edge(inside * 74.0 + 3.6 * strands + 2.2 * tufts, max(9.0, 1.6 / unit))
    ball = np.sqrt(np.clip(inside, 0, 1))
    tone = (0.012 + 0.036 * ball) * np.clip(1 + 0.30 * strands + 0.16 * tufts, 0.3, 2)
    rim = 0.045 * np.clip((_GRIP[0] - 10 - x) / 74.0, 0, 1) * (1 + 0.25 * strands)
    metal = np.stack([sheen, sheen * 1.02, sheen * 1.06, np.ones_like(sheen)], -1)
    hair = np.stack(
        [tone + rim, tone * 0.97 + rim, tone * 0.93 + rim * 1.1, np.ones_like(tone)], -1
    )
    hair[..., :3] = np.maximum(hair[..., :3], 0.004)
    stacked = metal * pole[..., None] * (1 - fur[..., None]) + hair * fur[..., None]
    return np.asarray(stacked, np.float32)


def _strands(rng: np.random.Generator, shape: tuple[int, int], unit: float) -> Image:
    """(h, w) hanging hair: fine across, long downwards."""
    height, width = shape
    short = clouds(rng, (height // 5 + 2, width), 4.5 * unit + 1.0, 2)
    return np.asarray(cv2.resize(short, (width, height), interpolation=cv2.INTER_CUBIC))


def _shadow(alpha: Image, unit: float) -> Image:
    """(h, w) share of the light that the boom takes away."""
    soft = cv2.GaussianBlur(
        np.ascontiguousarray(alpha), (0, 0), max(19 * unit, 0.8), borderType=cv2.BORDER_REPLICATE
    )
    return np.asarray(np.minimum(soft * 1.1, 1.0) * SHADOW_DEPTH, np.float32)


def _cover(shadow: Image, unit: float) -> Image:
    """(h, w) alpha 1 over the whole shadow, falling off outside it."""
    core = (shadow > _COVER_FROM).astype(np.float32)
    reach = 2 * max(round(6 * unit), 1) + 1
    core = cv2.dilate(core, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)))
    return np.asarray(cv2.GaussianBlur(core, (0, 0), max(4 * unit, 0.7)), np.float32)
