"""Files that appear whole or not at all.

A file is written under a hidden name beside its place, synced and renamed, so that neither a
sequence scanner nor a crash ever sees half of one.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import stat
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
    """A file under a hidden name beside ``target`` that takes its name when all went well.

    The hidden name is nobody else's: not another thread's, nor another machine's on a shared disk.
    """
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(8)}.part")
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def copied(path: Path, target: Path, sha256: str, *, size: int | None = None) -> bool:
    """Copy while hashing; False if there is no such file here, or a file of other content.

    Args:
        path: What to copy. It may be anything, since another machine may have named it: nothing
            but a regular file is read, and of that no more than it held when it was opened.
        target: Where to.
        sha256: What it must hold.
        size: Bytes that it must hold; None asks the digest alone.

    Raises:
        OSError: The folder cannot be written.
    """
    original = _regular(path)
    if original is None:
        return False
    file, left = original
    summed = hashlib.sha256()
    with file, suppress(_OtherContent):
        if size not in (None, left):
            return False
        with hidden(target) as copy:
            while block := file.read(min(_BLOCK, left)):
                summed.update(block)
                copy.write(block)
                left -= len(block)
            if summed.hexdigest() != sha256:
                raise _OtherContent
        return True
    return False


def _regular(path: Path) -> tuple[BinaryIO, int] | None:
    """The file, opened, and its bytes; None if it cannot be, or is a device, a pipe or a folder."""
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        descriptor = os.open(path, flags)  # waits for nobody at the other end of a pipe
    except (OSError, ValueError):  # a name may hold what no name can
        return None
    found = os.fstat(descriptor)
    if stat.S_ISREG(found.st_mode):
        return os.fdopen(descriptor, "rb"), found.st_size
    os.close(descriptor)
    return None


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
