"""Square pieces of a picture that show nothing but light and grain."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from void_server.finish import Mask

Float = npt.NDArray[np.float32]
"""float32 of any shape."""

Rgb = npt.NDArray[np.float32]
"""(H, W, 3) float32, scene-linear."""

SIDE = 32
"""Side of a block, pixels: several grains of the coarsest film scan, little of a picture's shading.
"""

_STEP = 16
"""Distance of neighbouring blocks, pixels."""

_CELL = 8
"""Side of the cells by whose means a block's unevenness is judged, pixels."""

_PILED = 0.02
"""Share of a block's values that may lie on its extreme before it counts as clipped."""


@dataclass(frozen=True)
class Blocks:
    """Blocks of a picture, each taken apart into light and the rest.

    Attributes:
        light: (N, 3) float32, mean light of each channel.
        rest: (N, 3, s, s) float32, what is left of a block when its shading is taken off.
        still: (N, 3) bool, channels in which neighbouring pixels are equal: no grain is there.
        roughness: (N,) float32, unevenness of cells of 8 pixels over that of neighbouring pixels,
            the channel that has most of it; grain alone has the same everywhere, structure more.
            Infinite where every channel is still.
    """

    light: Float
    rest: Float
    still: npt.NDArray[np.bool_]
    roughness: Float

    def of(self, chosen: npt.NDArray[np.bool_] | npt.NDArray[np.intp]) -> Blocks:
        """The blocks that ``chosen`` names."""
        return Blocks(
            self.light[chosen], self.rest[chosen], self.still[chosen], self.roughness[chosen]
        )

    def first(self, count: int) -> Blocks:
        """The first ``count`` of them, or all."""
        return self.of(np.arange(min(count, len(self.light))))


def corners(keep: Mask, *, most: int, rng: np.random.Generator) -> npt.NDArray[np.intp]:
    """(N, 2) row and column of blocks that lie in ``keep`` as a whole, in random order.

    They lie on a lattice with a random origin and overlap by half.

    Args:
        keep: (H, W) bool.
        most: How many at the most.
        rng: Decides on the origin and the order.
    """
    top, left = (int(rng.integers(_STEP)) if n >= SIDE + _STEP else 0 for n in keep.shape)
    rows, columns = ((n - o) // _STEP for n, o in zip(keep.shape, (top, left), strict=True))
    if min(rows, columns) < 2:
        return np.zeros((0, 2), np.intp)
    part = keep[top : top + rows * _STEP, left : left + columns * _STEP]
    mean = cv2.resize(
        part.view(np.uint8) * np.uint8(255), (columns, rows), interpolation=cv2.INTER_AREA
    )
    cell = mean == 255  # one pixel of 256 that is missing makes it 254
    whole = cell[:-1, :-1] & cell[1:, :-1] & cell[:-1, 1:] & cell[1:, 1:]
    found = np.argwhere(whole)
    found = found[rng.permutation(len(found))[:most]]
    return np.asarray(found * _STEP + (top, left), np.intp)


def taken(picture: Rgb, at: npt.NDArray[np.intp]) -> Float:
    """(N, 3, s, s) copies of the blocks of ``picture`` whose corners are ``at``."""
    if len(at) == 0:  # the picture may be smaller than a block
        return np.zeros((0, 3, SIDE, SIDE), np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(picture, (SIDE, SIDE), axis=(0, 1))
    return np.ascontiguousarray(windows[at[:, 0], at[:, 1]], np.float32)


def apart(blocks: Float, light: Float | None = None) -> Blocks:
    """Take (N, 3, s, s) blocks apart; ``light`` (N, 3) where it is not their mean."""
    rest = unshaded(blocks)
    mean = blocks.mean(axis=(2, 3)) if light is None else light
    still, roughness = _roughness(rest)
    return Blocks(mean.astype(np.float32), rest, still, roughness)


def clipped(blocks: Float) -> npt.NDArray[np.bool_]:
    """(N,) bool: blocks (N, 3, s, s) of which a channel is cut off at its top or bottom.

    Values of a channel that is cut off pile up on its extreme: there are more of them than of the
    next value. Grain in coarse steps, as of 8-bit video, has fewer there. A channel of one value
    alone is still, which is for others to judge.
    """
    flat = blocks.reshape(-1, 3, SIDE * SIDE)
    return np.asarray((_piled(flat) | _piled(-flat)).any(axis=1))


def _piled(values: Float) -> npt.NDArray[np.bool_]:
    top = values.max(axis=2, keepdims=True)
    on_top = values == top
    count = on_top.sum(axis=2)
    below = np.where(on_top, -np.inf, values).max(axis=2, keepdims=True)
    next_to_it = (values == below).sum(axis=2)
    return np.asarray((count > _PILED * values.shape[2]) & (count >= next_to_it) & (next_to_it > 0))


def unshaded(blocks: Float) -> Float:
    """(N, 3, s, s) blocks less the surface of second degree that is nearest to each."""
    surfaces = _surfaces()
    flat = blocks.reshape(-1, SIDE * SIDE)
    # Most of a block is its light: taken off first, it cannot round the grain of a bright one.
    flat = flat - flat[:, :1]
    return np.asarray(flat - (flat @ surfaces) @ surfaces.T, np.float32).reshape(blocks.shape)


@cache
def _surfaces() -> Float:
    """(s * s, 6) orthonormal surfaces 1, x, y, xy, x^2, y^2 over a block."""
    line = np.linspace(-1, 1, SIDE)
    y, x = (part.ravel() for part in np.meshgrid(line, line, indexing="ij"))
    basis, _ = np.linalg.qr(np.stack([np.ones_like(x), x, y, x * y, x**2, y**2], axis=1))
    return basis.astype(np.float32)


def _roughness(rest: Float) -> tuple[npt.NDArray[np.bool_], Float]:
    """(N, 3) where neighbours are equal, and (N,) unevenness of cells over that of neighbours."""
    count = SIDE // _CELL
    sums = np.kron(np.eye(count, dtype=np.float32), np.full((1, _CELL), 1 / _CELL, np.float32))
    coarse = rms(sums @ rest @ sums.T)
    fine = rms(rest[..., 1:] - rest[..., :-1])
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(fine == 0, -np.inf, coarse / fine).max(axis=1)
    return fine == 0, np.asarray(np.where(ratio >= 0, ratio, np.inf), np.float32)


def rms(pictures: Float) -> Float:
    """(N, 3) root of the mean square of (N, 3, y, x)."""
    square = np.einsum("ncyx,ncyx->nc", pictures, pictures)
    return np.asarray(np.sqrt(square / (pictures.shape[2] * pictures.shape[3])), np.float32)
