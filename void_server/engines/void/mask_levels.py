"""A quadmask's way to model size."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt
import torch

from void_server.engines.engine import Mask
from void_server.engines.void.conditioning import levels_clean, levels_reference
from void_server.model_view.region import Grid
from void_server.model_view.shot import Levels
from void_server.quadmask import levels_of


def grid_levels(mask_resize: str) -> Levels:
    """How `read_shots` brings masks to model size.

    Args:
        mask_resize: ``clean`` or ``reference``.
    """
    return _reference if mask_resize == "reference" else _clean


def _clean(remove: Mask, affected: Mask, grid: Grid) -> npt.NDArray[np.uint8]:
    planes = torch.from_numpy(_dilated(remove, grid))[None], torch.from_numpy(affected)[None]
    return np.asarray(levels_clean(*planes, height=grid[0], width=grid[1])[0].numpy())


def _reference(remove: Mask, affected: Mask, grid: Grid) -> npt.NDArray[np.uint8]:
    whole = torch.from_numpy(levels_of(remove, affected))[None]
    return np.asarray(levels_reference(whole, height=grid[0], width=grid[1])[0].numpy())


def _dilated(mask: Mask, grid: Grid) -> Mask:
    """Grown by a model pixel, as the masks were that the model was trained with.

    Thin wires would not survive the way to model size without it.
    """
    down, across = (math.ceil(side / cells) for side, cells in zip(mask.shape, grid, strict=True))
    ellipse = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * across + 1, 2 * down + 1))
    grown: Mask = cv2.dilate(mask.astype(np.uint8), ellipse).astype(np.bool_)
    return grown
