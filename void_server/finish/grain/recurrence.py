"""Finds blocks of a frame again in the next, so that what stays can be told from what is new.

A picture's texture is there again, a little farther on; its grain is not.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from void_server.finish import Mask
from void_server.finish.grain.blocks import SIDE, Float, Rgb

_ALIKE = 0.33
"""Correlation from which a block is there again. The best of some 300 places correlates by .12 with
white grain and by .3 with grain 1.5 pixels soft."""

_SMOOTH = 17
"""Side of the square whose mean is taken off before blocks are compared, pixels: shading is found
everywhere."""

_SHRUNK = 4
"""By how much pictures are made smaller to find how the whole of them moved."""

_REACH = 8
"""Pixels around the move of the whole in which a block is looked for, at a width of `_HD`."""

_HD = 1920

_MARGIN = 16
"""Pixels around a block over which it fades out, so that moving it by a part of a pixel brings
nothing in from its far edge."""

_STEPS = 3
"""Gauss-Newton steps from a whole pixel to the place."""


@dataclass(frozen=True)
class Again:
    """Where blocks are in another frame.

    Attributes:
        found: (N,) bool: the block is there again.
        lost: (N,) bool: it cannot be told, its place is outside the picture or hidden.
        blocks: (M, 3, s, s) float32, for those that were found, in order: the other frame's
            pixels at their place, moved by the part of a pixel without loss.
    """

    found: Mask
    lost: Mask
    blocks: Float


def again(ours: Rgb, theirs: Rgb, hidden: Mask, at: npt.NDArray[np.intp]) -> Again:
    """Look for the blocks of a frame in another.

    Args:
        ours: (H, W, 3) scene-linear.
        theirs: (H, W, 3) the other frame.
        hidden: (H, W) bool, where that shows no background.
        at: (N, 2) row and column of the blocks' corners.
    """
    mine, other = _luma(ours), _luma(theirs)
    reach = max(_REACH * ours.shape[1] // _HD, _REACH)
    places, alike = _places(_detail(mine), _detail(other), at + _whole_move(mine, other), at, reach)
    lost = _outside(places, other.shape) | ~_open(hidden, places)
    found = ~lost & (alike >= _ALIKE)
    spot, corner = at[found], places[found]
    shift = _parts(_squares(mine, spot), _squares(other, corner - _MARGIN, 2 * _MARGIN))
    channels = [_squares(theirs[..., c], corner - _MARGIN, 2 * _MARGIN) for c in range(3)]
    moved = [_moved(_faded(part), shift) for part in channels]
    return Again(found, lost, np.stack(moved, axis=1))


def _luma(rgb: Rgb) -> Float:
    return np.asarray(cv2.transform(rgb, np.full((1, 3), 1 / 3, np.float32)), np.float32)


def _detail(luma: Float) -> Float:
    return np.asarray(luma - cv2.blur(luma, (_SMOOTH, _SMOOTH)), np.float32)


def _whole_move(ours: Float, theirs: Float) -> npt.NDArray[np.intp]:
    """(2,) rows and columns by which most of the picture moved.

    Source: Kuglin and Hines, "The phase correlation image alignment method" (1975).
    """
    size = tuple(max(n // _SHRUNK, 2) for n in ours.shape[::-1])
    a, b = (cv2.resize(part, size, interpolation=cv2.INTER_AREA) for part in (ours, theirs))
    window = cv2.createHanningWindow(size, cv2.CV_32F)
    (x, y), _ = cv2.phaseCorrelate(np.log1p(np.abs(a)), np.log1p(np.abs(b)), window)
    return np.array([round(y * _SHRUNK), round(x * _SHRUNK)], np.intp)


def _places(
    ours: Float,
    theirs: Float,
    guess: npt.NDArray[np.intp],
    at: npt.NDArray[np.intp],
    reach: int,
) -> tuple[npt.NDArray[np.intp], Float]:
    """(N, 2) the corners at which the other picture is most like each block, and (N,) how much."""
    places, alike = guess.copy(), np.zeros(len(at), np.float32)
    height, width = theirs.shape
    for index, ((row, column), (y, x)) in enumerate(zip(at, guess, strict=True)):
        top, left = max(y - reach, 0), max(x - reach, 0)
        window = theirs[top : min(y + SIDE + reach, height), left : min(x + SIDE + reach, width)]
        if y < -reach or x < -reach or min(window.shape) < SIDE:
            continue
        block = ours[row : row + SIDE, column : column + SIDE]
        score = cv2.matchTemplate(window, block, cv2.TM_CCOEFF_NORMED)
        _, best, _, (across, down) = cv2.minMaxLoc(score)
        places[index], alike[index] = (top + down, left + across), best
    return places, alike


def _outside(places: npt.NDArray[np.intp], size: tuple[int, ...]) -> Mask:
    """(N,) bool: blocks that do not lie in the picture with their margin."""
    low = (places < _MARGIN).any(axis=1)
    return np.asarray(low | (places + SIDE + _MARGIN > np.array(size[:2])).any(axis=1))


def _open(hidden: Mask, places: npt.NDArray[np.intp]) -> Mask:
    """(N,) bool: blocks of which nothing is hidden; False for those outside."""
    shut = np.ones(len(places), np.bool_)
    inside = ~_outside(places, hidden.shape)
    shut[inside] = _squares(hidden, places[inside] - 2, 4).any(axis=(1, 2))
    return ~shut


def _squares(
    plane: npt.NDArray[np.generic], corners: npt.NDArray[np.intp], more: int = 0
) -> npt.NDArray[np.float32]:
    """(N, s + more, s + more) copies of squares of a plane."""
    side = (SIDE + more, SIDE + more)
    if len(corners) == 0:  # the picture may be smaller than a square
        return np.zeros((0, *side), np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(plane, side)
    return np.asarray(windows[corners[:, 0], corners[:, 1]], np.float32)


def _faded(squares: Float) -> Float:
    """(N, m, m) squares less the mean of their blocks, faded out over the margin."""
    inner = squares[:, _MARGIN:-_MARGIN, _MARGIN:-_MARGIN]
    ramp = 0.5 - 0.5 * np.cos(np.pi * (np.arange(_MARGIN - 2) + 0.5) / (_MARGIN - 2))
    line = np.concatenate([ramp, np.ones(SIDE + 4), ramp[::-1]]).astype(np.float32)
    bare = squares - inner.mean(axis=(1, 2), keepdims=True)
    return np.asarray(bare * np.outer(line, line), np.float32)


def _moved(faded: Float, shift: Float) -> Float:
    """(N, s, s) the blocks of faded squares, seen ``shift`` (N, 2) pixels farther down and right.

    By the phase of their transform, which leaves the power of every frequency as it is.
    """
    side = faded.shape[1]
    rows, columns = np.fft.fftfreq(side), np.fft.rfftfreq(side)
    turn = rows[None, :, None] * shift[:, 0, None, None]
    turn = turn + columns[None, None, :] * shift[:, 1, None, None]
    phase = np.exp(2j * np.pi * turn).astype(np.complex64)
    whole = np.fft.irfft2(np.fft.rfft2(faded) * phase, s=(side, side))
    return np.asarray(whole[:, _MARGIN:-_MARGIN, _MARGIN:-_MARGIN], np.float32)


def _parts(blocks: Float, squares: Float) -> Float:
    """(N, 2) the parts of a pixel by which squares of another frame are off their blocks.

    Source: Lucas and Kanade, "An iterative image registration technique" (1981).
    """
    faded, shift = _faded(squares), np.zeros((len(blocks), 2), np.float32)
    own = blocks - blocks.mean(axis=(1, 2), keepdims=True)
    for _ in range(_STEPS):
        seen = _moved(faded, shift)
        slope = np.stack([np.gradient(seen, axis=axis) for axis in (1, 2)], axis=1)
        apart = own - seen
        apart -= apart.mean(axis=(1, 2), keepdims=True)
        square = np.einsum("nayx,nbyx->nab", slope, slope)
        square += (
            np.eye(2, dtype=np.float32)
            * (1e-6 * np.trace(square, axis1=1, axis2=2) + 1e-20)[:, None, None]
        )
        step = np.linalg.solve(square, np.einsum("nayx,nyx->na", slope, apart)[..., None])[..., 0]
        shift = np.clip(shift + step, -1.0, 1.0).astype(np.float32)
    return shift
