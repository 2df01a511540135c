"""The head of an EXR file as structs: parts, channels, windows, attributes; no pixel is touched.

Source: "OpenEXR File Layout", Academy Software Foundation (openexr.com, "Technical
Introduction" and "File Layout"): magic number, version field, attributes, chunks.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from void_server.images.timecode import unpacked
from void_server.images.window import Window

MAGIC = b"\x76\x2f\x31\x01"

TILED, LONG_NAMES, NON_IMAGE, MULTIPART = 0x200, 0x400, 0x800, 0x1000

COMPRESSIONS = (
    *("none", "rle", "zips", "zip", "piz", "pxr24", "b44", "b44a", "dwaa", "dwab"),
    *("htj2k256", "htj2k32", "ljpeg2k", "zstd"),
)
"""Names by the number in the file."""

CHUNK_ROWS = {
    **dict.fromkeys(("none", "rle", "zips"), 1),
    **dict.fromkeys(("zip", "pxr24"), 16),
    **dict.fromkeys(("piz", "b44", "b44a", "dwaa"), 32),
    "dwab": 256,
}
"""Rows of one scan-line chunk."""

MAX_HEADER = 16 << 20
"""Bytes that a header, or one attribute in it, may take."""

_TYPE_BYTES = {0: 4, 1: 2, 2: 4}


class Short(Exception):
    """The bytes end before the header does."""


class NoPicture(Exception):
    """The file is sound as far as can be seen, but no EXR or none with flat pixels."""


@dataclass(frozen=True)
class Attribute:
    """One attribute, undecoded."""

    kind: str
    value: bytes


@dataclass(frozen=True)
class ChannelInfo:
    """One channel of a part: pixel type (0 uint, 1 half, 2 float) and subsampling."""

    kind: int
    x_sampling: int
    y_sampling: int


@dataclass(frozen=True)
class PartHeader:
    """The header of one part; ``end`` is the offset just after its last attribute."""

    attributes: Mapping[str, Attribute]
    channels: Mapping[str, ChannelInfo]
    data_window: Window
    display_window: Window
    end: int

    @property
    def compression(self) -> str:
        """Name of the codec."""
        return COMPRESSIONS[self.attributes["compression"].value[0]]

    @property
    def pixel_aspect(self) -> float:
        """Width of a pixel over its height."""
        value = self._number("pixelAspectRatio", "<f")
        return float(value[0]) if value else 1.0

    @property
    def rate(self) -> Fraction | None:
        """``framesPerSecond``, or None."""
        value = self._number("framesPerSecond", "<iI")
        return Fraction(int(value[0]), int(value[1])) if value and value[1] else None

    @property
    def timecode(self) -> str | None:
        """``timeCode`` as ``hh:mm:ss:ff`` (``;ff`` for drop frame), or None."""
        value = self._number("timeCode", "<II")
        return unpacked(int(value[0])) if value else None

    @property
    def views(self) -> tuple[str, ...]:
        """Names of the views in a part that holds several, the default one first; else ()."""
        found = self.attributes.get("multiView")
        return _strings(found.value) if found and found.kind == "stringvector" else ()

    @property
    def tiled(self) -> bool:
        """Whether the part is stored in tiles."""
        return "tiles" in self.attributes

    @property
    def levels(self) -> bool:
        """Whether the part has mip or rip levels."""
        tiles = self.attributes.get("tiles")
        return tiles is not None and len(tiles.value) == 9 and bool(tiles.value[8] & 0x0F)

    @property
    def decoded_bytes(self) -> int:
        """What the pixels of the part take, decoded."""
        width, height = self.data_window.width, self.data_window.height
        return sum(
            (width // c.x_sampling + 1) * (height // c.y_sampling + 1) * _TYPE_BYTES[c.kind]
            for c in self.channels.values()
        )

    def text(self, name: str) -> str:
        """A string attribute, or ""."""
        found = self.attributes.get(name)
        if found is None or found.kind != "string":
            return ""
        return found.value.decode("utf-8", "replace")

    def integer(self, name: str) -> int | None:
        """An int attribute, or None."""
        value = self._number(name, "<i")
        return int(value[0]) if value else None

    def floats(self, name: str) -> tuple[float, ...]:
        """An attribute made of 32-bit floats, or ()."""
        found = self.attributes.get(name)
        if found is None or len(found.value) % 4:
            return ()
        return struct.unpack(f"<{len(found.value) // 4}f", found.value)

    def _number(self, name: str, layout: str) -> tuple[int | float, ...]:
        found = self.attributes.get(name)
        if found is None or len(found.value) != struct.calcsize(layout):
            return ()
        return struct.unpack(layout, found.value)


@dataclass(frozen=True)
class Header:
    """The head of a file: version field, parts, and ``end``, where the chunk offsets begin."""

    version: int
    parts: tuple[PartHeader, ...]
    end: int

    @property
    def multipart(self) -> bool:
        """Whether the file says that it has several parts (it may still have one)."""
        return bool(self.version & MULTIPART)


def parse(data: bytes) -> Header:
    """The header at the start of ``data``.

    Raises:
        Short: There is more to it than ``data`` holds.
        NoPicture: The file is no EXR, or holds deep pixels.
        ValueError: It makes no sense.
    """
    if data[:4] != MAGIC[: len(data)]:
        raise NoPicture("file")
    cursor = _Cursor(data, 4)
    version = int.from_bytes(cursor.take(4), "little")
    if version & NON_IMAGE:
        raise NoPicture("deep")
    try:
        return _parse_parts(cursor, version)
    except (KeyError, IndexError, struct.error, ZeroDivisionError) as error:
        raise ValueError(str(error)) from error


class _Cursor:
    """A position in the header's bytes."""

    def __init__(self, data: bytes, offset: int) -> None:
        self.data = data
        self.offset = offset

    def take(self, count: int) -> bytes:
        end = self.offset + count
        if end > len(self.data):
            raise Short
        piece, self.offset = self.data[self.offset : end], end
        return piece

    def name(self) -> str:
        end = self.data.find(b"\0", self.offset, self.offset + 256)
        if end < 0:
            if len(self.data) - self.offset >= 256:
                raise ValueError("a name is longer than 255 bytes")
            raise Short
        piece = self.data[self.offset : end]
        self.offset = end + 1
        return piece.decode("utf-8", "surrogateescape")


