"""A shot as the model sees it: every frame at model size, read once and kept on disk."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from ocio.model_space import ModelSpace
from void_server.engines.engine import Footage, Mask, Progress, Rgb
from void_server.engines.void.conditioning import levels_clean, levels_reference, resize_area
from void_server.quadmask import clear_affected, levels_of, model_radius

LUMINANCE = (0.2126, 0.7152, 0.0722)
"""Source: ITU-R BT.709."""

STRAY = 0.0005
"""Share of a shot's pixels that may be brighter than its peak: stray ones."""

_DARKEST, _BRIGHTEST, _PER_STOP = -16, 20, 32
"""Histogram of light: first and last stop, bins of a stop."""


class Frames:
    """Pictures in a file that nobody else sees and that is gone with this object.

    Args:
        count: How many.
        shape: Of one.
        dtype: Of its numbers.

    Raises:
        OSError: The disk is full.
    """

    def __init__(self, count: int, shape: tuple[int, ...], dtype: npt.DTypeLike) -> None:
        size = count * math.prod(shape) * np.dtype(dtype).itemsize
        with tempfile.TemporaryFile() as file:
            # A full disk shall say so now: later it would end the process without a word.
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, max(1, size))
            file.truncate(max(1, size))
            self._frames = np.memmap(file, dtype=dtype, mode="r+", shape=(count, *shape))

    def __len__(self) -> int:
        return len(self._frames)

    def __getitem__(self, index: int) -> npt.NDArray[np.generic]:
        return np.asarray(self._frames[index])

    def __setitem__(self, index: int, frame: npt.NDArray[np.generic]) -> None:
        self._frames[index] = frame

    def stacked(self, indices: Sequence[int]) -> torch.Tensor:
        """Some of them, copied: (n, ...)."""
        return torch.from_numpy(np.stack([self._frames[i] for i in indices]))

    def close(self) -> None:
        """Let go of the file."""
        del self._frames


@dataclass(frozen=True)
class ModelShot:
    """What the model is shown.

    Attributes:
        numbers: File number of each frame.
        plate: (3, H, W) float32, 0 to 1 in ``space``, object visible.
        levels: (H, W) uint8 quadmask levels; nothing affected in the first frame.
        space: From scene-linear to the plate's numbers and back.
        canvas: (height, width) of the plate in full.
    """

    numbers: tuple[int, ...]
    plate: Frames
    levels: Frames
    space: ModelSpace
    canvas: tuple[int, int]

    def close(self) -> None:
        """Let go of the files."""
        self.plate.close()
        self.levels.close()

    def filled(self, picture: Rgb, box: tuple[slice, slice]) -> Rgb:
        """A part of the model's picture at the plate's size.

        Args:
            picture: (H, W, 3) float32 in ``space``.
            box: Rows and columns of the canvas.

        Returns:
            (h, w, 3) float32, scene-linear.
        """
        # In the model's space: a cubic filter over scene-linear light would ring at highlights.
        # With antialias, torch's filter is Keys' (a = -0.5), which leaves a ramp a ramp; without
        # it, as in OpenCV, a = -0.75, which does not.
        full = functional.interpolate(
            torch.from_numpy(picture).permute(2, 0, 1)[None],
            size=self.canvas,
            mode="bicubic",
            antialias=True,
        )[0]
        rgb = full[:, box[0], box[1]].permute(1, 2, 0).contiguous().numpy()
        return self.space.decode(cast(Rgb, rgb))


def read_shot(
    footage: Footage, *, height: int, width: int, mask_resize: str, progress: Progress
) -> ModelShot:
    """Bring a shot to model size.

    Args:
        footage: The shot.
        height: Model rows.
        width: Model columns.
        mask_resize: ``clean`` or ``reference``.
        progress: Told after each frame.
    """
    numbers = tuple(footage.frames)
    plate = Frames(len(numbers), (3, height, width), np.float32)
    levels = Frames(len(numbers), (height, width), np.uint8)
    lights = _Lights()
    for index, number in enumerate(numbers):
        remove, affected = footage.quadmask(number)
        found = _levels(remove, affected, height, width, mask_resize)
        levels[index] = clear_affected(found) if index == 0 else found
        small = resize_area(_planes(footage.plate(number)), height, width)[0].numpy()
        plate[index] = small
        lights.add(small, found == 255)
        progress("reading the plate", index + 1, len(numbers), frame=number)
    space = lights.space()
    for index in range(len(numbers)):
        plate[index] = space.encode(cast(Rgb, plate[index]))
    return ModelShot(numbers, plate, levels, space, footage.size)


def _planes(rgb: Rgb) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(rgb)).permute(2, 0, 1)[None]


def _levels(
    remove: Mask, affected: Mask, height: int, width: int, mask_resize: str
) -> npt.NDArray[np.uint8]:
    if mask_resize == "reference":
        whole = torch.from_numpy(levels_of(remove, affected))[None]
        return np.asarray(levels_reference(whole, height=height, width=width)[0].numpy())
    grown = torch.from_numpy(_dilated(remove))[None]
    planes = grown, torch.from_numpy(affected)[None]
    return np.asarray(levels_clean(*planes, height=height, width=width)[0].numpy())


def _dilated(mask: Mask) -> Mask:
    """Grown by a model pixel, as the masks were that the model was trained with.

    Thin wires would not survive the way to model size without it.
    """
    across, down = model_radius(mask.shape[1], mask.shape[0])
    ellipse = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * across + 1, 2 * down + 1))
    grown: Mask = cv2.dilate(mask.astype(np.uint8), ellipse).astype(np.bool_)
    return grown


class _Lights:
    """Gathers what a shot's exposure and peak are taken from."""

    def __init__(self) -> None:
        self._logs: list[float] = []
        self._edges = np.exp2(np.arange(_DARKEST * _PER_STOP, _BRIGHTEST * _PER_STOP) / _PER_STOP)
        self._counts = np.zeros(len(self._edges) + 1, np.int64)

    def add(self, rgb: npt.NDArray[np.float32], background: Mask) -> None:
        """A frame at model size, (3, H, W), and where nothing is removed."""
        luminance = np.tensordot(np.array(LUMINANCE), rgb, axes=1)
        kept = luminance[background & (luminance > 0)]
        if kept.size:
            self._logs.append(float(np.log(np.maximum(kept, 1e-6)).mean()))
        bins = np.searchsorted(self._edges, rgb.max(axis=0).ravel())
        self._counts += np.bincount(bins, minlength=len(self._counts))

    def space(self) -> ModelSpace:
        """The shot's curve."""
        luminance = float(np.exp(np.mean(self._logs))) if self._logs else 0.18
        brighter = self._counts[::-1].cumsum()[::-1]
        allowed = STRAY * brighter[0]
        top = int(np.flatnonzero(brighter > allowed)[-1])
        return ModelSpace.of_shot(luminance, float(self._edges[min(top, len(self._edges) - 1)]))
