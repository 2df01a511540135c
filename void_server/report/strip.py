"""One frame's strip: plate, matte, patch, comp and difference, closer, and how it came about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import cv2
import msgspec
import numpy as np
import numpy.typing as npt

from void_server.engines.engine import Rgb
from void_server.images.picture import Picture as Frame
from void_server.images.window import Window
from void_server.matte import bounds
from void_server.patch import Patch
from void_server.plate import HALF_MAX, PlateColor
from void_server.report.look import LONGEST_SIDE, Look, closer
from void_server.report.pictures import (
    Picture,
    below,
    beside,
    captioned,
    encode_jpeg,
    encode_png,
    framed,
    to_bytes,
)
from void_server.report.sheet import DIFFERENCE_GAIN
from void_server.report.view import shown

MOST_EVIDENCE = 6
"""Pictures of an engine that are shown with one frame."""

DIFFERENCE = f"difference x{DIFFERENCE_GAIN:g}"

_INVENTED = np.array((230, 126, 34), np.float32) / 255
_SEEN = np.array((64, 156, 255), np.float32) / 255
_MANY = 8

Band = Literal["frame", "detail", "origin"]
"""What a row of a strip shows: the whole frame, the hole closer, how the fill came about."""


class Tile(msgspec.Struct, frozen=True):
    """A picture of a strip, as a file: JPEG where it is a photograph, else PNG."""

    band: Band
    caption: str
    image: bytes


class Strip(msgspec.Struct, frozen=True):
    """The pictures of one frame, small enough to be kept and to be put into a page.

    Attributes:
        frame: Its number.
        tiles: The pictures.
        problem: Why there are none; "" where there are.
    """

    frame: int
    tiles: tuple[Tile, ...]
    problem: str = ""


class Cells:
    """The pictures of one frame before they are files.

    Args:
        frame: The frame as `ShotFootage.picture` returns it.
        patch: What goes over it.
        color: The plate's colour.
        evidence: An engine's own pictures, by caption: (h, w, 3) uint8.
    """

    def __init__(
        self,
        frame: Frame,
        patch: Patch,
        *,
        color: PlateColor,
        evidence: Mapping[str, Picture] | None = None,
    ) -> None:
        self.frame = patch.frame  # that of a held frame's picture is another
        whole = frame.display_window.union(frame.data_window)
        near = _near(patch, whole)
        look = Look.at(whole, pixel_aspect=frame.pixel_aspect)
        close = look if near is None else Look.at(near, pixel_aspect=frame.pixel_aspect)
        self._cells: list[tuple[Band, str, Picture]] = [
            ("frame", *cell) for cell in _compared(frame, patch, color, look)
        ]
        if near is not None:
            self._cells += [("detail", *cell) for cell in _compared(frame, patch, color, close)]
        closest: Band = "frame" if near is None else "detail"
        self._cells.append((closest, "confidence", _confidence(patch, close)))
        for caption, picture in list((evidence or {}).items())[:MOST_EVIDENCE]:
            self._cells.append(("origin", caption, _shown(picture)))

    def strip(self) -> Strip:
        """The pictures one by one, for a page."""
        tiles = [Tile(band, caption, _file(caption, cell)) for band, caption, cell in self._cells]
        return Strip(self.frame, tuple(tiles))

    def png(self) -> bytes:
        """All pictures as one, a row for each band, with captions: a PNG file."""
        rows = []
        for band in ("frame", "detail", "origin"):
            cells = [
                captioned(cell, f"{self.frame}  {caption}")
                for of, caption, cell in self._cells
                if of == band
            ]
            if cells:
                rows.append(beside(cells))
        return encode_png(framed(below(rows)))


def _near(patch: Patch, whole: Window) -> Window | None:
    found = bounds(patch.alpha > 0)
    if found is None:
        return None
    inside = found.shifted(patch.box.x_min, patch.box.y_min).intersect(whole)
    return None if inside is None else closer(inside, whole)


def _compared(
    frame: Frame, patch: Patch, color: PlateColor, look: Look
) -> list[tuple[str, Picture]]:
    """Plate, matte, patch, comp and difference by caption, all of the same pixels."""
    plate = _light(frame, color, look)
    alpha = look.samples(patch.alpha, patch.box)[..., None]
    fill = np.where(alpha > 0, look.samples(patch.rgb, patch.box), np.float32(0))
    premultiplied = fill * alpha
    comp = np.where(alpha > 0, plate * (1 - alpha) + premultiplied, plate)
    before, after = (shown(look.fit(light), color) for light in (plate, comp))
    return [
        ("plate", to_bytes(before)),
        ("matte", to_bytes(np.repeat(look.fit(alpha[..., 0])[..., None], 3, axis=2))),
        ("patch", to_bytes(shown(look.fit(premultiplied), color))),
        ("comp", to_bytes(after)),
        (DIFFERENCE, to_bytes(np.abs(after - before) * np.float32(DIFFERENCE_GAIN))),
    ]


def _light(frame: Frame, color: PlateColor, look: Look) -> Rgb:
    """The looked at pixels of a frame, scene-linear and finite."""
    planes = [_samples(frame.channel(name), frame, look) for name in frame.rgb_names()]
    rgb: Rgb = np.stack(planes, axis=-1).astype(np.float32)
    if frame.exr is not None and color.converts:
        rgb = color.to_linear(np.nan_to_num(rgb, posinf=HALF_MAX, neginf=-HALF_MAX))
    return np.nan_to_num(rgb, posinf=HALF_MAX, neginf=-HALF_MAX)


def _samples(plane: npt.NDArray[Any], frame: Frame, look: Look) -> npt.NDArray[Any]:
    return look.samples(plane, frame.data_window)


def _confidence(patch: Patch, look: Look) -> Picture:
    """Orange where the fill was invented, blue where it was seen, brighter the more often."""
    inside = look.samples(patch.alpha, patch.box) > 0
    seen = look.samples(patch.seen, patch.box).astype(np.float32)
    often = np.minimum(seen, _MANY)[..., None] / _MANY
    color = np.where(seen[..., None] > 0, _SEEN * (0.4 + 0.6 * often), _INVENTED)
    return to_bytes(look.fit(np.where(inside[..., None], color, 0).astype(np.float32)))


def is_picture(array: npt.NDArray[Any]) -> bool:
    """Whether an array is (h, w, 3) uint8 with pixels in it."""
    return array.ndim == 3 and array.shape[2] == 3 and array.dtype == np.uint8 and array.size > 0


def _shown(picture: Picture) -> Picture:
    """An engine's picture, no larger than the others."""
    if not is_picture(picture):
        raise ValueError(f"a picture is (h, w, 3) uint8 (got {picture.shape} {picture.dtype})")
    scale = min(1.0, LONGEST_SIDE / max(picture.shape[:2]))
    size = tuple(max(1, round(side * scale)) for side in picture.shape[1::-1])
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _file(caption: str, cell: Picture) -> bytes:
    # Where nothing is to be seen there must be nothing: JPEG would ring around the hole.
    flat = caption in ("matte", "confidence", DIFFERENCE)
    return encode_png(cell) if flat else encode_jpeg(cell)
