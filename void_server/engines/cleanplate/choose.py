"""Which of several frames' pixels goes into the hole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from void_server.engines.cleanplate import tone
from void_server.engines.cleanplate.gather import Sample
from void_server.engines.engine import Mask, Rgb

_WINDOW = 5
"""Side of the square over which frames are compared, pixels: detail counts, grain does not."""

_SLACK = 0.03
"""Difference in `tone.compressed` that frames may always have, about 3 per cent of light."""

_SPREADS = 5.0
"""Difference, in robust deviations of all frames from the median, beyond which one disagrees."""

_FARTHEST = 0.25
"""Difference in `tone.compressed`, about a third of a stop, beyond which no frame agrees."""

_THINNED = 5  # one pixel in so many is looked at to judge how far frames differ


@dataclass(frozen=True)
class Choice:
    """The chosen pixels.

    Attributes:
        rgb: (h, w, 3) float32, scene-linear; 0 where nothing was seen.
        seen: (h, w) uint16, how many frames agree on the pixel; 0 where none shows it.
    """

    rgb: Rgb
    seen: npt.NDArray[np.uint16]


def choose(samples: Sequence[Sample], wanted: Mask, *, turn: int) -> Choice:
    """Take each wanted pixel whole from one of the nearest frames that agree on it.

    The median over the frames says what the background looks like; frames that differ from it (a
    passer-by, a shadow, a wrong track) are out. Of those that remain the pixel is taken unmixed:
    a mean, or the median itself, would average the grain away. Which of them it is goes around
    with ``turn``, the number of the frame, so that the grain of a fill lives.

    Args:
        samples: The sources in one box, exposure-matched, nearest in time first.
        wanted: (h, w) bool, the pixels to choose.
        turn: Counts up by one per frame.

    Source: median over time as the robust background, and real pixels near it, after Granados et
    al., "Background inpainting for videos with dynamic objects and a free-moving camera" (2012),
    with an explicit vote in place of their graph cut.
    """
    rgb = np.zeros((*wanted.shape, 3), np.float32)
    seen = np.zeros(wanted.shape, np.uint16)
    if not samples or not wanted.any():
        return Choice(rgb, seen)
    looks = np.stack([look(sample)[wanted] for sample in samples])
    shown = np.stack([sample.valid[wanted] for sample in samples])
    agreeing = _agreeing(looks, shown)
    seen[wanted] = agreeing.sum(axis=0, dtype=np.uint16)
    _take(rgb, samples, wanted, _turn_taken(agreeing, turn))
    return Choice(rgb, seen)


def look(sample: Sample) -> npt.NDArray[np.float32]:
    """(h, w) compressed luma, smoothed over the pixels that are valid only."""
    weight = sample.valid.astype(np.float32)
    code = tone.compressed(tone.luma(sample.rgb)) * weight
    size = (_WINDOW, _WINDOW)
    return np.asarray(cv2.blur(code, size) / np.maximum(cv2.blur(weight, size), 1e-6), np.float32)


def _agreeing(looks: npt.NDArray[np.float32], shown: Mask) -> Mask:
    """(N, P) bool: which frames agree on which pixel; at least one of those that show it."""
    far = np.float32(np.inf)
    middle = _median(looks, shown)
    apart = np.where(shown, np.abs(looks - middle), far)
    some = apart[:, ::_THINNED][shown[:, ::_THINNED]]
    spread = 1.4826 * float(np.median(some)) if some.size else 0.0
    agreeing = apart <= np.clip(_SPREADS * spread, _SLACK, _FARTHEST)
    # Where none agrees, as between two that differ, the first as near as any to the middle.
    nearest = (apart <= 1.01 * apart.min(axis=0) + 1e-6).argmax(axis=0)
    lost = shown.any(axis=0) & ~agreeing.any(axis=0)
    agreeing[nearest[lost], np.flatnonzero(lost)] = True
    return np.asarray(agreeing)


def _median(looks: npt.NDArray[np.float32], shown: Mask) -> npt.NDArray[np.float32]:
    """(P,) median over the frames that show the pixel; 0 where none does."""
    ordered = np.sort(np.where(shown, looks, np.float32(np.inf)), axis=0)
    count = shown.sum(axis=0)
    at = np.arange(looks.shape[1])
    low = ordered[np.maximum((count - 1) // 2, 0), at]
    high = ordered[np.minimum(count // 2, looks.shape[0] - 1), at]
    return np.where(count > 0, 0.5 * low + 0.5 * high, 0.0).astype(np.float32)


def _turn_taken(agreeing: Mask, turn: int) -> npt.NDArray[np.intp]:
    """(P,) index of the frame whose turn it is among those that agree; -1 where none does."""
    count = agreeing.sum(axis=0)
    wanted = np.mod(turn, np.maximum(count, 1)) + 1
    rank = np.cumsum(agreeing, axis=0)
    index = (agreeing & (rank == wanted)).argmax(axis=0)
    return np.where(count > 0, index, -1)


def _take(rgb: Rgb, samples: Sequence[Sample], wanted: Mask, chosen: npt.NDArray[np.intp]) -> None:
    rows, columns = np.nonzero(wanted)
    for index, sample in enumerate(samples):
        mine = chosen == index
        at = rows[mine], columns[mine]
        rgb[at] = sample.rgb[at]