def _parse_parts(cursor: _Cursor, version: int) -> Header:
    parts: list[PartHeader] = []
    while True:
        attributes = _attributes(cursor)
        if not attributes and parts:
            break
        parts.append(_part(attributes, cursor.offset - 1))
        if not version & MULTIPART:
            break
    return Header(version, tuple(parts), cursor.offset)


def _attributes(cursor: _Cursor) -> dict[str, Attribute]:
    found: dict[str, Attribute] = {}
    while name := cursor.name():
        kind = cursor.name()
        size = int.from_bytes(cursor.take(4), "little", signed=True)
        if not 0 <= size <= MAX_HEADER:
            raise ValueError(f"attribute {name} claims {size} bytes")
        found[name] = Attribute(kind, cursor.take(size))
    return found


def _part(attributes: dict[str, Attribute], end: int) -> PartHeader:
    for name in ("channels", "compression", "dataWindow", "displayWindow"):
        if name not in attributes:
            raise ValueError(f"attribute {name} is missing")
    return PartHeader(
        attributes,
        _channels(attributes["channels"].value),
        Window(*struct.unpack("<4i", attributes["dataWindow"].value)),
        Window(*struct.unpack("<4i", attributes["displayWindow"].value)),
        end,
    )


def _strings(value: bytes) -> tuple[str, ...]:
    """The texts of a string vector, each behind its length; () when it makes no sense."""
    found, position = [], 0
    while position + 4 <= len(value):
        end = position + 4 + int.from_bytes(value[position : position + 4], "little")
        found.append(value[position + 4 : end].decode("utf-8", "replace"))
        position = end
    return tuple(found) if position == len(value) else ()


def _channels(value: bytes) -> dict[str, ChannelInfo]:
    cursor = _Cursor(value, 0)
    found: dict[str, ChannelInfo] = {}
    try:
        while name := cursor.name():
            kind, _linear, x_sampling, y_sampling = struct.unpack("<iB3xii", cursor.take(16))
            if kind not in _TYPE_BYTES or x_sampling < 1 or y_sampling < 1:
                raise ValueError(f"channel {name} is of no known type")
            found[name] = ChannelInfo(kind, x_sampling, y_sampling)
    except Short:
        raise ValueError("the channel list is cut short") from None
    return found
