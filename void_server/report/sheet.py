"""The contact sheet: plate, matte, clean plate and amplified difference, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from void_server.report.pictures import Picture, beside, captioned, framed, to_bytes

DIFFERENCE_GAIN = 8.0
"""How much the difference is amplified; supervisors expect black outside the work area."""

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
    return framed(beside([np.vstack(_cells(column, width)) for column in columns]))


def triptych(column: Column, *, width: int = 640) -> Picture:
    """Draw plate, matte and clean plate of one frame side by side; ``width`` as above."""
    return framed(beside(_cells(column, width)[:3]))


def _cells(column: Column, width: int) -> list[Picture]:
    difference = np.abs(column.clean - column.plate) * np.float32(DIFFERENCE_GAIN)
    matte = np.repeat(column.alpha[..., None], 3, axis=2)
    pictures = (column.plate, matte, column.clean, difference)
    return [
        captioned(_shrink(picture, width), f"{column.frame}  {name}")
        for name, picture in zip(_ROWS, pictures, strict=True)
    ]


def _shrink(picture: npt.NDArray[np.float32], width: int) -> Picture:
    height = max(1, round(picture.shape[0] * width / picture.shape[1]))
    return to_bytes(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA))
