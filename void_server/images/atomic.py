"""Files that are there whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from bridge.errors import ServerError

_FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True)
class Written:
    """A file that is safely on disk: where, how long, and its SHA-256 in lower-case hex."""

    path: Path
    size: int
    sha256: str


def write_file(path: Path, data: bytes) -> Written:
    """Write ``data`` under a hidden name, sync it, and give it its name.

    The hidden name begins with a dot, so that sequence scanners of hosts pass it over, and ends
    in ``.tmp``, so that a crash leaves something that is easy to recognise.

    Raises:
        ServerError: The folder is not writable or the disk is full; nothing is left behind.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise ServerError(
            str(path),
            f"the file cannot be written ({error.strerror or error})",
            "Make room or check the folder's permissions; finished frames are kept, and the same "
            "job goes on from there.",
            code="disk_full" if error.errno in _FULL else "disk",
        ) from error
    return Written(path, len(data), hashlib.sha256(data).hexdigest())


def _sync_folder(folder: Path) -> None:
    """Make the new name itself safe; not every system lets a folder be opened for that."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
