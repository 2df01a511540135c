"""Walking through a picture in pieces that stay in the processor's cache.

A 4K picture does not fit there: every step of a formula would fetch and store 100 MB anew. Done
piece by piece, all steps of a formula cost little more than one.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Strip = npt.NDArray[np.float32]
"""(n, k) float32, C-contiguous."""

_VALUES = 12288
"""Of one strip; with three arrays of float64 beside it 384 KiB, for the second cache."""

_ARRAYS = 3


def strips(
    source: npt.NDArray[np.float32], out: npt.NDArray[np.float32], *, width: int
) -> Iterator[tuple[Strip, Strip]]:
    """Matching pieces of two arrays of one shape.

    Args:
        source: float32, of any layout; pieces that are not contiguous come as copies.
        out: float32, C-contiguous; its pieces are views. May be ``source`` itself.
        width: Neighbours that are never parted, k; the last axis is a multiple of it.
    """
    if not source.size:
        return
    if not source.flags.c_contiguous and source.ndim > 2:
        for part, into in zip(source, out, strict=True):
            yield from strips(part, into, width=width)
        return
    rows, into = np.ascontiguousarray(source).reshape(-1, width), out.reshape(-1, width)
    step = _VALUES // width
    for start in range(0, len(rows), step):
        yield rows[start : start + step], into[start : start + step]


class Bench:
    """Arrays to work in, lent for one strip after another.

    One for each call that walks through a picture, so that threads do not share it.
    """

    def __init__(self) -> None:
        self._memory = np.empty((_ARRAYS, _VALUES))

    def like(self, strip: Strip) -> list[npt.NDArray[np.float64]]:
        """Three arrays of float64 in the shape of a strip, with anything in them."""
        return [memory[: strip.size].reshape(strip.shape) for memory in self._memory]
