"""Files that appear whole or not at all.

A file is written under a hidden name beside its place, synced and renamed, so that neither a
sequence scanner nor a crash ever sees half of one.
"""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from bridge.errors import RequestError

_BLOCK = 1 << 20
# EFBIG is what a file-size limit says; for the artist it is the same want of room.
_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}


@contextmanager
def hidden(target: Path) -> Iterator[BinaryIO]:
    """A file under a hidden name beside ``target`` that takes its name when all went well."""
    temporary = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def copied(path: Path, target: Path, sha256: str) -> bool:
    """Copy while hashing; False if there is no such file here, or a file of other content."""
    try:
        original = path.open("rb")
    except OSError:
        return False
    summed = hashlib.sha256()
    with original, suppress(_OtherContent), hidden(target) as copy:
        while block := original.read(_BLOCK):
            summed.update(block)
            copy.write(block)
        if summed.hexdigest() != sha256:
            raise _OtherContent
        return True
    return False


class _OtherContent(Exception):
    """The file that was copied is not the one that was announced."""


def digest(path: Path) -> str:
    """SHA-256 of a file, lower-case hex."""
    summed = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            summed.update(block)
    return summed.hexdigest()


@contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """Turn what the operating system says of a folder into words for its owner."""
    try:
        yield
    except OSError as error:
        full = error.errno in _FULL
        raise RequestError(
            str(folder),
            f"{'there is no room' if full else 'it cannot be written'} ({error.strerror})",
            "Finished frames are kept. Make room and run the same command again; it goes on there."
            if full
            else "Choose another folder with --out.",
            code="disk_full" if full else "not_writable",
        ) from error
