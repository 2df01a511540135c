"""How many pictures a movie holds, read from its index; nothing is decoded.

The server decodes movies; the command line only has to know where the shot ends.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

SUFFIXES = frozenset({".mp4", ".mov", ".m4v", ".mxf"})
"""File names that are movies, lower case."""

# Source: SMPTE ST 377-1, annex B: key of a Sequence set, its local tags Data Definition and
# Duration (in edit units, which are pictures on a picture track), and the label Picture Essence.
_MXF_SEQUENCE = bytes.fromhex("060e2b34025301010d01010101010f00")
_MXF_DATA_DEFINITION = 0x0201
_MXF_DURATION = 0x0202
_MXF_PICTURE = bytes.fromhex("0103020201")
_MXF_HEADER = 8 << 20

_Span = tuple[int, int]


def picture_count(movie: Path) -> int | None:
    """Number of pictures in a movie, or None when its index does not say.

    Raises:
        OSError: The file cannot be read.
    """
    with movie.open("rb") as file:
        try:
            count = _mxf(file) if movie.suffix.lower() == ".mxf" else _quicktime(file)
        except struct.error:
            return None
    return count if count and count > 0 else None


def _quicktime(file: BinaryIO) -> int | None:
    """Samples of the first video track.

    Source: ISO/IEC 14496-12, 8.4.3 (hdlr) and 8.6.1.2 (stts).
    """
    everything = (0, file.seek(0, 2))
    for movie in _boxes(file, everything, b"moov"):
        for track in _boxes(file, movie, b"trak"):
            for media in _boxes(file, track, b"mdia"):
                handlers = [_read(file, at + 8, 4) for at, _ in _boxes(file, media, b"hdlr")]
                if handlers == [b"vide"]:
                    return _samples(file, media)
    return None


def _samples(file: BinaryIO, media: _Span) -> int:
    total = 0
    for information in _boxes(file, media, b"minf"):
        for table in _boxes(file, information, b"stbl"):
            for at, _ in _boxes(file, table, b"stts"):
                (entries,) = struct.unpack(">I", _read(file, at + 4, 4))
                runs = struct.unpack(f">{2 * entries}I", _read(file, at + 8, 8 * entries))
                total += sum(runs[::2])
    return total


def _boxes(file: BinaryIO, within: _Span, wanted: bytes) -> Iterator[_Span]:
    """Begin and end of the content of each box of one kind."""
    start, stop = within
    while start + 8 <= stop:
        size, kind = struct.unpack(">I4s", _read(file, start, 8))
        header = 8
        if size == 1:
            (size,) = struct.unpack(">Q", _read(file, start + 8, 8))
            header = 16
        elif size == 0:
            size = stop - start
        if size < header:
            return
        if kind == wanted:
            yield start + header, min(start + size, stop)
        start += size


def _mxf(file: BinaryIO) -> int | None:
    """Duration of the first picture sequence in the header metadata."""
    head = _read(file, 0, _MXF_HEADER)
    at = head.find(_MXF_SEQUENCE)
    while at >= 0:
        properties = _local_set(head, at + len(_MXF_SEQUENCE))
        if properties.get(_MXF_DATA_DEFINITION, b"")[8:13] == _MXF_PICTURE:
            return int(struct.unpack(">q", properties.get(_MXF_DURATION, b""))[0])
        at = head.find(_MXF_SEQUENCE, at + 1)
    return None


def _local_set(data: bytes, at: int) -> dict[int, bytes]:
    """The properties of a metadata set by local tag; ``at`` is where its BER length begins."""
    (length,) = struct.unpack_from(">B", data, at)
    at += 1
    if length & 0x80:
        octets = length & 0x7F
        length = int.from_bytes(data[at : at + octets], "big")
        at += octets
    stop = min(at + length, len(data))
    properties = {}
    while at + 4 <= stop:
        tag, size = struct.unpack_from(">HH", data, at)
        properties[tag] = data[at + 4 : at + 4 + size]
        at += 4 + size
    return properties


def _read(file: BinaryIO, offset: int, size: int) -> bytes:
    file.seek(offset)
    return file.read(size)
