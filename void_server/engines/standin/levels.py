"""A quadmask at model size for pictures of it; no model reads this one."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from void_server.engines.engine import Mask
from void_server.quadmask import levels_of


def levels(remove: Mask, affected: Mask, grid: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """(h, w) uint8 levels: a cell belongs to what covers at least half of it."""
    return np.asarray(levels_of(_reduced(remove, grid), _reduced(affected, grid)), np.uint8)


def _reduced(mask: Mask, grid: tuple[int, int]) -> Mask:
    share = cv2.resize(mask.astype(np.float32), grid[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(share >= 0.5)
