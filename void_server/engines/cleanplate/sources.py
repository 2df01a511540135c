"""Which frames to take background from."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from void_server.engines.cleanplate.proxy import Matrix, resized
from void_server.engines.cleanplate.track import Track
from void_server.engines.engine import Footage, Mask

_CELLS = 256
"""Cells along the longer side of the canvas in which visibility is planned."""

_NEAR = 12.0
"""Frames after which a source is worth half: light and lens change with time."""

_FIRST_LOOK = 4.0
"""How much more the first sight of a cell is worth than one more vote on it."""

_WORTH_A_READ = 0.002
"""Share of the hole that a further frame must show to be read at all."""


class Sight:
    """Knows, coarsely, which frame shows which part of the background.

    Args:
        footage: The shot; only its masks are read.
        motion: Its camera.
    """

    def __init__(self, footage: Footage, motion: Track) -> None:
        self._track = motion
        self._size = footage.size
        by = max(max(footage.size) / _CELLS, 1.0)
        self._cells = (max(int(footage.size[0] / by), 1), max(int(footage.size[1] / by), 1))
        self._frames = tuple(footage.frames)
        self._clear = {frame: ~self._coarse(footage.foreign(frame)) for frame in self._frames}
        self._hole = {frame: self._coarse(footage.hole(frame)) for frame in self._frames}

    def has_hole(self, frame: int) -> bool:
        """Whether there is anything to fill."""
        return bool(self._hole[frame].any())

    def unseen(self, frame: int, *, search: int) -> Mask:
        """(h, w) bool, cells of the hole that no frame within reach shows."""
        hidden = self._hole[frame].copy()
        for other in self._reach(frame, search):
            if not hidden.any():
                break
            hidden &= ~self._shown(frame, other)
        return hidden

    def pick(self, frame: int, *, search: int, votes: int, most: int) -> tuple[int, ...]:
        """The frames that together show the hole of ``frame`` ``votes`` times, nearest first.

        A greedy cover: again and again the frame that shows most of what is still needed, near
        frames preferred, until nothing is gained or ``most`` frames are chosen.
        """
        hole = self._hole[frame]
        others = self._reach(frame, search)
        if not others or not hole.any():
            return ()
        shown = np.stack([self._shown(frame, other)[hole] for other in others]).astype(np.float32)
        distance = np.abs(np.array(others) - frame)
        near = 1 / (1 + distance / _NEAR)
        count = np.zeros(shown.shape[1], np.float32)
        least = max(_WORTH_A_READ * shown.shape[1], 1.0)
        chosen: list[int] = []
        while len(chosen) < most:
            gain = shown @ np.where(count == 0, _FIRST_LOOK, count < votes).astype(np.float32)
            worth = np.where(gain >= least, gain * near, 0.0)
            best = int(worth.argmax())
            if worth[best] <= 0:
                break
            chosen.append(others[best])
            count += shown[best]
            shown[best] = 0
        return tuple(sorted(chosen, key=lambda other: (abs(other - frame), other)))

    def carried(self, cells: Mask, source: int, frame: int) -> Mask:
        """``cells`` of frame ``source`` as they lie in ``frame``."""
        matrix = self._coarse_motion(frame, source)
        return _looked_up(cells, matrix)

    def _reach(self, frame: int, search: int) -> Sequence[int]:
        """The other frames within reach whose place is known, or all where the reach is 0."""
        return [
            other
            for other in self._frames
            if other != frame
            and (search == 0 or abs(other - frame) <= search)
            and self._track.confidence[other] > 0
        ]

    def _shown(self, frame: int, other: int) -> Mask:
        """Cells of ``frame`` whose background ``other`` shows."""
        return _looked_up(self._clear[other], self._coarse_motion(frame, other))

    def _coarse_motion(self, frame: int, other: int) -> Matrix:
        return resized(self._track.between(frame, other), old=self._size, new=self._cells)

    def _coarse(self, mask: Mask) -> Mask:
        """(h, w) bool: cells with any True pixel."""
        high = self._cells[::-1]
        share = cv2.resize(mask.astype(np.float32), high, interpolation=cv2.INTER_AREA)
        return np.asarray(share > 0)


def _looked_up(cells: Mask, matrix: Matrix) -> Mask:
    """(h, w) bool: for each cell, what ``cells`` holds where ``matrix`` sends it."""
    warped: npt.NDArray[np.uint8] = cv2.warpPerspective(
        cells.view(np.uint8),
        matrix,
        cells.shape[::-1],
        flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=0,
    )
    return np.asarray(warped > 0)
