"""Real pixels of one frame, laid where they belong in another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from void_server.engines.cleanplate.box import Box
from void_server.engines.cleanplate.proxy import Matrix
from void_server.engines.cleanplate.track import whole_shift
from void_server.engines.engine import Mask, Rgb

Flow = npt.NDArray[np.float32]
"""(h, w, 2) float32: x, y offsets in pixels."""

Picture = TypeVar("Picture", npt.NDArray[np.float32], npt.NDArray[np.uint8])

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


def gather(
    plate: Rgb, foreign: Mask, *, box: Box, motion: Matrix, flow: Flow | None = None
) -> Sample:
    """Take from a source frame what lies in ``box`` of the target frame.

    A whole-pixel move is copied, so that grain and sharpness stay what they are. Any other is
    resampled in scene-linear, and only within the box.

    Args:
        plate: (H, W, 3) source frame, scene-linear.
        foreign: (H, W) what in it is no background.
        box: Where on the target's canvas.
        motion: Homography from target pixels to source pixels.
        flow: (h, w, 2) offset added to a target pixel before ``motion``, or None.
    """
    shift = whole_shift(motion, box) if flow is None else None
    if shift is not None:
        return _copied(plate, foreign, box, shift)
    return _resampled(plate, foreign, box, motion, flow)


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


def _resampled(plate: Rgb, foreign: Mask, box: Box, motion: Matrix, flow: Flow | None) -> Sample:
    reach = 0 if flow is None else int(np.ceil(np.abs(flow).max()))
    cut = _footprint(box.grown(reach, (1 << 30, 1 << 30)), motion, foreign.shape)
    if cut.height <= 0 or cut.width <= 0:
        empty = (box.height, box.width)
        return Sample(np.zeros((*empty, 3), np.float32), np.zeros(empty, np.bool_))
    look = _Look.through(_shifted(-cut.left, -cut.top) @ motion, box, flow)
    light = np.ascontiguousarray(plate[cut.slices])
    rgb = look.at(light, cv2.INTER_LANCZOS4)
    peak = cv2.max(cv2.max(light[..., 0], light[..., 1]), light[..., 2])
    if float(peak.max()) > _BRIGHT:
        _stop_ringing(rgb, light, peak > _BRIGHT, look)
    # Two pixels more than the mask: a kernel's outer taps weigh little, its inner ones do not.
    hidden = cv2.dilate(foreign[cut.slices].view(np.uint8) * np.uint8(255), np.ones((5, 5)))
    covered = look.at(hidden, cv2.INTER_LINEAR, cv2.BORDER_CONSTANT, 255)
    return Sample(rgb, np.asarray(covered == 0))


@dataclass(frozen=True)
class _Look:
    """Where each pixel of a box looks in a picture: by a homography, or by a map."""

    height: int
    width: int
    matrix: Matrix
    flow: Flow | None

    @classmethod
    def through(cls, matrix: Matrix, box: Box, flow: Flow | None) -> _Look:
        """``matrix`` takes canvas pixels to the picture's."""
        return cls(box.height, box.width, matrix @ _shifted(box.left, box.top), flow)

    def part(self, box: Box) -> _Look:
        """The same for a part of the box."""
        flow = None if self.flow is None else self.flow[box.slices]
        return _Look.through(self.matrix, box, flow)

    def at(
        self, picture: Picture, kernel: int, border: int = cv2.BORDER_REPLICATE, outside: int = 0
    ) -> Picture:
        """What the box sees of ``picture``."""
        how = {"borderMode": border, "borderValue": outside}
        if self.flow is None:
            size = (self.width, self.height)
            flags = kernel | cv2.WARP_INVERSE_MAP
            return np.asarray(cv2.warpPerspective(picture, self.matrix, size, flags=flags, **how))
        y, x = np.mgrid[0 : self.height, 0 : self.width].astype(np.float32)
        grid = np.dstack([x, y]) + self.flow
        places = cv2.perspectiveTransform(grid, self.matrix)
        return np.asarray(cv2.remap(picture, places, None, kernel, **how))


def _footprint(box: Box, motion: Matrix, size: tuple[int, ...]) -> Box:
    """The part of the source that ``box`` looks at."""
    corners = cv2.perspectiveTransform(box.corners, motion)[:, 0]
    left, top = np.floor(corners.min(axis=0)).clip(-1e6, 1e6).astype(int) - _REACH
    right, bottom = np.ceil(corners.max(axis=0)).clip(-1e6, 1e6).astype(int) + _REACH + 1
    whole = Box(top=int(top), left=int(left), bottom=int(bottom), right=int(right))
    return whole.grown(0, (size[0], size[1]))


def _shifted(x: float, y: float) -> Matrix:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])


def _stop_ringing(rgb: Rgb, light: Rgb, lamps: Mask, look: _Look) -> None:
    """Where it is bright, keep resampled values between the extremes of their neighbourhood.

    A Lanczos kernel undershoots to negative light beside a lamp; elsewhere its overshoot is what
    keeps the picture sharp, and stays.
    """
    near = cv2.dilate(lamps.view(np.uint8), np.ones((11, 11), np.uint8))
    bright = look.at(near, cv2.INTER_NEAREST) > 0
    part = Box.around(bright)
    if part is None:
        return
    here, square = look.part(part), np.ones((3, 3), np.uint8)
    low = here.at(cv2.erode(light, square), cv2.INTER_LINEAR)
    high = here.at(cv2.dilate(light, square), cv2.INTER_LINEAR)
    inside = rgb[part.slices]
    limited = np.clip(inside, low, high)
    np.copyto(inside, limited, where=bright[part.slices][..., None])
