"""The gate before any EXR is decoded, built on its header alone.

A damaged or hostile file is refused here, before a library allocates what it claims to hold.
"""

from __future__ import annotations

from pathlib import Path

from bridge.errors import RequestError
from void_server.images.exr_layout import (
    CHUNK_ROWS,
    COMPRESSIONS,
    MAX_HEADER,
    Header,
    NoPicture,
    PartHeader,
    Short,
    parse,
)

MAX_DECODED = 4 << 30
"""Bytes one file may claim to decode to; a 16k x 8k RGBA float frame is 2 GiB."""

MAX_SIDE = 1 << 17
MAX_CHANNELS = 1024

_FIRST_READ = 1 << 16
_ZIPPED = ("zips", "zip", "pxr24")
_MAX_DEFLATE_RATIO = 1100
"""Deflate cannot exceed 1032:1. Source: zlib.net/zlib_tech.html, "Maximum Compression Factor"."""


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
                    return _checked(_parsed(data, subject), size, subject)
                except Short:
                    more = file.read(step) if len(data) < MAX_HEADER else b""
                    if not more:
                        raise _damaged(subject, "its header is cut short") from None
                    data, step = data + more, step * 4
    except OSError as error:
        raise unreadable(subject, error) from error


def parse_header(data: bytes, subject: str) -> Header:
    """The checked header of a whole file in memory. Raises as `read_header` does."""
    try:
        return _checked(_parsed(data, subject), len(data), subject)
    except Short:
        raise _damaged(subject, "its header is cut short") from None


def unreadable(subject: str, error: OSError) -> RequestError:
    """The error for a file that the system does not let us read."""
    return RequestError(
        subject, f"the file cannot be read ({error.strerror or error})", code="unreadable"
    )


def _parsed(data: bytes, subject: str) -> Header:
    try:
        return parse(data)
    except NoPicture as error:
        if str(error) == "deep":
            raise _deep(subject) from None
        raise RequestError(
            subject, "it is not an EXR file", "Check the file's contents.", code="corrupt"
        ) from None
    except ValueError as error:
        raise _damaged(subject, f"its header makes no sense ({error})") from error


def _damaged(subject: str, text: str) -> RequestError:
    return RequestError(
        subject,
        f"the EXR file is damaged: {text}",
        "Render or copy this frame again.",
        code="corrupt",
    )


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
