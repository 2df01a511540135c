"""Where a model's picture and real pixels of other frames show the same thing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from void_server.finish import Code, Mask

Plane = npt.NDArray[np.float32]
"""(h, w) float32."""

Seen = npt.NDArray[np.uint16]
"""(h, w) uint16: in how many other frames a pixel's background was seen."""

LOW = 2.5
"""Deviation of the low-pass in which pictures are compared, model pixels: what a model draws is
true to place and colour over such a distance, not below."""

_WINDOW = 4.0
"""Deviation of the window in which structure is compared, model pixels."""

_SAME_STRUCTURE, _OTHER_STRUCTURE = 0.6, 0.3
"""Correlations from which structure is the same, and below which it is another's."""

_FLAT = 0.01
"""Contrast below which there is no structure that could differ, code: grain, averaged."""

_SURE = 3
"""Votes that need no second witness; with fewer, the model has to agree more closely."""

_STEADY = (1.0, 2.0, 1.0)
"""Weights of the frame before, the frame itself and the one after."""


@dataclass(frozen=True)
class Agreement:
    """How a model's picture and real pixels compare over one frame's box, cell by cell.

    A cell is about a model pixel. Cells lie on one lattice over the canvas, so that those of
    several frames can be compared.

    Attributes:
        top: First row of cells.
        left: First column of cells.
        cell: (height, width) of a cell, plate pixels.
        low: (r, c, 3) float32, what the real pixels have more than the model at low
            frequencies, code; valid where ``known`` is.
        apart: (r, c) float32, how far the two are apart at low frequencies, code, the more the
            fewer frames vouch for the real ones.
        structure: (r, c) float32, 0 to 1, whether the finest that the model draws is also there.
        known: (r, c) bool, where there is anything real to compare.
    """

    top: int
    left: int
    cell: tuple[int, int]
    low: Code
    apart: Plane
    structure: Plane
    known: Mask


def compared(
    model: Code,
    real: Code,
    seen: Seen,
    valid: Mask,
    *,
    scale: tuple[float, float],
    origin: tuple[int, int],
) -> Agreement:
    """Compare a model's picture with real pixels at what the model can resolve.

    Args:
        model: (h, w, 3) code, at plate size.
        real: (h, w, 3) code; any value where not ``valid``.
        seen: (h, w) votes on the pixels of the hole, 0 around it.
        valid: (h, w) bool, where ``real`` is background: seen in the hole, the plate around it.
        scale: Plate pixels per model pixel, (down, across).
        origin: (top, left) of the arrays on the canvas.
    """
    cell = (max(round(scale[0]), 1), max(round(scale[1]), 1))
    lattice = _Lattice(cell, origin, valid.shape)
    sigma = (LOW * scale[0] / cell[0], LOW * scale[1] / cell[1])
    weight = valid.astype(np.float32)
    share = lattice.mean(weight)
    held = np.maximum(share, np.float32(1e-6))[..., None]
    ours = lattice.mean(model * weight[..., None]) / held
    bare = np.where(valid[..., None], real, np.float32(0))
    theirs = lattice.mean(bare) / held
    difference = np.asarray((theirs - ours) * share[..., None], np.float32)
    low = _smoothed(difference, share, sigma)
    voted = np.maximum(lattice.mean((seen > 0).astype(np.float32)), 1e-6)
    doubt = np.maximum(lattice.mean(_doubt(seen)) / voted, 1.0)
    return Agreement(
        top=lattice.top,
        left=lattice.left,
        cell=cell,
        low=low,
        apart=np.asarray(np.abs(low).max(axis=2) * doubt, np.float32),
        structure=_structure(ours.mean(axis=2), theirs.mean(axis=2), share, sigma),
        known=np.asarray(share > 0),
    )


def steadied(frames: Sequence[Agreement], index: int) -> Agreement:
    """One frame's agreement with its neighbours' in it, so that what is shown does not flicker.

    A place counts as far apart as in the frame before, at it, or after, whichever is farthest;
    and of that the mean over three frames is taken. Two frames on each side are looked at.

    Args:
        frames: Agreements of consecutive frames, all of one cell size.
        index: Which of them is wanted.
    """
    here = frames[index]
    total = np.zeros_like(here.apart)
    weights = np.zeros_like(here.apart)
    for offset, weight in zip((-1, 0, 1), _STEADY, strict=True):
        middle = index + offset
        near = [frames[at] for at in range(middle - 1, middle + 2) if 0 <= at < len(frames)]
        if 0 <= middle < len(frames):
            farthest, known = _farthest(here, near)
            total += np.where(known, farthest * weight, 0.0)
            weights += np.where(known, weight, 0.0)
    apart = np.where(weights > 0, total / np.maximum(weights, 1e-6), here.apart)
    # A frame on its own account may count as worse than its neighbours say, never as better.
    return replace(here, apart=np.maximum(apart, here.apart).astype(np.float32))


