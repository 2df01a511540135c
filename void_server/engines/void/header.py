"""The header of a safetensors file, read and checked without loading a tensor.

::

    8 bytes   length of the header, little-endian
    header    JSON: name -> dtype, shape, [begin, end) in the data; "__metadata__" -> text to text
    data      the tensors, one after the other, without gaps

Source: the format's description in https://github.com/huggingface/safetensors (README).
"""

from __future__ import annotations

import hashlib
import json
import math
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from void_server.engines.void.damage import damaged, quoted

HEADER_LIMIT = 16 * 2**20
"""Longest header that is read, bytes; the real model's has about 200 kB."""

_LENGTH_BYTES = 8
_METADATA = "__metadata__"

ITEM_BYTES = {
    "F64": 8, "F32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1, "F8_E5M2": 1,
    "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U64": 8, "U32": 4, "U16": 2, "U8": 1, "BOOL": 1,
}  # fmt: skip
"""Bytes of one number by the name of its type."""

_DISGUISES = {
    b"PK\x03\x04": "a PyTorch pickle under another name, which is never opened",
    b"\x80\x02": "a pickle under another name, which is never opened",
    b"\x80\x04": "a pickle under another name, which is never opened",
    b"version https://git-lfs": "a Git LFS pointer, not the file that it stands for",
    b"<!DOCTYPE": "a web page",
    b"<html": "a web page",
}


@dataclass(frozen=True)
class Entry:
    """Where a tensor lies: its bytes are [begin, end), counted from the start of the data."""

    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


@dataclass(frozen=True)
class Header:
    """What a file says of itself.

    Attributes:
        file: The file.
        size: Its bytes.
        digest: SHA-256 of its header, lower-case hex.
        tensors: Its tensors by name.
        metadata: Free text by name.
    """

    file: Path
    size: int
    digest: str
    tensors: dict[str, Entry]
    metadata: dict[str, str]


def read_header(file: Path) -> Header:
    """Read and check a header; nothing is allocated that the file does not hold.

    Raises:
        ServerError: There is no such file, it is no safetensors file, it is cut off, or its
            header contradicts itself; the code is ``weights``.
    """
    size = regular_size(file)
    try:
        with file.open("rb") as stream:
            text = _header_bytes(stream, file, size)
    except OSError as error:
        raise damaged(file, f"it cannot be read ({error.strerror or error})") from error
    tensors, metadata = _parsed(text, file)
    _check_extent(tensors, file, size - _LENGTH_BYTES - len(text))
    return Header(file, size, hashlib.sha256(text).hexdigest(), tensors, metadata)


def regular_size(file: Path) -> int:
    """Bytes of a regular file; links are followed.

    Raises:
        ServerError: There is none, or it is a folder, a pipe or a link that leads nowhere.
    """
    try:
        found = file.stat()
    except FileNotFoundError as error:
        raise damaged(file, "there is no such file", "Run 'void weights fetch'.") from error
    except OSError as error:
        raise damaged(file, f"it cannot be read ({error.strerror or error})") from error
    if not stat.S_ISREG(found.st_mode):
        what = "folder" if stat.S_ISDIR(found.st_mode) else "special file"
        raise damaged(file, f"it is not a file (expected a file, got a {what})")
    return found.st_size


def fingerprint(file: Path) -> str:
    """A cheap identity for caches: changes with size, time of change or header, 64 hex digits.

    A file that is no safetensors file is small and counts with all it holds.

    Raises:
        ServerError: The file cannot be read, or is a broken safetensors file.
    """
    if file.suffix == ".safetensors":
        header = read_header(file)
        changed = file.stat().st_mtime_ns
        return hashlib.sha256(f"{header.size} {changed} {header.digest}".encode()).hexdigest()
    return hashlib.sha256(read_small(file)).hexdigest()


