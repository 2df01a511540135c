"""The disk: errors with words, and bytes that stay."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bridge.errors import ServerError


@contextmanager
def disk_errors(subject: str) -> Iterator[None]:
    """Turn what the operating system says of a file into an error that the operator can read.

    Args:
        subject: What is being stored.

    Raises:
        ServerError: In place of any `OSError`; code ``disk_full`` or ``disk``.
    """
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise ServerError(
                subject,
                "the server's disk is full",
                "Free some space and send it again; what has arrived is kept.",
                code="disk_full",
            ) from error
        raise ServerError(
            subject,
            f"the server cannot store or read it ({error.strerror})",
            "Look at the server's data folder.",
            code="disk",
        ) from error


def sync(path: Path) -> None:
    """Have a file, or the names in a folder, on disk before returning."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def readable(size: int) -> str:
    """A size for people: ``1.5 GiB``."""
    if size < 1024:
        return f"{size} bytes"
    value, unit = size / 1024, "KiB"
    for larger in ("MiB", "GiB", "TiB"):
        if value < 1024:
            break
        value, unit = value / 1024, larger
    return f"{value:.1f} {unit}"
