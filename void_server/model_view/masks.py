"""A plate's masks as a model's picture has them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from void_server.engines.engine import Footage, Mask
from void_server.images.window import Window
from void_server.model_view.mirror import mirrored_by
from void_server.model_view.region import Region


def in_region(mask: Mask, region: Region) -> Mask:
    """(h, w) bool at the plate's size: a mask of the canvas over a region, mirrored beyond it.

    Args:
        mask: (H, W) bool over the canvas.
        region: What is wanted.
    """
    part = _on_canvas(mask, region)
    found = mirrored_by(part.view(np.uint8), region.beyond(_size(mask)))
    return found.view(np.bool_)


def hole_on_grid(footage: Footage, frame: int, region: Region) -> Mask:
    """(H, W) bool on the region's grid: cells in which any pixel is to be filled."""
    return any_in_cells(in_region(footage.hole(frame), region), region.grid)


def foreign_on_grid(footage: Footage, frame: int, region: Region) -> Mask:
    """(H, W) bool on the region's grid: cells in which any pixel does not show background.

    What is mirrored beyond the canvas was not photographed there, and counts as foreign.
    """
    foreign = footage.foreign(frame)
    beyond = region.beyond(_size(foreign))
    whole = np.pad(_on_canvas(foreign, region), beyond, constant_values=True)
    return any_in_cells(whole, region.grid)


def any_in_cells(mask: Mask, grid: tuple[int, int]) -> Mask:
    """(H, W) bool: cells of a grid over the mask that overlap any pixel of it."""
    rows = _any_along(np.ascontiguousarray(mask).view(np.uint8), grid[0])
    cells = _any_along(np.ascontiguousarray(rows.T), grid[1])
    return np.ascontiguousarray(cells.T).view(np.bool_)


def _any_along(mask: npt.NDArray[np.uint8], count: int) -> npt.NDArray[np.uint8]:
    """(count, w) from (h, w): rows in any of ``count`` equal stretches; shared ones in both."""
    size = len(mask)
    found = np.empty((count, mask.shape[1]), np.uint8)
    for index in range(count):
        first, end = index * size // count, -(-(index + 1) * size // count)
        np.bitwise_or.reduce(mask[first:end], axis=0, out=found[index])
    return found


def _on_canvas(mask: Mask, region: Region) -> Mask:
    size = _size(mask)
    whole = Window.of_size(size[1], size[0])
    return np.ascontiguousarray(mask[whole.slices(region.on(size))])


def _size(mask: Mask) -> tuple[int, int]:
    return mask.shape[0], mask.shape[1]
