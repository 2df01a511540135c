"""The grain of a shot, and how it comes onto a fill."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from void_server.finish import Mask
from void_server.finish.grain.blocks import Float, Rgb
from void_server.finish.grain.quilt import TURNS, quilted, tiles
from void_server.finish.grain.response import Response
from void_server.finish.grain.spectrum import Spectrum
from void_server.finish.grain.synthesis import synthesised
from void_server.finish.grain.transplant import transplanted

_FEWEST = 12
"""Patches of the frame's own grain below which it is made instead."""

_OFTEN = 6
"""How often a patch may lie in the same fill in the same way before it would show."""

_MADE = 256
"""Patches that are made for one fill at the most; each lies in four ways."""

_BAND = 32
"""Rows that are worked on at a time: what a processor's cache holds."""

_FAINTEST = 1e-12
"""Variance below which no ratio to it is told, scene-linear squared: a deviation of a quarter of
the faintest grain that is measured."""

_GREY = 0.18
"""Scene-linear light at which the strength of grain is told."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Grain:
    """The grain of one shot; everything in the plate's scene-linear light.

    Attributes:
        response: How strong it is at which light.
        spectrum: How fine it is, and what the channels share.
        roughness: Unevenness of blocks of it, as in `Blocks`.
        lowest: (3,) float32, where the plate is cut off at black, or minus infinity: grain makes
            nothing darker.
        highest: (3,) float32, where it is cut off at white, or infinity: nothing brighter.
        blocks: How many blocks of the plate it was measured on.
        agreement: Share of the blocks looked at that they are; nearly 1 but for video whose codec
            has stilled some places and not others.
    """

    response: Response
    spectrum: Spectrum
    roughness: float
    lowest: Float
    highest: Float
    blocks: int
    agreement: float

    def onto(
        self, light: Rgb, weight: Float, *, plate: Rgb, keep: Mask, seed: int, frame: int
    ) -> Rgb:
        """(h, w, 3) float32: ``light`` with grain where ``weight`` is above 0, else its own bits.

        The grain is the frame's own, taken from even places of ``plate``; where it has too few,
        grain is made with the shot's spectrum. Nothing is driven beyond where the plate is cut off.

        Args:
            light: (h, w, 3) scene-linear, finite, without grain.
            weight: (h, w) float32, 0 to 1: how much of the deviation of grain is lacking.
            plate: (H, W, 3) the frame, or as much of it as is at hand; need not line up.
            keep: (H, W) bool where it shows background.
            seed: Seed of the job.
            frame: File number; the same arguments give the same bits.
        """
        box = _box(weight)
        if box is None:
            return light
        rng = np.random.Generator(np.random.SFC64([seed, frame % 2**32]))
        below, share = light[box], weight[box][..., None]
        size = share.shape[:2]
        grain = quilted(self._patches(size, plate, keep, rng), size, rng)
        grained = light.copy()
        inside = grained[box]
        for top in range(0, size[0], _BAND):
            band = slice(top, top + _BAND)
            self._put(inside[band], below[band], share[band], grain[band])
        return grained

    def _put(self, grained: Rgb, light: Rgb, share: Float, grain: Float) -> None:
        """Put ``grain`` of variance 1 on ``light``, into ``grained``, where there is a share."""
        grain = grain * np.sqrt(self.response.variance(light))
        grain *= share
        grain += light
        np.maximum(grain, np.minimum(light, self.lowest), out=grain)
        np.minimum(grain, np.maximum(light, self.highest), out=grain)
        np.copyto(grained, grain, where=share > 0)

    def _patches(
        self, size: tuple[int, int], plate: Rgb, keep: Mask, rng: np.random.Generator
    ) -> Float:
        wanted = tiles(size)
        own = transplanted(plate, keep, response=self.response, roughness=self.roughness, rng=rng)
        if len(own) >= _FEWEST and len(own) * TURNS * _OFTEN >= wanted:
            return own
        return synthesised(self.spectrum, count=min(wanted, _MADE), rng=rng)

    def measures(self, light: Rgb, grained: Rgb, weight: Float) -> dict[str, float]:
        """What came onto a fill: its deviation, and that over the plate's at the same light.

        Args:
            light: (h, w, 3) what `onto` was given.
            grained: (h, w, 3) what it returned.
            weight: (h, w) as it was given.

        Returns:
            ``grain_sigma`` (scene-linear) and ``grain_sigma_ratio`` over the pixels that lacked
            all of it; nothing where there are none, no ratio where the plate has no grain at
            their light, as in its black.
        """
        whole = weight >= 1
        if not whole.any():
            return {}
        added = grained[whole] - light[whole]
        power = float(np.mean(added**2, dtype=np.float64))
        expected = float(np.mean(self.response.variance(light[whole]), dtype=np.float64))
        told = {"grain_sigma": power**0.5}
        if expected >= _FAINTEST:
            told["grain_sigma_ratio"] = (power / expected) ** 0.5
        return told

    def facts(self) -> dict[str, bool | int | float | str]:
        """What to write down with a result."""
        sigma = np.sqrt(self.response.variance(np.full(3, _GREY, np.float32)))
        return {
            "grain_blocks": self.blocks,
            "grain_agreement": self.agreement,
            "grain_sigma_red": float(sigma[0]),
            "grain_sigma_green": float(sigma[1]),
            "grain_sigma_blue": float(sigma[2]),
            "grain_neighbour_correlation": self.spectrum.neighbour,
            "grain_channel_correlation": self.spectrum.shared,
        }


def _box(weight: Float) -> tuple[slice, slice] | None:
    """The smallest box around what is above 0."""
    rows, columns = (np.flatnonzero((weight > 0).any(axis=axis)) for axis in (1, 0))
    if rows.size == 0:
        return None
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
