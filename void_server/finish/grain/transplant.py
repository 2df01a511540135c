"""Patches of a frame's own grain."""

from __future__ import annotations

import numpy as np

from void_server.finish import Mask
from void_server.finish.grain.blocks import SIDE, Float, Rgb, apart, clipped, corners, rms, taken
from void_server.finish.grain.response import Response

_LOOKED_AT = 256
"""Blocks of a frame that are looked at."""

_KEPT = 96
"""Patches of a frame that are used."""

_ROUGH = 1.6
"""How much rougher than the shot's grain a patch may be: structure must not be carried over."""

_AT_ONCE = 128

_RARE = 1 / 16
"""Share of the blocks that are of use below which no more are looked at."""

_STRONG = 1.6
"""Factor by which a patch's deviation may differ from the curve."""


def transplanted(
    plate: Rgb, keep: Mask, *, response: Response, roughness: float, rng: np.random.Generator
) -> Float:
    """(N, 3, s, s) grain of even places of a frame, of variance 1 over all of them.

    Nothing of coarse frequency is in them but grain: what is not as rough and as strong as the
    shot's grain is left where it is.

    Args:
        plate: (H, W, 3) scene-linear, finite.
        keep: (H, W) bool where it shows background.
        response: How strong the shot's grain is.
        roughness: As in `Blocks`, of the shot's grain.
        rng: Decides which places.
    """
    at = corners(keep, most=_LOOKED_AT, rng=rng)
    found: list[Float] = [np.zeros((0, 3, SIDE, SIDE), np.float32)]
    for start in range(0, len(at), _AT_ONCE):
        found.append(_fit(taken(plate, at[start : start + _AT_ONCE]), response, roughness))
        count = sum(map(len, found))
        if count >= _KEPT or count < _RARE * (start + _AT_ONCE):
            break
    unit = np.concatenate(found)[:_KEPT]
    # With the shading some grain went; what remains is brought to the strength of the whole.
    power = np.einsum("ncyx,ncyx->c", unit, unit) / max(len(unit) * SIDE**2, 1)
    return np.asarray(unit / np.sqrt(np.maximum(power, 1e-12))[:, None, None], np.float32)


def _fit(pieces: Float, response: Response, roughness: float) -> Float:
    """Of (N, 3, s, s) pieces of a plate those of grain alone, by how strong grain is there."""
    blocks = apart(pieces)
    deviation = np.sqrt(response.variance(blocks.light))
    strength = rms(blocks.rest) / np.maximum(deviation, 1e-12)
    grainy = response.terms.any(axis=1)
    good = (blocks.roughness <= _ROUGH * roughness) & ~clipped(pieces)
    good &= (((strength < _STRONG) & (strength > 1 / _STRONG)) | ~grainy).all(axis=1)
    scale = np.where(grainy, deviation[good], np.inf)
    return np.asarray(blocks.rest[good] / scale[:, :, None, None], np.float32)
