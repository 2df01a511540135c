"""Continues a picture into a region that nothing shows."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from void_server.engines.cleanplate import tone
from void_server.engines.cleanplate.box import Box
from void_server.engines.engine import Mask, Rgb

Float = npt.NDArray[np.float32]

_MOST = 320
"""Longest side at which a region is continued; what is invented has no finer detail anyway."""

_CONTEXT = 48
"""Pixels around the region that it is continued from."""

_RADIUS = 5


def painted(picture: Rgb, *, known: Mask, unknown: Mask) -> Rgb:
    """``picture`` with ``unknown`` continued from ``known``; smooth, without grain.

    Args:
        picture: (h, w, 3) scene-linear, valid where ``known`` is.
        known: (h, w) bool, what may be continued.
        unknown: (h, w) bool, what is to be invented.

    Source: Telea, "An image inpainting technique based on the fast marching method" (2004), in
    the compressed domain.
    """
    around = Box.around(unknown)
    if around is None:
        return picture
    result = picture.copy()
    if not known.any():
        result[unknown] = 0.0
        return result
    reach = max(_CONTEXT, around.height // 4, around.width // 4)
    cut = _with_something_known(around.grown(reach, unknown.shape), known)
    code = _continued(tone.compressed(picture[cut.slices]), known[cut.slices])
    inside = unknown[cut.slices]
    result[cut.slices][inside] = tone.expanded(code[inside])
    return result


def _with_something_known(box: Box, known: Mask) -> Box:
    return box if known[box.slices].any() else box.grown(max(known.shape), known.shape)


def _continued(code: Float, known: Mask) -> Float:
    """(h, w, 3) ``code`` reduced, continued where not ``known``, and brought back to size."""
    height, width = known.shape
    by = max(max(height, width) / _MOST, 1.0)
    size = (max(round(width / by), 1), max(round(height / by), 1))
    share = cv2.resize(known.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    total = cv2.resize(code * known[..., None], size, interpolation=cv2.INTER_AREA)
    small = total / np.maximum(share, 1e-6)[..., None]
    missing = (share < 0.25).astype(np.uint8)
    if missing.all():
        missing = (share <= share.max() / 2).astype(np.uint8)
    planes = [cv2.inpaint(np.ascontiguousarray(small[..., c]), missing, _RADIUS, cv2.INPAINT_TELEA)
              for c in range(3)]  # fmt: skip
    return np.asarray(
        cv2.resize(np.dstack(planes), (width, height), interpolation=cv2.INTER_CUBIC), np.float32
    )
