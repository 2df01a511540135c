"""What no frame shows: invented once, then carried along with the camera."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from void_server.engines.cleanplate import seam
from void_server.engines.cleanplate.box import Box
from void_server.engines.cleanplate.gather import gather
from void_server.engines.cleanplate.paint import painted
from void_server.engines.cleanplate.proxy import Matrix
from void_server.engines.cleanplate.sources import Sight
from void_server.engines.cleanplate.track import Track
from void_server.engines.engine import Mask, Rgb

_MOST_HOMES = 6
"""Frames in which something may be invented; a pan needs several, a locked camera one."""

_MARGIN = seam.RING + 6
"""Pixels around an invented patch that are carried along, to fit its edge in other frames."""


@dataclass(frozen=True)
class Ground:
    """A frame's box as far as real pixels go.

    Attributes:
        box: Where on the canvas.
        rgb: (h, w, 3) scene-linear: the plate, and real pixels in its hole.
        known: (h, w) bool, where ``rgb`` is background.
        unseen: (h, w) bool, what of the hole nothing shows.
    """

    box: Box
    rgb: Rgb
    known: Mask
    unseen: Mask


@dataclass(frozen=True)
class _Patch:
    """What was invented in one frame, with its surroundings."""

    box: Box
    rgb: Rgb
    valid: Mask


class Inventor:
    """Fills what no frame shows, the same way in every frame.

    Which frames things are invented in depends on the shot alone and not on the frames wanted, so
    a resumed job goes on with the same picture.

    Args:
        sight: What is seen where.
        motion: The camera.
        frames: The frames of the shot.
        search: How far background is looked for, frames.
        seed: Seed of what is invented.
        ground: Gives a frame's real pixels, with as little grain as possible.
    """

    def __init__(
        self,
        sight: Sight,
        motion: Track,
        *,
        frames: tuple[int, ...],
        search: int,
        seed: int,
        ground: Callable[[int], Ground],
    ) -> None:
        self._seed = seed
        self._track = motion
        self._ground = ground
        self._homes = _homes(sight, frames, search)
        self._patches: dict[int, _Patch] = {}

    def complete(self, frame: int, ground: Ground) -> Rgb:
        """(h, w, 3) ``ground`` with its unseen pixels filled, smooth and without grain."""
        rgb, left = ground.rgb.copy(), ground.unseen.copy()
        for home in self._homes:
            if not left.any():
                return rgb
            patch = self._patch(home)
            motion = _shift(-patch.box.left, -patch.box.top) @ self._track.between(frame, home)
            carried = gather(patch.rgb, ~patch.valid, box=ground.box, motion=motion)
            covered = left & carried.valid
            ring = seam.ring_of(covered) & ground.known & carried.valid
            fitted = seam.joined(carried.rgb, ground.rgb, hole=covered, ring=ring)
            rgb[covered] = fitted[covered]
            left &= ~covered
        known = ground.known | (ground.unseen & ~left)
        return painted(rgb, known=known, unknown=left, seed=self._seed)

    def _patch(self, home: int) -> _Patch:
        """What is invented in ``home``; made when first needed, then kept."""
        if home not in self._patches:
            ground = self._ground(home)
            side = 2 * _MARGIN + 1
            near = cv2.dilate(ground.unseen.view(np.uint8), np.ones((side, side), np.uint8)) > 0
            around = Box.around(near) or Box(top=0, left=0, bottom=1, right=1)
            rgb = painted(ground.rgb, known=ground.known, unknown=ground.unseen, seed=self._seed)
            valid = near & (ground.known | ground.unseen)
            on_canvas = Box(
                top=ground.box.top + around.top,
                left=ground.box.left + around.left,
                bottom=ground.box.top + around.bottom,
                right=ground.box.left + around.right,
            )
            self._patches[home] = _Patch(
                on_canvas, rgb[around.slices].copy(), valid[around.slices].copy()
            )
        return self._patches[home]


def _homes(sight: Sight, frames: tuple[int, ...], search: int) -> tuple[int, ...]:
    """The frames to invent in: again and again the one that lacks most, until all is covered."""
    lacking = {f: sight.unseen(f, search=search) for f in frames if sight.has_hole(f)}
    left = {frame: cells.copy() for frame, cells in lacking.items() if cells.any()}
    homes: list[int] = []
    while left and len(homes) < _MOST_HOMES:
        home = max(left, key=lambda f: (np.count_nonzero(left[f]), -f))
        homes.append(home)
        del left[home]
        for frame in tuple(left):
            left[frame] &= ~sight.carried(lacking[home], home, frame)
            if not left[frame].any():
                del left[frame]
    return tuple(homes)


def _shift(x: float, y: float) -> Matrix:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])
