"""A window into a frame, shown as one small picture whatever its size."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from void_server.images.window import Window

LONGEST_SIDE = 384
"""Longer side of a shown picture, pixels."""

_OVERSAMPLING = 2
"""Pixels that are looked at for one that is shown, along each side: a 4K frame costs no more than
an HD frame, and its average is still one."""

_CONTEXT = 0.25
_LEAST_CONTEXT = 16
_MOST_ENLARGED = 2
_SAME_VIEW = 0.6


@dataclass(frozen=True)
class Look:
    """What is looked at, and the size at which it is shown.

    Attributes:
        window: The pixels looked at; may reach beyond those there are, which are black.
        size: (height, width) of the picture, with square pixels.
        steps: (down, across): of each so many rows and columns one is looked at. Each axis has
            its own, so that a window of any shape is looked at in some hundred thousand pixels.
    """

    window: Window
    size: tuple[int, int]
    steps: tuple[int, int]

    @classmethod
    def at(cls, window: Window, *, pixel_aspect: float) -> Look:
        """Show a window with its longer side at `LONGEST_SIDE`; tiny ones at twice their size."""
        wide, high = window.width * pixel_aspect, float(window.height)
        scale = min(_MOST_ENLARGED, LONGEST_SIDE / max(wide, high))
        size = (max(1, round(high * scale)), max(1, round(wide * scale)))
        sides = zip(window.shape, size, strict=True)
        down, across = (max(1, int(side / seen / _OVERSAMPLING)) for side, seen in sides)
        return cls(window, size, (down, across))

    def samples(self, plane: npt.NDArray[Any], covers: Window) -> npt.NDArray[Any]:
        """The pixels of an array that are looked at, in its type; 0 where it has none.

        Args:
            plane: (h, w) or (h, w, c) over ``covers``.
            covers: Where the array lies.
        """
        down, across = self.steps
        count = (_count(self.window.height, down), _count(self.window.width, across))
        found = np.zeros((*count, *plane.shape[2:]), plane.dtype)
        rows, to_rows = _picked(self.window.y_min, covers.y_min, covers.y_max, down, count[0])
        columns, to_columns = _picked(
            self.window.x_min, covers.x_min, covers.x_max, across, count[1]
        )
        found[to_rows, to_columns] = plane[rows, columns]
        return found

    def fit(self, samples: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Samples at the size at which they are shown: averaged down, or as blocks when larger."""
        shrinks = samples.shape[0] >= self.size[0] and samples.shape[1] >= self.size[1]
        how = cv2.INTER_AREA if shrinks else cv2.INTER_NEAREST
        return np.asarray(cv2.resize(samples, self.size[::-1], interpolation=how), np.float32)


def closer(hole: Window, whole: Window) -> Window | None:
    """The part of a frame that shows the hole with what is around it; None if that is most of it.

    Args:
        hole: A box around the hole, inside ``whole``.
        whole: The frame.
    """
    margin = max(_LEAST_CONTEXT, math.ceil(_CONTEXT * max(hole.shape)))
    wanted = hole.grown(margin)
    least = LONGEST_SIDE / _MOST_ENLARGED / max(whole.shape)
    share = max(least, wanted.width / whole.width, wanted.height / whole.height)
    if share > _SAME_VIEW:
        return None
    width, height = math.ceil(whole.width * share), math.ceil(whole.height * share)
    left = _inside((hole.x_min + hole.x_max + 1 - width) // 2, width, whole.x_min, whole.x_max)
    top = _inside((hole.y_min + hole.y_max + 1 - height) // 2, height, whole.y_min, whole.y_max)
    return Window.of_size(width, height, left=left, top=top)


def _count(length: int, step: int) -> int:
    return (length - 1) // step + 1


def _picked(begin: int, low: int, high: int, step: int, count: int) -> tuple[slice, slice]:
    """Along one axis: which of ``low`` to ``high`` are samples, and which samples those are."""
    first = max(0, -((begin - low) // step))
    last = min(count - 1, (high - begin) // step)
    if last < first:
        return slice(0, 0), slice(0, 0)
    start = begin + first * step - low
    return slice(start, start + (last - first) * step + 1, step), slice(first, last + 1)


def _inside(start: int, length: int, low: int, high: int) -> int:
    return max(low, min(start, high + 1 - length))
