"""Remove and affected as two planes, and the four levels that stand for them in files.

=======  ========  =====
remove   affected  level
=======  ========  =====
no       no        255
no       yes       127
yes      yes       63
yes      no        0
=======  ========  =====

Levels exist only in files. Everything inside works on planes, so that a value between two
levels cannot come about.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from bridge.errors import RequestError
from void_server.engines.engine import Mask

Levels = npt.NDArray[np.uint8]
"""(H, W) uint8, one of 0, 63, 127, 255."""

LEVELS = (0, 63, 127, 255)

REMOVE_THRESHOLD = 0.004
"""Coverage above which a pixel is to be removed.

Source: VOID's training masks count any coverage above 1/255; 0.004 keeps clear of the rounding
of 1/255 in half.
"""

AFFECTED_THRESHOLD = 0.5
"""Coverage from which on a pixel counts as affected."""

KEEP_THRESHOLD = 0.004
"""Coverage above which a hold-out protects a pixel."""

_TOLERANCE = 8
_MOST_OFF = 0.005

_READABLE = (LEVELS, (16, 70, 125, 235), (0, 55, 129, 255))
"""The levels as they are, with video range read as full range, and the other way round."""

_MISTAKES = (
    ("inverted", "Invert it.", (192,), (63,)),
    ("converted from sRGB to linear", "Read and write it as raw data.", (13, 54), (63, 127)),
    ("converted from linear to sRGB", "Read and write it as raw data.", (136, 187), (63, 127)),
)
"""What went wrong, the way out, levels that tell of it, and levels that speak against it."""


def levels_of(remove: Mask, affected: Mask) -> Levels:
    """The level of each pixel."""
    table = np.array([255, 127, 0, 63], np.uint8)
    return table[remove.astype(np.uint8) * 2 + affected]


def planes_of(levels: npt.NDArray[Any]) -> tuple[Mask, Mask]:
    """(remove, affected) from levels on a scale of 0 to 255, each binned to the nearest meaning.

    Source: the bins of VOID's reference pipeline, at 31/32, 95/96 and 191/192.
    """
    remove: Mask = levels < 95.5
    affected: Mask = (levels >= 31.5) & (levels < 191.5)
    return remove, affected


def covered(plane: npt.NDArray[Any], threshold: float, *, inclusive: bool = False) -> Mask:
    """Where a matte lies above (or, inclusive, at) a threshold; NaN and Inf count as 0.

    Args:
        plane: (h, w) matte: floats as they are, integers over their full range.
        threshold: Coverage, 0 to 1; above 0.
        inclusive: Whether the threshold itself counts.
    """
    if plane.dtype == np.float16:
        return _covered_half(plane, threshold, inclusive=inclusive)
    if np.issubdtype(plane.dtype, np.integer):
        at = threshold * float(np.iinfo(plane.dtype).max)
        least = math.ceil(at) if inclusive else math.floor(at) + 1
        return np.asarray(plane >= least)
    above = plane >= threshold if inclusive else plane > threshold
    return np.asarray(above & np.isfinite(plane))


def union(masks: Iterable[Mask], shape: tuple[int, int]) -> Mask:
    """Pixels in any of the masks. Each has its own threshold behind it: soft edges never add up."""
    found = np.zeros(shape, np.bool_)
    for mask in masks:
        found |= mask
    return found


def subtract(mask: Mask, keep: Mask) -> Mask:
    """The mask without what is held out."""
    return mask & ~keep


def clear_affected(levels: Levels) -> Levels:
    """Levels for the first frame of a clip, where nothing is affected yet: 127->255, 63->0."""
    remove, affected = planes_of(levels)
    return levels_of(remove, np.zeros_like(affected))


def read_planes(plane: npt.NDArray[Any], subject: str) -> tuple[Mask, Mask]:
    """(remove, affected) from a quadmask as it was decoded.

    Args:
        plane: (h, w): uint8 levels, uint16 over the full range, or floats of level / 255.
        subject: How messages name the frame.

    Raises:
        RequestError: More than 0.5 % of the pixels are no level; says what they look like.
    """
    levels = _as_levels(plane)
    _check(np.bincount(levels.ravel(), minlength=256), subject)
    return planes_of(levels)


def _as_levels(plane: npt.NDArray[Any]) -> Levels:
    if plane.dtype == np.uint8:
        return plane
    if np.issubdtype(plane.dtype, np.integer):
        top = int(np.iinfo(plane.dtype).max) // 255
        return ((plane.astype(np.uint32) + top // 2) // top).astype(np.uint8)
    # What is no number asks for nothing: it is kept.
    values = np.where(np.isfinite(plane), plane, 1).astype(np.float32)
    levels: Levels = np.rint(np.clip(values * 255, 0, 255)).astype(np.uint8)
    return levels


def _check(histogram: npt.NDArray[np.intp], subject: str) -> None:
    off = min(_share_off(histogram, levels) for levels in _READABLE)
    mistake = _mistake(histogram)
    if off <= _MOST_OFF and mistake is None:
        return
    found = ", ".join(str(level) for level in _peaks(histogram))
    looks, hint = mistake or ("resized, filtered or no quadmask", "Write it without filtering.")
    raise RequestError(
        subject,
        f"{off:.1%} of the quadmask is none of the levels 0, 63, 127, 255 (got {found}); "
        f"it looks {looks}",
        hint,
        code="quadmask",
    )


def _share_off(histogram: npt.NDArray[np.intp], levels: Iterable[int]) -> float:
    near = np.zeros(256, np.bool_)
    for level in levels:
        near[max(0, level - _TOLERANCE) : level + _TOLERANCE + 1] = True
    return float(histogram[~near].sum() / max(1, histogram.sum()))


def _mistake(histogram: npt.NDArray[np.intp]) -> tuple[str, str] | None:
    """What was done to the levels, as far as it shows in them."""
    total = max(1, histogram.sum())

    def there(level: int) -> bool:
        return bool(histogram[level - 3 : level + 4].sum() > _MOST_OFF * total)

    for looks, hint, telltales, against in _MISTAKES:
        if any(map(there, telltales)) and not any(map(there, against)):
            return looks, hint
    return None


def _peaks(histogram: npt.NDArray[np.intp]) -> list[int]:
    strongest = np.argsort(histogram)[::-1][:6]
    return sorted(int(level) for level in strongest if histogram[level])


def _covered_half(plane: npt.NDArray[Any], threshold: float, *, inclusive: bool) -> Mask:
    """As bit patterns: positive halves are ordered like integers, negative ones lie below 0."""
    nearest = np.float16(threshold)
    at = int(nearest.view(np.int16))
    if float(nearest) > threshold or (inclusive and float(nearest) == threshold):
        at -= 1
    bits = plane.view(np.int16)
    return np.asarray((bits > at) & (bits < 0x7C00))
