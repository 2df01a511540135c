"""The channels of one decoded video picture, computed from its stored numbers.

The matrix is applied here and not by FFmpeg's scaler, which guesses Rec.601 for untagged video
and scales 16-bit results to 255/256 of white. The scaler only brings chroma to full resolution.

Source: ITU-T H.273 (07/2024), equations for MatrixCoefficients and VideoFullRangeFlag.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import cv2
import numpy as np
import numpy.typing as npt

from void_server.images.picture import Plane

HD_HEIGHT = 720
"""Untagged video of this height or more is Rec.709, else Rec.601. Source: ITU-R BT.709, BT.601."""

_REC709, _REC601 = 1, 6

_KR_KB = {
    1: (0.2126, 0.0722),
    4: (0.30, 0.11),
    5: (0.299, 0.114),
    6: (0.299, 0.114),
    7: (0.212, 0.087),
    9: (0.2627, 0.0593),
    10: (0.2627, 0.0593),
}
"""(Kr, Kb) by matrix number. Source: ITU-T H.273, table 4."""

_VIDEO_RANGE, _FULL_RANGE = 1, 2
_WHITE = 65535.0


class Decoded(Protocol):
    """A decoded picture, as PyAV's ``VideoFrame`` has it."""

    width: int
    height: int
    format: Any
    planes: Any
    colorspace: Any
    color_range: Any

    def reformat(self, **wanted: object) -> Decoded:
        """The picture in another pixel format."""
        ...


class MoviePlanes(Mapping[str, Plane]):
    """Channels of a picture: R, G, B; Y where it is YUV or grey; A where it has alpha.

    All are uint16 over the full range: 65535 is white. They are made when they are asked for.
    """

    def __init__(self, decoded: Decoded) -> None:
        self._decoded = decoded
        self._names = channel_names(decoded.format.name)
        self._rgb: Plane | None = None

    def __getitem__(self, name: str) -> Plane:
        if name not in self._names:
            raise KeyError(name)
        if name == "Y":
            return _luma(self._decoded)
        if name == "A":
            return _alpha(self._decoded)
        if self._rgb is None:
            self._rgb = _rgb(self._decoded)
        plane: Plane = self._rgb[:, :, "RGB".index(name)]
        return plane

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def channel_names(pixel_format: str) -> tuple[str, ...]:
    """Names of the channels that a picture has, by FFmpeg's name of its pixel format."""
    names = ["R", "G", "B"]
    if not _is_rgb(pixel_format):
        names.append("Y")
    if pixel_format.startswith(("yuva", "gbrap", "rgba", "bgra", "argb", "abgr", "ya")):
        names.append("A")
    return tuple(names)


def _is_rgb(name: str) -> bool:
    return name.startswith(("rgb", "bgr", "gbr", "argb", "abgr", "0rgb", "0bgr", "pal", "x2"))


def _rgb(decoded: Decoded) -> Plane:
    """(h, w, 3) uint16."""
    bits = decoded.format.components[0].bits
    if _is_rgb(decoded.format.name):
        green, blue, red = (_stored(_in(decoded, "gbrp", bits), i) for i in range(3))
        top = (1 << bits) - 1
        return np.stack([_scaled(p, bits, 0, top) for p in (red, green, blue)], axis=-1)
    if decoded.format.name.startswith(("gray", "ya")):
        return np.repeat(_luma(decoded)[:, :, None], 3, axis=2)
    full = _in(decoded, "yuv444p", bits)
    stored = [_stored(full, index).astype(np.uint16, copy=False) for index in range(3)]
    matrix = _to_rgb(_matrix_of(decoded), bits, full_range=_is_full_range(decoded))
    # On uint16 this rounds, and brings what is out of range to black or white.
    pixels: Plane = np.asarray(cv2.transform(cv2.merge(stored), matrix))
    return pixels


def _to_rgb(matrix: int, bits: int, *, full_range: bool) -> npt.NDArray[np.float64]:
    """3x4 matrix from stored Y, Cb, Cr to R, G, B with white at 65535."""
    kr, kb = _KR_KB[matrix]
    kg = 1 - kr - kb
    to_rgb = np.array(
        [
            [1, 0, 2 * (1 - kr)],
            [1, -2 * kb * (1 - kb) / kg, -2 * kr * (1 - kr) / kg],
            [1, 2 * (1 - kb), 0],
        ]
    )
    low, white = _range_codes(bits, full_range=full_range)
    chroma = float((1 << bits) - 1) if full_range else float(224 << (bits - 8))
    scale = np.array([1 / (white - low), 1 / chroma, 1 / chroma])
    zero = np.array([low, 1 << (bits - 1), 1 << (bits - 1)])
    linear = to_rgb * scale * _WHITE
    return np.hstack([linear, -(linear @ zero)[:, None]])


def _luma(decoded: Decoded) -> Plane:
    bits = decoded.format.components[0].bits
    if len(decoded.planes) == 2 or not decoded.format.name.startswith(("yuv", "gray")):
        decoded = _in(decoded, "yuv444p", bits)
    low, white = _range_codes(bits, full_range=_is_full_range(decoded))
    return _scaled(_stored(decoded, 0), bits, low, white)


def _alpha(decoded: Decoded) -> Plane:
    bits = decoded.format.components[0].bits
    if decoded.format.name.startswith("yuva"):
        return _scaled(_stored(decoded, 3), bits, 0, (1 << bits) - 1)
    return _scaled(_stored(_in(decoded, "gbrap", bits), 3), bits, 0, (1 << bits) - 1)


def _in(decoded: Decoded, family: str, bits: int) -> Decoded:
    """In a planar format of the same depth and range; the scaler then has only chroma to do."""
    wanted = family if bits <= 8 else f"{family}{bits}le"
    if decoded.format.name.replace("yuvj", "yuv") == wanted:
        return decoded
    same = "JPEG" if _is_full_range(decoded) else "MPEG"
    return decoded.reformat(
        format=wanted, interpolation="BICUBIC", src_color_range=same, dst_color_range=same
    )


def _stored(decoded: Decoded, plane: int) -> Plane:
    """A plane's stored numbers: (h, w) uint8 or uint16."""
    bits = decoded.format.components[0].bits
    kind = np.dtype(np.uint8) if bits <= 8 else np.dtype("<u2")
    rows = np.frombuffer(decoded.planes[plane], kind)
    rows = rows.reshape(decoded.height, decoded.planes[plane].line_size // kind.itemsize)
    return rows[:, : decoded.width]


def _scaled(raw: Plane, bits: int, low: int, white: int) -> Plane:
    """uint16 with 0 for ``low`` and 65535 for ``white``, through a table of all code values."""
    codes = np.arange(1 << bits, dtype=np.float64)
    table = np.clip((codes - low) / (white - low), 0, 1) * _WHITE
    plane: Plane = np.rint(table).astype(np.uint16)[raw]
    return plane


def _range_codes(bits: int, *, full_range: bool) -> tuple[int, int]:
    """Stored numbers of black and white."""
    if full_range:
        return 0, (1 << bits) - 1
    return 16 << (bits - 8), 235 << (bits - 8)


def _is_full_range(decoded: Decoded) -> bool:
    if int(decoded.color_range) in (_VIDEO_RANGE, _FULL_RANGE):
        return int(decoded.color_range) == _FULL_RANGE
    return _is_rgb(decoded.format.name) or decoded.format.name.startswith(("yuvj", "gray", "ya"))


def _matrix_of(decoded: Decoded) -> int:
    tagged = int(decoded.colorspace)
    if tagged in _KR_KB:
        return tagged
    return _REC709 if decoded.height >= HD_HEIGHT else _REC601
