"""The contact sheet: plate, matte, clean plate and amplified difference, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]
"""(H, W, 3) uint8, display-referred sRGB."""

DIFFERENCE_GAIN = 8.0
"""How much the difference is amplified; supervisors expect black outside the work area."""

_INK = (225, 225, 225)
_PAPER = 24
_MARGIN = 12
_CAPTION = 30
_ROWS = ("plate", "matte", "clean plate", f"difference x{DIFFERENCE_GAIN:g}")


@dataclass(frozen=True, kw_only=True)
class Column:
    """One frame of the sheet.

    Attributes:
        frame: File number.
        plate: (H, W, 3) float32, display-referred sRGB, 0 to 1.
        alpha: (H, W) float32, the composite alpha.
        clean: (H, W, 3) float32, display-referred sRGB, 0 to 1.
    """

    frame: int
    plate: npt.NDArray[np.float32]
    alpha: npt.NDArray[np.float32]
    clean: npt.NDArray[np.float32]


def contact_sheet(columns: Sequence[Column], *, width: int = 480) -> Picture:
    """Draw the sheet, a column per frame.

    Args:
        columns: The frames to show, in order; all of one size.
        width: Width of one picture on the sheet, pixels.
    """
    return _beside([np.vstack(_cells(column, width)) for column in columns])


def triptych(column: Column, *, width: int = 640) -> Picture:
    """Draw plate, matte and clean plate of one frame side by side; ``width`` as above."""
    return _beside(_cells(column, width)[:3])


def encode_png(picture: Picture) -> bytes:
    """The picture as PNG bytes."""
    done, data = cv2.imencode(".png", picture[..., ::-1])
    if not done:
        raise ValueError(f"cannot encode a picture of shape {picture.shape} as PNG")
    return bytes(data)


def to_bytes(picture: npt.NDArray[np.float32]) -> Picture:
    """Display-referred float 0 to 1 as 8 bit, rounded."""
    return np.asarray(np.rint(np.clip(picture, 0, 1) * 255), np.uint8)


def _cells(column: Column, width: int) -> list[Picture]:
    difference = np.abs(column.clean - column.plate) * np.float32(DIFFERENCE_GAIN)
    matte = np.repeat(column.alpha[..., None], 3, axis=2)
    pictures = (column.plate, matte, column.clean, difference)
    return [
        np.vstack([_caption(f"{column.frame}  {name}", width), _shrink(picture, width)])
        for name, picture in zip(_ROWS, pictures, strict=True)
    ]


def _beside(strips: Sequence[Picture]) -> Picture:
    gap = np.full((strips[0].shape[0], _MARGIN, 3), _PAPER, np.uint8)
    body = np.hstack([part for strip in strips for part in (strip, gap)][:-1])
    edge = (_MARGIN,) * 4
    paper = (_PAPER,) * 3
    return np.asarray(cv2.copyMakeBorder(body, *edge, cv2.BORDER_CONSTANT, value=paper), np.uint8)


def _shrink(picture: npt.NDArray[np.float32], width: int) -> Picture:
    height = max(1, round(picture.shape[0] * width / picture.shape[1]))
    return to_bytes(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA))


def _caption(text: str, width: int) -> Picture:
    strip = np.full((_CAPTION, width, 3), _PAPER, np.uint8)
    cv2.putText(
        strip, text, (2, _CAPTION - 10), cv2.FONT_HERSHEY_SIMPLEX, 0.5, _INK, 1, cv2.LINE_AA
    )
    return strip
