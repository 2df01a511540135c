"""Covers an area with patches of grain so that no seam and no repetition shows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from void_server.finish.grain.blocks import SIDE, Float

_OVERLAP = 8
"""Pixels over which one patch fades into the next."""

_STRIDE = SIDE - _OVERLAP

TURNS = 4
"""Ways in which a patch is laid: as it is, and mirrored. It is not turned by a quarter: grain of
video is not the same along rows and columns."""


def tiles(size: tuple[int, int]) -> int:
    """How many patches cover (height, width) pixels at the most."""
    down, across = _counts(size)
    return down * across


def quilted(patches: Float, size: tuple[int, int], rng: np.random.Generator) -> Float:
    """(height, width, 3) float32 of variance 1, covered with ``patches``.

    Where two patches overlap, the squares of their weights add up to 1, which for patches that
    have nothing to do with each other keeps the variance.

    Args:
        patches: (N, 3, s, s) of variance 1, N at least 1.
        size: (height, width), pixels.
        rng: Decides where the pattern begins, which patch lies where, and how it is turned.
    """
    down, across = _counts(size)
    table = _laid_ways(patches)
    order = _order(len(table), down * across, rng)
    canvas = np.zeros((down * _STRIDE + _OVERLAP, across * _STRIDE + _OVERLAP, 3), np.float32)
    for number, index in enumerate(order):
        top, left = (_STRIDE * part for part in divmod(number, across))
        canvas[top : top + SIDE, left : left + SIDE] += table[index]
    top, left = (_OVERLAP + int(rng.integers(_STRIDE)) for _ in range(2))
    return canvas[top : top + size[0], left : left + size[1]]


def _counts(size: tuple[int, int]) -> tuple[int, int]:
    """Rows and columns of patches, with room for the pattern to begin anywhere in a patch."""
    down, across = (-(-(n + 2 * _STRIDE) // _STRIDE) for n in size)
    return down, across


def _laid_ways(patches: Float) -> Float:
    """(TURNS * N, s, s, 3) the patches in each way to lay them, faded out to their edges."""
    ramp = np.sin(0.5 * np.pi * (np.arange(_OVERLAP) + 0.5) / _OVERLAP)
    fade = np.concatenate([ramp, np.ones(SIDE - 2 * _OVERLAP), ramp[::-1]])
    faded = (patches * np.outer(fade, fade).astype(np.float32)).transpose(0, 2, 3, 1)
    ways = [faded, faded[:, ::-1], faded[:, :, ::-1], faded[:, ::-1, ::-1]]
    return np.ascontiguousarray(np.concatenate(ways))


def _order(kinds: int, count: int, rng: np.random.Generator) -> npt.NDArray[np.intp]:
    """(count,) which patch lies where: each is laid once before any is laid again."""
    rounds = -(-count // kinds)
    return np.concatenate([rng.permutation(kinds) for _ in range(rounds)])[:count]
