"""Where the camera looks in each frame, as homographies from the set to the picture."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]
"""(3, 3) float64 homography; pixel centres lie on integers."""

Move = Literal["static", "slow", "handheld"]
"""How the camera moves: not at all, a slow push with a pan, or on a shoulder."""

_FOCAL = 1.35
"""Focal length in picture widths: about a 32 mm lens on Super 35."""

_FRAME_RATE = 24.0


class Camera:
    """A camera that mostly turns, and, handheld, also sways a little.

    Turning moves the whole picture by one homography; swaying moves the floor against the wall,
    in proportion to how far a floor point lies in front of the wall.

    Args:
        width: Picture width, pixels.
        height: Picture height, pixels.
        frames: How many frames the move takes.
        move: The kind of move.
        rng: Where the shake of a handheld camera comes from.
    """

    def __init__(
        self, *, width: int, height: int, frames: int, move: Move, rng: np.random.Generator
    ) -> None:
        self._width = width
        self._height = height
        self._poses = _poses(frames, move, rng)

    def wall(self, index: int) -> Matrix:
        """Homography from wall pixels to picture pixels; wall pixel (0, 0) is at rest at (0, 0)."""
        pan, tilt, roll, zoom, _ = self._poses[index]
        centre = np.array(
            [[1, 0, -(self._width - 1) / 2], [0, 1, -(self._height - 1) / 2], [0, 0, 1.0]]
        )
        focal = np.diag([self._width * _FOCAL, self._width * _FOCAL, 1.0])
        lens = np.diag([zoom, zoom, 1.0])
        turned = focal @ _rotation(pan, tilt, roll) @ np.linalg.inv(focal)
        return np.asarray(np.linalg.inv(centre) @ lens @ turned @ centre)

    def floor(self, index: int, line: float) -> Matrix:
        """Homography from floor pixels to picture pixels; equal to `wall` on row ``line``."""
        sway = self._poses[index, 4]
        slide = np.array([[1, sway, -sway * line], [0, 1, 0], [0, 0, 1.0]])
        return np.asarray(self.wall(index) @ slide)


def _poses(frames: int, move: Move, rng: np.random.Generator) -> Matrix:
    """(frames, 5): pan, tilt, roll in radians, zoom, sway."""
    poses = np.zeros((frames, 5))
    poses[:, 3] = 1.0
    time = np.arange(frames) / _FRAME_RATE
    if move == "slow":
        eased = 0.5 - 0.5 * np.cos(np.pi * np.linspace(0, 1, frames))
        poses[:, 0] = 0.028 * (eased - 0.5)
        poses[:, 1] = 0.006 * (eased - 0.5)
        poses[:, 3] = 1.0 + 0.035 * eased
    elif move == "handheld":
        poses[:, 0] = _shake(time, rng, 0.0075)
        poses[:, 1] = _shake(time, rng, 0.0055)
        poses[:, 2] = _shake(time, rng, 0.0040)
        poses[:, 3] = 1.006 + _shake(time, rng, 0.003)
        poses[:, 4] = _shake(time, rng, 0.020)
    return poses


def _shake(time: Matrix, rng: np.random.Generator, amount: float) -> Matrix:
    """A breath, a step and a tremor: slow and wide, fast and narrow."""
    total = np.zeros_like(time)
    for hertz, share in ((0.35, 1.0), (0.9, 0.45), (2.3, 0.12), (5.5, 0.03)):
        rate = hertz * rng.uniform(0.8, 1.2)
        total += share * np.sin(2 * np.pi * (rate * time + rng.uniform()))
    return np.asarray(amount * total)


def _rotation(pan: float, tilt: float, roll: float) -> Matrix:
    (cp, sp), (ct, st), (cr, sr) = ((np.cos(a), np.sin(a)) for a in (pan, tilt, roll))
    about_y = np.array([[cp, 0, sp], [0, 1, 0], [-sp, 0, cp]])
    about_x = np.array([[1, 0, 0], [0, ct, -st], [0, st, ct]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1.0]])
    return np.asarray(about_z @ about_x @ about_y)
