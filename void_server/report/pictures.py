"""Small display pictures: 8 bit, captioned, side by side, and as files."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]
"""(H, W, 3) uint8, display-referred sRGB."""

PAPER = 24
"""Grey behind the pictures, 0 to 255."""

MARGIN = 12
"""Pixels between two pictures and around all of them."""

_INK = (225, 225, 225)
_CAPTION = 30
_JPEG_QUALITY = 90


def to_bytes(picture: npt.NDArray[np.float32]) -> Picture:
    """Display-referred float 0 to 1 as 8 bit, rounded."""
    return np.asarray(np.rint(np.clip(picture, 0, 1) * 255), np.uint8)


def captioned(picture: Picture, text: str) -> Picture:
    """The picture below a line of text; what the font lacks becomes a question mark."""
    strip = np.full((_CAPTION, picture.shape[1], 3), PAPER, np.uint8)
    plain = text.encode("ascii", "replace").decode()
    at = (2, _CAPTION - 10)
    cv2.putText(strip, plain, at, cv2.FONT_HERSHEY_SIMPLEX, 0.5, _INK, 1, cv2.LINE_AA)
    return np.vstack([strip, picture])


def beside(pictures: Sequence[Picture]) -> Picture:
    """Pictures in a row; shorter ones stand at the top."""
    height = max(picture.shape[0] for picture in pictures)
    return np.hstack(_parted([_padded(picture, height=height) for picture in pictures], axis=1))


def below(rows: Sequence[Picture]) -> Picture:
    """Pictures in a column; narrower ones stand at the left."""
    width = max(row.shape[1] for row in rows)
    return np.vstack(_parted([_padded(row, width=width) for row in rows], axis=0))


def framed(picture: Picture) -> Picture:
    """The picture with a margin all around."""
    edge = (MARGIN,) * 4
    paper = (PAPER,) * 3
    bordered = cv2.copyMakeBorder(picture, *edge, cv2.BORDER_CONSTANT, value=paper)
    return np.asarray(bordered, np.uint8)


def encode_png(picture: Picture) -> bytes:
    """The picture as PNG bytes: every number is kept."""
    return _encoded(picture, ".png", ())


def encode_jpeg(picture: Picture) -> bytes:
    """The picture as JPEG bytes, its colour as fine as its brightness: a tenth of a PNG."""
    chroma = (cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444)
    return _encoded(picture, ".jpg", (cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY, *chroma))


def _encoded(picture: Picture, suffix: str, settings: Sequence[int]) -> bytes:
    done, data = cv2.imencode(suffix, picture[..., ::-1], settings)
    if not done:
        raise ValueError(f"cannot encode a picture of shape {picture.shape} as {suffix}")
    return bytes(data)


def _parted(pictures: Sequence[Picture], *, axis: int) -> list[Picture]:
    shape = list(pictures[0].shape)
    shape[axis] = MARGIN
    gap = np.full(shape, PAPER, np.uint8)
    return [part for picture in pictures for part in (picture, gap)][:-1]


def _padded(picture: Picture, *, height: int = 0, width: int = 0) -> Picture:
    more = (max(0, height - picture.shape[0]), max(0, width - picture.shape[1]))
    if not any(more):
        return picture
    paper = (PAPER,) * 3
    padded = cv2.copyMakeBorder(picture, 0, more[0], 0, more[1], cv2.BORDER_CONSTANT, value=paper)
    return np.asarray(padded, np.uint8)
