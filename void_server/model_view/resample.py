"""Pictures from the plate's size to the model's and back, in model space.

Down by area, up by Keys' cubic: of what is common, that pair loses least. Never in scene-linear
light, where a highlight would ring over everything around it. Pixels are squares whose centres
lie at half numbers, and a region's edges are its grid's edges, so both ways are exact inverses.
What is as large as its grid is copied, bit for bit.

Source: resampling measured on real clips with highlights, color notes 4.2; R. Keys, "Cubic
convolution interpolation for digital image processing", 1981.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from void_server.model_view.mirror import mirrored_by
from void_server.model_view.region import Region

Code = npt.NDArray[np.float32]
"""(h, w, 3) float32, model space."""

KEYS = -0.5
"""Slope of the cubic at its first zero: the one that keeps a ramp a ramp. OpenCV's is -0.75."""

_BLOCK = 16
"""Rows that are made by one product of matrices: few, as its weights are mostly zero."""


def to_grid(part: Code, region: Region, canvas: tuple[int, int]) -> Code:
    """What a model is shown of a picture.

    Args:
        part: The part of the picture that `Region.on` names; finite.
        region: What is shown; beyond the canvas the picture is mirrored about its last pixel.
        canvas: (height, width).

    Returns:
        (H, W, 3) float32 on the region's grid; never a view of ``part``.
    """
    beyond = region.beyond(canvas)
    # First what is not mirrored: then there is little left to mirror.
    rows, columns = (
        side if any(mirrored) else grid
        for side, mirrored, grid in zip(part.shape, beyond, region.grid, strict=False)
    )
    picture = _resized(part, (rows, columns))
    if not any(map(any, beyond)):
        return picture
    return _resized(mirrored_by(picture, beyond), region.grid)


def to_plate(picture: Code, region: Region, box: tuple[slice, slice]) -> Code:
    """A part of the model's picture at the plate's size.

    Args:
        picture: (H, W, 3) float32, finite, showing the region; on its grid or on a finer one.
        region: What it shows.
        box: Rows and columns of the canvas; beyond the region its edge is repeated.

    Returns:
        (h, w, 3) float32.
    """
    down = _axis(box[0], region.top, region.height, picture.shape[0])
    across = _axis(box[1], region.left, region.width, picture.shape[1])
    part = picture[down.source, across.source]
    wide = _transposed(across.applied(_transposed(part)))
    return down.applied(wide)


def _resized(picture: Code, size: tuple[int, int]) -> Code:
    """Area where a side shrinks, then cubic where it grows."""
    smaller = min(size[0], picture.shape[0]), min(size[1], picture.shape[1])
    if smaller == picture.shape[:2]:
        picture = np.array(picture, np.float32, order="C")
    else:
        picture = _as_code(cv2.resize(picture, smaller[::-1], interpolation=cv2.INTER_AREA))
    if smaller == size:
        return picture
    larger = Region(0, 0, *size, grid=smaller)
    return to_plate(picture, larger, (slice(0, size[0]), slice(0, size[1])))


def _transposed(picture: Code) -> Code:
    return _as_code(cv2.transpose(np.ascontiguousarray(picture)))


def _as_code(picture: object) -> Code:
    return np.asarray(picture, np.float32)


# --- along one side -----------------------------------------------------------------------


@dataclass(frozen=True)
class _Axis:
    """Pixels of one side as sums over samples.

    Attributes:
        source: The samples that are needed.
        low: The first sample of each pixel, counted from the first that is needed.
        weights: (n, taps) float64: what each sample from there on counts.
    """

    source: slice
    low: npt.NDArray[np.intp]
    weights: npt.NDArray[np.float64]

    def applied(self, picture: Code) -> Code:
        """(n, w, 3) from the needed samples' (m, w, 3)."""
        if self.weights.shape[1] == 1:
            return np.ascontiguousarray(picture[self.low])
        flat = np.ascontiguousarray(picture).reshape(len(picture), -1)
        made = np.empty((len(self.low), flat.shape[1]), np.float32)
        for rows, samples, weights in self._blocks(len(picture)):
            np.matmul(weights, flat[samples], out=made[rows])
        return made.reshape(len(made), *picture.shape[1:])

    def _blocks(self, count: int) -> Iterator[tuple[slice, slice, Code]]:
        """Rows, the samples they need, and what these count, as a matrix."""
        taps = np.arange(self.weights.shape[1])
        for start in range(0, len(self.low), _BLOCK):
            rows = slice(start, min(start + _BLOCK, len(self.low)))
            # A tap beyond the edge is the edge's own sample.
            samples = np.clip(self.low[rows, None] + taps, 0, count - 1)
            first, last = int(samples.min()), int(samples.max()) + 1
            matrix = np.zeros((len(samples), last - first))
            row = np.arange(len(samples))[:, None]
            np.add.at(matrix, (row, samples - first), self.weights[rows])
            yield rows, slice(first, last), matrix.astype(np.float32)


def _axis(span: slice, start: int, size: int, count: int) -> _Axis:
    """How pixels of the canvas come from ``count`` samples that show ``size`` pixels."""
    pixels = np.clip(np.arange(span.start, span.stop) - start, 0, size - 1)
    if count == size:
        low, weights = pixels, np.ones((len(pixels), 1))
    elif count < size:
        low, weights = _cubic((pixels + 0.5) * (count / size) - 0.5)
    else:
        low, weights = _area(pixels * (count / size), count / size)
    first = max(0, int(low.min()))
    last = min(count, int(low.max()) + weights.shape[1])
    return _Axis(slice(first, last), low - first, weights)


def _cubic(
    at: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]:
    """Keys' four samples around each place."""
    low = np.floor(at).astype(np.intp) - 1
    x = np.abs(at[:, None] - low[:, None] - np.arange(4))
    near = ((KEYS + 2) * x - (KEYS + 3)) * x * x + 1
    far = KEYS * (((x - 5) * x + 8) * x - 4)
    return low, np.where(x <= 1, near, far)


def _area(
    begin: npt.NDArray[np.float64], length: float
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]:
    """The samples that lie in begin..begin + length, each by how much of it does."""
    low = np.floor(begin).astype(np.intp)
    samples = low[:, None] + np.arange(int(np.ceil(length)) + 1)
    end = np.minimum(samples + 1, begin[:, None] + length)
    covered = np.clip(end - np.maximum(samples, begin[:, None]), 0, None)
    return low, covered / covered.sum(axis=1, keepdims=True)
