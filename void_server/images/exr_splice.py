"""A copy of an EXR file in which only the chunks of changed rows are new.

Header attributes and all other chunks are taken over byte for byte, undecoded: what was not
touched cannot change, whatever it holds, and nothing is packed twice. Packing is most of the
cost of writing, so this is also several times faster than encoding the frame anew.

::

    magic  version  header of each part  chunk offsets of each part  chunks
                    + our attributes     new positions               verbatim, or packed anew

Source: "OpenEXR File Layout", Academy Software Foundation (openexr.com).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass

from void_server.images.exr_layout import (
    CHUNK_ROWS,
    LONG_NAMES,
    MAGIC,
    Attribute,
    Header,
    PartHeader,
)

SHORT_NAME = 31
"""Longest name a reader must take without the long-name flag."""


@dataclass(frozen=True)
class Chunk:
    """Where one chunk lies in a file, its own head included."""

    part: int
    index: int
    offset: int
    size: int


def chunk_rows(part: PartHeader) -> int | None:
    """Rows of one chunk of a scan-line part, or None when it cannot be spliced."""
    sampled = any(c.x_sampling != 1 or c.y_sampling != 1 for c in part.channels.values())
    if part.tiled or sampled:
        return None
    return CHUNK_ROWS.get(part.compression)


def find_chunks(data: bytes, header: Header) -> list[Chunk] | None:
    """All chunks of a file in the order in which they lie, or None when the table is unusable."""
    counts = [_chunk_count(part) for part in header.parts]
    if any(count is None for count in counts):
        return None
    found: list[Chunk] = []
    position = header.end
    for number, part in enumerate(header.parts):
        count = counts[number] or 0
        if position + 8 * count > len(data):
            return None
        offsets = struct.unpack_from(f"<{count}Q", data, position)
        position += 8 * count
        for index, offset in enumerate(offsets):
            size = _chunk_size(data, offset, part, multipart=header.multipart)
            if size is None or offset < header.end:
                return None
            found.append(Chunk(number, index, offset, size))
    return sorted(found, key=lambda chunk: chunk.offset)


def spliced(
    data: bytes,
    header: Header,
    *,
    main: int,
    attributes: Mapping[str, Attribute],
    packed: Mapping[int, bytes],
    drop_prefix: str,
) -> bytes | None:
    """The file with other chunks and further attributes in one part.

    Args:
        data: The source file.
        header: Its header.
        main: Index of the part that changes.
        attributes: Added to that part.
        packed: New contents of its chunks by index: what follows a scan-line chunk's size field.
        drop_prefix: Attributes of that part whose names begin so are left out first.

    Returns:
        The new file, or None when the source's chunk table cannot be relied on.
    """
    chunks = find_chunks(data, header)
    if chunks is None or not packed.keys() <= {c.index for c in chunks if c.part == main}:
        return None
    kept = {
        name: value
        for name, value in header.parts[main].attributes.items()
        if not name.startswith(drop_prefix)
    }
    head = _head(header, main, {**kept, **attributes})
    source = memoryview(data)
    pieces: list[bytes | memoryview] = []
    tables = [[0] * (_chunk_count(part) or 0) for part in header.parts]
    position = len(head) + 8 * sum(map(len, tables))
    for chunk in chunks:
        piece: bytes | memoryview = source[chunk.offset : chunk.offset + chunk.size]
        if chunk.part == main and chunk.index in packed:
            piece = _repacked(piece, packed[chunk.index], multipart=header.multipart)
        tables[chunk.part][chunk.index] = position
        position += len(piece)
        pieces.append(piece)
    offsets = b"".join(struct.pack(f"<{len(table)}Q", *table) for table in tables)
    return b"".join([head, offsets, *pieces])


def chunk_contents(data: bytes, header: Header) -> list[bytes] | None:
    """What follows the size field of each chunk of a single-part scan-line file, by index."""
    chunks = find_chunks(data, header)
    if chunks is None:
        return None
    by_index = sorted(chunks, key=lambda chunk: chunk.index)
    return [data[chunk.offset + 8 : chunk.offset + chunk.size] for chunk in by_index]


def with_channels(listed: Attribute, added: Mapping[str, int]) -> Attribute:
    """A channel list with further channels in it, in the order in which pixels are stored.

    Args:
        listed: The ``channels`` attribute of a part; its entries are kept byte for byte.
        added: Pixel type (0 uint, 1 half, 2 float) by name.
    """
    entries: dict[bytes, bytes] = {}
    position = 0
    while (end := listed.value.index(b"\0", position)) > position:
        entries[listed.value[position:end]] = listed.value[end + 1 : end + 17]
        position = end + 17
    for name, kind in added.items():
        entries[name.encode()] = struct.pack("<iB3xii", kind, 0, 1, 1)
    packed = (name + b"\0" + entries[name] for name in sorted(entries))
    return Attribute(listed.kind, b"".join(packed) + b"\0")


def _head(header: Header, main: int, attributes: Mapping[str, Attribute]) -> bytes:
    """Magic, version and headers; every attribute but those of ``main`` as it was."""
    version = header.version
    if any(len(name.encode()) > SHORT_NAME for name in attributes):
        version |= LONG_NAMES
    pieces = [MAGIC, struct.pack("<I", version)]
    for number, part in enumerate(header.parts):
        mine = attributes if number == main else part.attributes
        pieces += [_serialized(name, attribute) for name, attribute in mine.items()]
        pieces.append(b"\0")
    if header.multipart:
        pieces.append(b"\0")
    return b"".join(pieces)


def _serialized(name: str, attribute: Attribute) -> bytes:
    encoded = name.encode("utf-8", "surrogateescape")
    kind = attribute.kind.encode("utf-8", "surrogateescape")
    size = struct.pack("<i", len(attribute.value))
    return encoded + b"\0" + kind + b"\0" + size + attribute.value


def _repacked(old: bytes | memoryview, content: bytes, *, multipart: bool) -> bytes:
    """A scan-line chunk with its part number and row kept and other contents."""
    start = bytes(old[: 8 if multipart else 4])
    return start + struct.pack("<i", len(content)) + content


def _chunk_count(part: PartHeader) -> int | None:
    announced = part.integer("chunkCount")
    if announced is not None:
        return announced if 0 <= announced < 1 << 24 else None
    rows = CHUNK_ROWS.get(part.compression)
    if part.tiled or rows is None:
        return None
    return -(-part.data_window.height // rows)


def _chunk_size(data: bytes, offset: int, part: PartHeader, *, multipart: bool) -> int | None:
    """Bytes of the chunk at ``offset``, or None when it reaches beyond the file."""
    fields = (4 if part.tiled else 1) + multipart
    head = 4 * fields + 4
    if offset + head > len(data):
        return None
    (packed,) = struct.unpack_from("<i", data, offset + head - 4)
    if packed < 0 or offset + head + packed > len(data):
        return None
    return head + int(packed)
