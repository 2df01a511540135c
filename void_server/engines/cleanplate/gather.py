"""Real pixels of one frame, laid where they belong in another."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from void_server.engines.cleanplate.box import Box
from void_server.engines.cleanplate.proxy import Matrix
from void_server.engines.cleanplate.track import whole_shift
from void_server.engines.engine import Mask, Rgb

_REACH = 4
"""Pixels on each side that the Lanczos kernel looks at."""

_BRIGHT = 1.0
"""Scene-linear value from which an edge can be steep enough for the kernel to ring visibly."""


@dataclass(frozen=True)
class Sample:
    """One frame's pixels in another frame's box.

    Attributes:
        rgb: (h, w, 3) float32, scene-linear; valid where ``valid`` is.
        valid: (h, w) bool: the pixel is all background, and inside the frame.
    """

    rgb: Rgb
    valid: Mask


def gather(plate: Rgb, foreign: Mask, *, box: Box, motion: Matrix) -> Sample:
    """Take from a source frame what lies in ``box`` of the target frame.

    A whole-pixel move is copied, so that grain and sharpness stay what they are. Any other is
    resampled in scene-linear, and only within the box.

    Args:
        plate: (H, W, 3) source frame, scene-linear.
        foreign: (H, W) what in it is no background.
        box: Where on the target's canvas.
        motion: Homography from target pixels to source pixels.
    """
    shift = whole_shift(motion, box)
    if shift is not None:
        return _copied(plate, foreign, box, shift)
    return _resampled(plate, foreign, box, motion)


def _copied(plate: Rgb, foreign: Mask, box: Box, shift: tuple[int, int]) -> Sample:
    source = Box(
        top=box.top + shift[0],
        left=box.left + shift[1],
        bottom=box.bottom + shift[0],
        right=box.right + shift[1],
    )
    rgb = np.zeros((box.height, box.width, 3), np.float32)
    valid = np.zeros((box.height, box.width), np.bool_)
    common = source.grown(0, foreign.shape)
    if common.height > 0 and common.width > 0:
        rgb[common.inside(source)] = plate[common.slices]
        valid[common.inside(source)] = ~foreign[common.slices]
    return Sample(rgb, valid)


def _resampled(plate: Rgb, foreign: Mask, box: Box, motion: Matrix) -> Sample:
    cut = _footprint(box, motion, foreign.shape)
    if cut.height <= 0 or cut.width <= 0:
        empty = (box.height, box.width)
        return Sample(np.zeros((*empty, 3), np.float32), np.zeros(empty, np.bool_))
    matrix = _shifted(-cut.left, -cut.top) @ motion @ _shifted(box.left, box.top)
    light = np.ascontiguousarray(plate[cut.slices])
    rgb = _warped(light, matrix, box, cv2.INTER_LANCZOS4, cv2.BORDER_REPLICATE)
    if float(light.max()) > _BRIGHT:
        rgb = _without_ringing(rgb, light, matrix, box)
    # Two pixels more than the mask: a kernel's outer taps weigh little, its inner ones do not.
    hidden = cv2.dilate(foreign[cut.slices].astype(np.uint8) * np.uint8(255), np.ones((5, 5)))
    covered = _warped(hidden, matrix, box, cv2.INTER_LINEAR, cv2.BORDER_CONSTANT, 255)
    return Sample(rgb, np.asarray(covered == 0))


def _footprint(box: Box, motion: Matrix, size: tuple[int, ...]) -> Box:
    """The part of the source that ``box`` looks at."""
    corners = cv2.perspectiveTransform(box.corners, motion)[:, 0]
    left, top = np.floor(corners.min(axis=0)).clip(-1e6, 1e6).astype(int) - _REACH
    right, bottom = np.ceil(corners.max(axis=0)).clip(-1e6, 1e6).astype(int) + _REACH + 1
    whole = Box(top=int(top), left=int(left), bottom=int(bottom), right=int(right))
    return whole.grown(0, (size[0], size[1]))


def _shifted(x: float, y: float) -> Matrix:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])


def _warped(
    picture: np.ndarray[tuple[int, ...], np.dtype[np.generic]],
    matrix: Matrix,
    box: Box,
    kernel: int,
    border: int,
    outside: float = 0.0,
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.asarray(
        cv2.warpPerspective(
            picture,
            matrix,
            (box.width, box.height),
            flags=kernel | cv2.WARP_INVERSE_MAP,
            borderMode=border,
            borderValue=outside,
        )
    )


def _without_ringing(rgb: Rgb, light: Rgb, matrix: Matrix, box: Box) -> Rgb:
    """Where it is bright, keep a resampled value between the extremes of its neighbourhood.

    A Lanczos kernel undershoots to negative light beside a lamp; elsewhere its overshoot is what
    keeps the picture sharp, and stays.
    """
    lamps = cv2.dilate((light.max(axis=2) > _BRIGHT).astype(np.uint8), np.ones((11, 11)))
    bright = _warped(lamps, matrix, box, cv2.INTER_NEAREST, cv2.BORDER_REPLICATE) > 0
    part = Box.around(bright)
    if part is None:
        return rgb
    matrix = matrix @ _shifted(part.left, part.top)
    square = np.ones((3, 3), np.uint8)
    bounds = [
        _warped(extreme, matrix, part, cv2.INTER_LINEAR, cv2.BORDER_REPLICATE)
        for extreme in (cv2.erode(light, square), cv2.dilate(light, square))
    ]
    limited = np.clip(rgb[part.slices], *bounds)
    rgb[part.slices] = np.where(bright[part.slices][..., None], limited, rgb[part.slices])
    return rgb
