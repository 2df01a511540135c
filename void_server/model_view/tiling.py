"""Overlapping tiles over a large hole: how many, where, and what each of them sees."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import product

import cv2
import numpy as np
import numpy.typing as npt

from void_server.engines.engine import Footage, Mask, Progress
from void_server.images.window import Window
from void_server.model_view.region import Region, Shape, placed_around

TILE_SCALE = 1.5
"""Plate pixels per model pixel that tiles are aimed at: below, more of them show little more."""

TILES_MOST = 6
"""Tiles at most: each is a run of the model."""

OVERLAP = 0.25
"""Share of a tile, at least, that its neighbour sees too."""

_CELL = 16
"""Plate pixels: side of the cells in which a shot is counted."""


@dataclass(frozen=True, kw_only=True)
class Tiling:
    """Rows and columns of tiles.

    Attributes:
        down: Rows of tiles.
        across: Columns of tiles.
        tiles: From the top left; fewer than rows times columns where some have nothing to do.
    """

    down: int
    across: int
    tiles: tuple[Region, ...] = field(repr=False)

    @property
    def reduction(self) -> float:
        """Plate pixels per model pixel; all tiles have the same size."""
        return self.tiles[0].reduction

    def __str__(self) -> str:
        whole = self.down * self.across
        used = "" if len(self.tiles) == whole else f"{len(self.tiles)} of "
        return f"{used}{self.down} x {self.across} tiles of {self.tiles[0].ratio}"


@dataclass(frozen=True)
class Counted:
    """What a shot's masks hold, averaged over its frames.

    Attributes:
        cells: (h, w) float32: the share of each cell of 16 by 16 plate pixels.
    """

    cells: npt.NDArray[np.float32]

    def mean(self, tile: Region) -> float:
        """Over the cells that a tile touches."""
        rows, columns = self.cells.shape
        on = tile.on((rows * _CELL, columns * _CELL))
        down = slice(on.y_min // _CELL, on.y_max // _CELL + 1)
        return float(self.cells[down, on.x_min // _CELL : on.x_max // _CELL + 1].mean())


def tilings(need: Window, shape: Shape, canvas: tuple[int, int], hole: Counted) -> list[Tiling]:
    """All there may be; tiles that see no hole are left out.

    Args:
        need: What they are to show, on the canvas.
        shape: Of the model's picture.
        canvas: (height, width).
        hole: Where there is something to do.
    """
    found = []
    for down, across in product(range(1, TILES_MOST + 1), repeat=2):
        grid = _tiles(need, shape, canvas, down, across)
        tiles = tuple(tile for tile in grid if hole.mean(tile) > 0) or grid[:1]
        if len(grid) == down * across and len(tiles) <= TILES_MOST:
            found.append(Tiling(down=down, across=across, tiles=tiles))
    return found


def best(found: Sequence[Tiling]) -> Tiling:
    """The fewest tiles that are sharp enough, else the sharpest."""
    sharp = [one for one in found if one.reduction <= TILE_SCALE]
    if sharp:
        return min(sharp, key=lambda one: (len(one.tiles), one.reduction))
    return min(found, key=lambda one: (one.reduction, len(one.tiles)))


def background_and_hole(
    footage: Footage, progress: Progress | None = None
) -> tuple[Counted, Counted]:
    """Where a shot shows background, and where it has a hole, over all its frames.

    Args:
        footage: The shot.
        progress: Told after each frame; may raise to stop.
    """
    masks = footage.foreign, footage.hole
    foreign, hole = (_counted(footage, mask, progress) for mask in masks)
    return Counted(1 - foreign), Counted(hole)


def _tiles(
    need: Window, shape: Shape, canvas: tuple[int, int], down: int, across: int
) -> tuple[Region, ...]:
    """From the top left; fewer where fewer do."""
    size = shape.at_least_native(_side(need.height, down), _side(need.width, across))
    starts = product(
        _starts(need.y_min, need.height, size[0], down),
        _starts(need.x_min, need.width, size[1], across),
    )
    windows = (Window.of_size(size[1], size[0], left=left, top=top) for top, left in starts)
    return tuple(placed_around(w, size, canvas=canvas, grid=shape.grid) for w in windows)


def _side(extent: int, count: int) -> int:
    """Pixels of each of ``count`` tiles that cover an extent and overlap as they must."""
    return math.ceil(extent / (count - (count - 1) * OVERLAP))


def _starts(first: int, extent: int, size: int, count: int) -> list[int]:
    """Where tiles begin, evenly spread from one end of the extent to the other; one may do."""
    if count == 1 or size >= extent:
        return [first - (size - extent) // 2]
    return [first + round(i * (extent - size) / (count - 1)) for i in range(count)]


def _counted(
    footage: Footage, mask: Callable[[int], Mask], progress: Progress | None
) -> npt.NDArray[np.float32]:
    rows, columns = (math.ceil(side / _CELL) for side in footage.size)
    total = np.zeros((rows, columns), np.float32)
    for done, number in enumerate(footage.frames, start=1):
        total += _in_cells(mask(number), rows, columns)
        if progress is not None:
            progress("choosing tiles", done, len(footage.frames), frame=number)
    return total / np.float32(len(footage.frames))


def _in_cells(mask: Mask, rows: int, columns: int) -> npt.NDArray[np.float32]:
    below, beside = rows * _CELL - mask.shape[0], columns * _CELL - mask.shape[1]
    whole = cv2.copyMakeBorder(mask.view(np.uint8), 0, below, 0, beside, cv2.BORDER_REPLICATE)
    # Sums of 16 fit a byte; along rows first, which is the fast way through memory.
    lines = whole.reshape(rows, _CELL, -1).sum(axis=1, dtype=np.uint8)
    cells = lines.reshape(rows, columns, _CELL).sum(axis=2, dtype=np.float32)
    return np.asarray(cells / np.float32(_CELL * _CELL), np.float32)
