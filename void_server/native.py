"""Numbers in a file's own type."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from void_server.images.picture import Picture, Plane
from void_server.plate import HALF_MAX


def in_type(values: npt.NDArray[np.float32], kind: np.dtype[np.generic]) -> Plane:
    """Values in a file's type, with what is beyond it brought to its largest number.

    Args:
        values: Of any shape; NaN stays NaN.
        kind: float16 or float32.
    """
    limit = HALF_MAX if kind == np.float16 else float(np.finfo(np.float32).max)
    return np.clip(values, -limit, limit).astype(kind)


def patch_type(picture: Picture) -> np.dtype[np.generic]:
    """The type of what is made for a frame: half, or float where the plate itself is float."""
    planes = (picture.channel(name) for name in picture.rgb_names())
    return np.dtype(np.float32 if any(p.dtype == np.float32 for p in planes) else np.float16)
