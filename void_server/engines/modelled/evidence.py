"""Pictures that show how a fill came about: what the model saw, what it returned, what is real."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from void_server.finish import Code

Picture = npt.NDArray[np.uint8]
"""(H, W, 3) uint8, as a monitor shows it."""

SAW = "what the model saw"
RETURNED = "what the model returned"
REAL = "real pixels (white), invented (black)"

_INKS = {0: (235, 60, 60), 63: (235, 140, 40), 127: (235, 220, 60)}
"""Colour of the outline of each level: removed, overlap, affected."""


def shown(code: Code, levels: npt.NDArray[np.uint8] | None = None) -> Picture:
    """The numbers of model space as they are, which a display picture's would be.

    Args:
        code: What to show.
        levels: (H, W) quadmask whose outlines are drawn over it.
    """
    picture = np.rint(np.clip(np.nan_to_num(code), 0, 1) * 255).astype(np.uint8)
    picture = np.ascontiguousarray(picture)
    if levels is not None:
        for level, ink in _INKS.items():
            picture[_outline(np.asarray(levels == level))] = ink
    return picture


def real(share: npt.NDArray[np.float32], hole: npt.NDArray[np.bool_]) -> Picture:
    """The confidence map of a hole's box: share of real pixels, mid-grey where nothing is filled.

    Args:
        share: (h, w) 0 to 1.
        hole: (h, w) the pixels that are filled.
    """
    gray = np.where(hole, np.rint(np.clip(share, 0, 1) * 255), 96).astype(np.uint8)
    return np.repeat(gray[..., None], 3, axis=2)


def _outline(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    inner = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0)
    return np.asarray(mask & (inner == 0))
