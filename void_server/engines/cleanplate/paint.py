"""Continues a picture into a region that nothing shows."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from void_server.engines.cleanplate import tone
from void_server.engines.cleanplate.box import Box
from void_server.engines.cleanplate.exemplar import Completion, completed
from void_server.engines.engine import Mask, Rgb
from void_server.finish.membrane import membrane

Float = npt.NDArray[np.float32]

_MOST = 320
"""Longest side at which a region is completed; finer detail is carried over from the matches."""

_CONTEXT = 32
"""Least number of pixels around the region that it is continued from."""


def painted(picture: Rgb, *, known: Mask, unknown: Mask, seed: int) -> Rgb:
    """``picture`` with ``unknown`` continued from ``known``.

    The region is completed at a reduced size; then each pixel gets the fine detail of the place
    it was matched with.

    Args:
        picture: (h, w, 3) scene-linear, valid where ``known`` is.
        known: (h, w) bool, what may be continued.
        unknown: (h, w) bool, what is to be invented.
        seed: Seed of the random search.

    Source: the detail follows Yi et al., "Contextual residual aggregation for ultra high-resolution
    image inpainting" (2020), with patch matches in place of attention.
    """
    around = Box.around(unknown)
    if around is None:
        return picture
    result = picture.copy()
    if not known.any():
        result[unknown] = 0.0
        return result
    reach = max(_CONTEXT, around.height, around.width)
    cut = around.grown(reach, unknown.shape)
    if not known[cut.slices].any():
        cut = cut.grown(max(unknown.shape), unknown.shape)
    inside = unknown[cut.slices]
    code = _continued(tone.compressed(picture[cut.slices]), known[cut.slices], inside, seed)
    result[cut.slices][inside] = tone.expanded(code[inside])
    return result


def _continued(code: Float, known: Mask, unknown: Mask, seed: int) -> Float:
    """(h, w, 3) ``code``, completed where ``unknown``."""
    height, width = known.shape
    by = max(max(height, width) / _MOST, 1.0)
    size = (max(round(width / by), 1), max(round(height / by), 1))
    share = cv2.resize(known.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    lost = cv2.resize(unknown.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0
    if not (share > 0.5).any():
        share = share / share.max()
    kept = share > 0.5
    total = cv2.resize(code * known[..., None], size, interpolation=cv2.INTER_AREA)
    small = (total / np.maximum(share, 1e-6)[..., None]).astype(np.float32)
    completion = completed(small, known=kept & ~lost, unknown=lost | ~kept, seed=seed)
    fine = code - _enlarged(completion.code, known.shape)
    rim = known & (_enlarged(completion.rim.astype(np.float32), known.shape) > 0.5)
    filled = _enlarged(completion.patched, known.shape)
    filled += _detail(fine, completion, known, unknown | rim)
    if rim.any():
        # What the patches say of the rim, where it is known, says how far they are off inside.
        filled += membrane((code - filled) * rim[..., None], rim, cell=1)
    return filled


def _enlarged(small: Float, shape: tuple[int, ...]) -> Float:
    return np.asarray(cv2.resize(small, shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def _detail(fine: Float, completion: Completion, known: Mask, wanted: Mask) -> Float:
    """(h, w, 3) what the reduced size has lost, taken over from the matches."""
    height, width = known.shape
    rows, columns = completion.match.shape[:2]
    at = np.argwhere(wanted)
    scale = np.array([height / rows, width / columns])
    cell = np.minimum((at / scale).astype(np.int64), [rows - 1, columns - 1])
    offset = (completion.match[tuple(cell.T)] - cell) * scale
    source = np.clip(at + np.rint(offset).astype(np.int64), 0, [height - 1, width - 1])
    # A pixel matched with itself would bring its own detail as if it had been found.
    usable = known[tuple(source.T)] & (source != at).any(axis=1)
    detail = np.zeros_like(fine)
    detail[tuple(at[usable].T)] = fine[tuple(source[usable].T)]
    return detail
