"""What the tracker looks at: a tone-mapped luma of bounded size, and where it shows background."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from void_server.engines.cleanplate import tone
from void_server.engines.engine import Mask, Rgb

Matrix = npt.NDArray[np.float64]
Gray = npt.NDArray[np.uint8]

_MOST_PIXELS = 2_200_000
"""Up to HD the tracker sees every pixel; larger plates are reduced to about this many."""


@dataclass(frozen=True, kw_only=True)
class Proxy:
    """One frame for the tracker.

    Attributes:
        gray: (h, w) uint8, tone-mapped luma.
        background: (h, w) uint8, 255 where all that went into the pixel is background, else 0.
    """

    gray: Gray
    background: Gray

    @classmethod
    def of(cls, plate: Rgb, foreign: Mask, *, key: float) -> Proxy:
        """Reduce a plate (H, W, 3) and its foreign mask (H, W)."""
        size = _reduced_size(foreign.shape)
        light = tone.luma(plate)
        gray = _reduced(tone.visible(light, key=key), size)
        hidden = _reduced(foreign.view(np.uint8) * np.uint8(255), size)
        return cls(gray=gray, background=np.where(hidden == 0, 255, 0).astype(np.uint8))

    def halved(self) -> Proxy:
        """The same at half the size, never below one pixel."""
        height, width = self.gray.shape
        size = (max(width // 2, 1), max(height // 2, 1))
        hidden = _reduced(255 - self.background, size)
        return Proxy(
            gray=_reduced(self.gray, size),
            background=np.where(hidden == 0, 255, 0).astype(np.uint8),
        )

    @property
    def visible_share(self) -> float:
        """Share of the picture that is background, 0 to 1."""
        return float(np.count_nonzero(self.background)) / max(self.background.size, 1)


def resized(matrix: Matrix, *, old: tuple[int, int], new: tuple[int, int]) -> Matrix:
    """A homography between pictures of (h, w) ``old``, for the same pictures resized to ``new``."""
    sy, sx = new[0] / old[0], new[1] / old[1]
    # Pixel centres lie on integers, so the corner of the picture is at (-0.5, -0.5).
    grow = np.array([[sx, 0, (sx - 1) / 2], [0, sy, (sy - 1) / 2], [0, 0, 1.0]])
    return normalised(grow @ matrix @ np.linalg.inv(grow))


def normalised(matrix: Matrix) -> Matrix:
    """The same homography with 1 in its last corner."""
    return np.asarray(matrix / matrix[2, 2], np.float64)


def _reduced_size(shape: tuple[int, ...]) -> tuple[int, int]:
    height, width = shape
    by = max(np.sqrt(height * width / _MOST_PIXELS), 1.0)
    return max(int(width / by), 1), max(int(height / by), 1)


def _reduced(picture: Gray, size: tuple[int, int]) -> Gray:
    if picture.shape == (size[1], size[0]):
        return picture
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