def read_small(file: Path, limit: int = HEADER_LIMIT) -> bytes:
    """All bytes of a file that is known to be small.

    Raises:
        ServerError: It cannot be read, or is longer than ``limit`` bytes.
    """
    size = regular_size(file)
    if size > limit:
        raise damaged(file, f"it is too long (expected {limit} bytes at most, got {size})")
    try:
        return file.read_bytes()
    except OSError as error:
        raise damaged(file, f"it cannot be read ({error.strerror or error})") from error


def _header_bytes(stream: BinaryIO, file: Path, size: int) -> bytes:
    start = stream.read(32)
    length = int.from_bytes(start[:_LENGTH_BYTES], "little")
    if len(start) < _LENGTH_BYTES or length > min(HEADER_LIMIT, size - _LENGTH_BYTES):
        raise damaged(file, _no_safetensors(start, size, length))
    stream.seek(_LENGTH_BYTES)
    text = stream.read(length)
    if len(text) != length:
        raise damaged(file, f"it is cut off (expected a header of {length} bytes)")
    return text


def _no_safetensors(start: bytes, size: int, length: int) -> str:
    for prefix, what in _DISGUISES.items():
        if start.startswith(prefix):
            return f"it is not a safetensors file but {what}"
    if len(start) < _LENGTH_BYTES:
        return f"it is not a safetensors file (expected 8 bytes at least, got {size})"
    if length <= HEADER_LIMIT:
        return f"it is cut off (expected a header of {length} bytes, got a file of {size})"
    return f"it is not a safetensors file (its header would have {length} bytes)"


def _parsed(text: bytes, file: Path) -> tuple[dict[str, Entry], dict[str, str]]:
    try:
        found = json.loads(text, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise damaged(file, f"its header is not what safetensors writes ({error})") from error
    if not isinstance(found, dict):
        raise damaged(file, "its header is not a table of tensors")
    metadata = found.pop(_METADATA, {})
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise damaged(file, f"{_METADATA} in its header is not a table of texts")
    return {name: _entry(name, value, file) for name, value in found.items()}, metadata


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"{quoted(name)} stands there twice")
        found[name] = value
    return found


def _entry(name: str, value: object, file: Path) -> Entry:
    if not isinstance(value, dict) or set(value) != {"dtype", "shape", "data_offsets"}:
        raise damaged(file, f"tensor {quoted(name)} is not described by dtype, shape and offsets")
    dtype, shape, offsets = value["dtype"], value["shape"], value["data_offsets"]
    if not isinstance(dtype, str) or dtype not in ITEM_BYTES:
        raise damaged(file, f"tensor {quoted(name)} has an unknown dtype (got {dtype!r:.40})")
    if not _counts(shape) or not _counts(offsets) or len(offsets) != 2:
        raise damaged(file, f"tensor {quoted(name)} has no proper shape or offsets")
    begin, end = offsets
    wanted = math.prod(shape) * ITEM_BYTES[dtype]
    if end - begin != wanted:
        raise damaged(
            file,
            f"tensor {quoted(name)}: shape and bytes disagree (expected {wanted} bytes for "
            f"{dtype} {tuple(shape)}, got {end - begin})",
        )
    return Entry(dtype, tuple(shape), begin, end)


def _counts(value: object) -> bool:
    """Whether it is a list of whole numbers that are not negative; JSON's true is none."""
    return isinstance(value, list) and all(type(item) is int and item >= 0 for item in value)


def _check_extent(tensors: dict[str, Entry], file: Path, data: int) -> None:
    """The tensors must fill the data from end to end: no gap, no overlap, nothing left over."""
    position = 0
    for name, entry in sorted(tensors.items(), key=lambda item: (item[1].begin, item[1].end)):
        if entry.begin != position:
            raise damaged(
                file,
                f"tensor {quoted(name)} does not follow the one before it "
                f"(expected offset {position}, got {entry.begin})",
            )
        position = entry.end
    if position > data:
        raise damaged(
            file, f"it is cut off (expected {position} bytes of tensors, got {max(data, 0)})"
        )
    if position < data:
        raise damaged(
            file, f"it is longer than its tensors (expected {position} bytes, got {data})"
        )
