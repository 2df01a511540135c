"""The head of an EXR file, read without decoding a pixel, and the gate built on it.

A damaged or hostile file is refused here, before any library allocates what it claims to hold.

Source: "OpenEXR File Layout", Academy Software Foundation (openexr.com, "Technical
Introduction" and "File Layout"): magic number, version field, attributes, chunks.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from bridge.errors import RequestError
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

MAX_DECODED = 4 << 30
"""Bytes one file may claim to decode to; a 16k x 8k RGBA float frame is 2 GiB."""

MAX_SIDE = 1 << 17
MAX_CHANNELS = 1024
MAX_HEADER = 16 << 20

_FIRST_READ = 1 << 16
_TYPE_BYTES = {0: 4, 1: 2, 2: 4}
_ZIPPED = ("zips", "zip", "pxr24")
_MAX_DEFLATE_RATIO = 1100
"""Deflate cannot exceed 1032:1. Source: zlib.net/zlib_tech.html, "Maximum Compression Factor"."""


class _Short(Exception):
    """The bytes end before the header does."""


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


def read_header(path: Path, subject: str) -> Header:
    """The checked header of the file at ``path``.

    Raises:
        RequestError: No EXR, damaged, deep, or larger than we decode. ``subject`` names the frame.
    """
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            data, step = file.read(_FIRST_READ), _FIRST_READ
            while True:
                try:
                    return _checked(_parse(data, subject), size, subject)
                except _Short:
                    more = file.read(step) if len(data) < MAX_HEADER else b""
                    if not more:
                        raise _damaged(subject, "its header is cut short") from None
                    data, step = data + more, step * 4
    except OSError as error:
        raise unreadable(subject, error) from error


def parse_header(data: bytes, subject: str) -> Header:
    """The checked header of a whole file in memory. Raises as `read_header` does."""
    try:
        return _checked(_parse(data, subject), len(data), subject)
    except _Short:
        raise _damaged(subject, "its header is cut short") from None


def unreadable(subject: str, error: OSError) -> RequestError:
    """The error for a file that the system does not let us read."""
    return RequestError(
        subject, f"the file cannot be read ({error.strerror or error})", code="unreadable"
    )


def _damaged(subject: str, text: str) -> RequestError:
    return RequestError(
        subject,
        f"the EXR file is damaged: {text}",
        "Render or copy this frame again.",
        code="corrupt",
    )


class _Cursor:
    """A position in the header's bytes."""

    def __init__(self, data: bytes, offset: int) -> None:
        self.data = data
        self.offset = offset

    def take(self, count: int) -> bytes:
        end = self.offset + count
        if end > len(self.data):
            raise _Short
        piece, self.offset = self.data[self.offset : end], end
        return piece

    def name(self) -> str:
        end = self.data.find(b"\0", self.offset, self.offset + 256)
        if end < 0:
            if len(self.data) - self.offset >= 256:
                raise ValueError("a name is longer than 255 bytes")
            raise _Short
        piece = self.data[self.offset : end]
        self.offset = end + 1
        return piece.decode("utf-8", "surrogateescape")


def _parse(data: bytes, subject: str) -> Header:
    if data[:4] != MAGIC[: len(data)]:
        raise RequestError(
            subject, "it is not an EXR file", "Check the file's contents.", code="corrupt"
        )
    cursor = _Cursor(data, 4)
    version = int.from_bytes(cursor.take(4), "little")
    if version & NON_IMAGE:
        raise _deep(subject)
    try:
        return _parse_parts(cursor, version)
    except (ValueError, KeyError, IndexError, struct.error, ZeroDivisionError) as error:
        raise _damaged(subject, f"its header makes no sense ({error})") from error


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


def _channels(value: bytes) -> dict[str, ChannelInfo]:
    cursor = _Cursor(value, 0)
    found: dict[str, ChannelInfo] = {}
    try:
        while name := cursor.name():
            kind, _linear, x_sampling, y_sampling = struct.unpack("<iB3xii", cursor.take(16))
            if kind not in _TYPE_BYTES or x_sampling < 1 or y_sampling < 1:
                raise ValueError(f"channel {name} is of no known type")
            found[name] = ChannelInfo(kind, x_sampling, y_sampling)
    except _Short:
        raise ValueError("the channel list is cut short") from None
    return found


def _checked(header: Header, file_size: int, subject: str) -> Header:
    decoded = 0
    for part in header.parts:
        kind = part.text("type")
        if kind.startswith("deep"):
            raise _deep(subject)
        if max(part.data_window.shape) > MAX_SIDE or len(part.channels) > MAX_CHANNELS:
            raise _too_large(subject, f"{part.data_window}, {len(part.channels)} channels")
        if part.levels:
            raise RequestError(
                subject,
                "it is a mip-mapped texture (expected a picture with one level)",
                "Render it as a plain sequence.",
                code="format",
            )
        if not part.channels:
            raise _damaged(subject, "a part has no channels")
        _check_compression(part, file_size, subject)
        decoded += part.decoded_bytes
    if decoded > MAX_DECODED:
        raise _too_large(subject, f"{decoded / (1 << 30):.1f} GiB decoded")
    return header


def _check_compression(part: PartHeader, file_size: int, subject: str) -> None:
    number = part.attributes["compression"].value[0]
    if number >= len(COMPRESSIONS):
        raise _damaged(subject, f"its compression is unknown (number {number})")
    if part.tiled:
        return
    rows = CHUNK_ROWS.get(part.compression, 256)
    chunks = -(-part.data_window.height // rows)
    # Every chunk takes an entry in the offset table and a head of its own.
    least = chunks * 16
    if part.compression in _ZIPPED:
        least = max(least, part.decoded_bytes // _MAX_DEFLATE_RATIO)
    if part.compression == "none":
        least = max(least, part.data_window.width * part.data_window.height // 4)
    if file_size < least:
        raise _damaged(subject, f"it is too short for its size (expected {part.data_window})")


def _deep(subject: str) -> RequestError:
    return RequestError(
        subject,
        "it is a deep EXR (expected a flat one)",
        "Flatten it first, in Nuke with DeepToImage.",
        code="deep",
    )


def _too_large(subject: str, got: str) -> RequestError:
    return RequestError(
        subject,
        f"the frame claims more than we decode (at most {MAX_DECODED >> 30} GiB and "
        f"{MAX_SIDE} pixels a side, got {got})",
        "Check that the file is a picture.",
        code="too_large",
    )
