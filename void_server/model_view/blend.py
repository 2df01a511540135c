"""Tiles of one picture, put together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from void_server.model_view.region import Region
from void_server.model_view.tiling import OVERLAP

_STEPS = 1 << 20
"""Weights are multiples of 1 / this: sums of such are exact in float32."""

_BAND = 64
"""Rows at a time: in double precision all of a large hole would take gigabytes."""

Weights = npt.NDArray[np.float32]
"""(n, h, w) float32, 0 to 1: the share of each tile; a pixel's add up to exactly 1."""


def tile_weights(tiles: Sequence[Region], box: tuple[slice, slice]) -> Weights:
    """How much each tile counts in a box of the canvas: all at its middle, none at its edge.

    A pixel that no tile shows belongs to the first; there is no hole there.

    Args:
        tiles: Overlapping regions, at least one.
        box: Rows and columns of the canvas.
    """
    rows, columns = box
    weights = np.empty(
        (len(tiles), rows.stop - rows.start, columns.stop - columns.start), np.float32
    )
    for start in range(rows.start, rows.stop, _BAND):
        band = slice(start, min(start + _BAND, rows.stop))
        weights[:, band.start - rows.start : band.stop - rows.start] = _of_band(
            tiles, band, columns
        )
    return weights


def _of_band(tiles: Sequence[Region], rows: slice, columns: slice) -> npt.NDArray[np.float64]:
    raw = np.stack([_rise(tile, (rows, columns)) for tile in tiles])
    total = raw.sum(axis=0)
    raw[0][total == 0] = 1.0
    shares = np.rint(raw / np.where(total == 0, 1.0, total) * _STEPS)
    # What rounding has left over goes where it shows least.
    largest = shares.argmax(axis=0)[None]
    whole = np.take_along_axis(shares, largest, 0) + _STEPS - shares.sum(axis=0)
    np.put_along_axis(shares, largest, whole, 0)
    return np.asarray(shares / _STEPS)


def _rise(tile: Region, box: tuple[slice, slice]) -> npt.NDArray[np.float64]:
    """(h, w): 1 inside a tile, smoothly down to 0 over its overlap, 0 beyond."""
    down = _profile(box[0], tile.top, tile.height)
    across = _profile(box[1], tile.left, tile.width)
    return np.outer(down, across)


def _profile(span: slice, start: int, size: int) -> npt.NDArray[np.float64]:
    centres = np.arange(span.start, span.stop) + 0.5 - start
    depth = np.minimum(centres, size - centres) / (OVERLAP * size)
    rise = np.clip(depth, 0.0, 1.0)
    profile: npt.NDArray[np.float64] = rise * rise * (3.0 - 2.0 * rise)
    return profile