def falling(values: Plane, low: float, high: float) -> Plane:
    """1 up to ``low``, 0 from ``high`` on, smooth between."""
    t = np.clip((high - values) / (high - low), 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t), np.float32)


class _Lattice:
    """Cells over a box, counted from the canvas's corner."""

    def __init__(
        self, cell: tuple[int, int], origin: tuple[int, int], size: tuple[int, ...]
    ) -> None:
        self._cell = cell
        self.top, self.left = origin[0] // cell[0], origin[1] // cell[1]
        before = origin[0] - self.top * cell[0], origin[1] - self.left * cell[1]
        rows, columns = -(-(before[0] + size[0]) // cell[0]), -(-(before[1] + size[1]) // cell[1])
        after = rows * cell[0] - before[0] - size[0], columns * cell[1] - before[1] - size[1]
        self._borders = before[0], after[0], before[1], after[1]
        self._cells = columns, rows

    def mean(self, picture: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """The mean over each cell; what lies beyond the box counts as 0."""
        whole = cv2.copyMakeBorder(picture, *self._borders, cv2.BORDER_CONSTANT, value=(0, 0, 0))
        return np.asarray(cv2.resize(whole, self._cells, interpolation=cv2.INTER_AREA), np.float32)


def _doubt(seen: Seen) -> Plane:
    """How much more closely the model must agree where few frames vouch; 0 where none does."""
    counts = np.arange(_SURE + 1, dtype=np.float32)
    table = np.sqrt(_SURE / np.maximum(counts, 1.0)).astype(np.float32)
    table[0] = 0.0
    return np.asarray(table[np.minimum(seen, _SURE)], np.float32)


def _smoothed(
    total: npt.NDArray[np.float32], share: Plane, sigma: tuple[float, float]
) -> npt.NDArray[np.float32]:
    """A low-pass of ``total / share`` that takes nothing from where the share is 0."""
    soft, held = (
        cv2.GaussianBlur(x, (0, 0), sigma[1], sigmaY=sigma[0], borderType=cv2.BORDER_REPLICATE)
        for x in (total, share)
    )
    held = np.maximum(held, 1e-6)
    return np.asarray(soft / (held[..., None] if total.ndim == 3 else held), np.float32)


def _structure(ours: Plane, theirs: Plane, share: Plane, sigma: tuple[float, float]) -> Plane:
    """0 to 1: whether two pictures rise and fall together between `LOW` and a cell.

    The correlation does not mind that a model draws softly; where neither shows more than
    `_FLAT` it is 1.
    """
    window = (sigma[0] * _WINDOW / LOW, sigma[1] * _WINDOW / LOW)
    a, b = (x - _smoothed(x * share, share, sigma) for x in (ours, theirs))
    both, aa, bb = (_smoothed(x * share, share, window) for x in (a * b, a * a, b * b))
    flat = _FLAT**2
    correlation = (both + flat) / np.sqrt((aa + flat) * (bb + flat))
    return 1.0 - falling(correlation.astype(np.float32), _OTHER_STRUCTURE, _SAME_STRUCTURE)


def _farthest(here: Agreement, others: Sequence[Agreement]) -> tuple[Plane, Mask]:
    """The largest ``apart`` of several frames over the cells of ``here``, and where any has one."""
    largest = np.zeros_like(here.apart)
    known = np.zeros_like(here.known)
    for other in others:
        ours, theirs = _common(here, other)
        there = other.known[theirs]
        known[ours] |= there
        apart = np.where(there, other.apart[theirs], 0.0)
        largest[ours] = np.maximum(largest[ours], apart)
    return largest, known


def _common(here: Agreement, other: Agreement) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """The cells that two boxes share, as seen from each; empty slices when they share none."""
    ours, theirs = [], []
    for axis, (a, b) in enumerate(((here.top, other.top), (here.left, other.left))):
        start = max(a, b)
        stop = max(min(a + here.apart.shape[axis], b + other.apart.shape[axis]), start)
        ours.append(slice(start - a, stop - a))
        theirs.append(slice(start - b, stop - b))
    return (ours[0], ours[1]), (theirs[0], theirs[1])
