"""One result file: whether it is there, and how it gets there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from bridge import write_once
from bridge.errors import RequestError, ServerError
from bridge.messages import Result, Status

_SHA256 = re.compile(r"[0-9a-f]{64}")


class Source(Protocol):
    """Where results come from; `bridge.client.Client` is one."""

    def watch(self, job: str, *, patience: float) -> Iterator[Status]:
        """A job's status and new results, again and again until it is over."""
        ...

    def download(self, result: Result, target: Path) -> None:
        """Fetch one file; it appears whole and verified, or not at all."""
        ...


def is_there(target: Path, sha256: str) -> bool:
    """Whether the file stands.

    Raises:
        OSError: It cannot be read.
        RequestError: Another one has its name.
    """
    try:
        found = write_once.digest(target)
    except FileNotFoundError:
        return False
    if found != sha256:
        raise RequestError(
            target.name,
            f"another file with this name stands in {target.parent} and is never written over",
            "Move it away, or pass --new-version.",
            code="would_overwrite",
        )
    return True


def bring(result: Result, target: Path, source: Source) -> None:
    """Copy a file that this machine can read, or download it; ``target`` is replaced.

    Raises:
        OSError: The folder cannot be written.
        ServerError: It was announced as what no file can be.
        VoidError: It could not be downloaded.
    """
    if result.size < 0 or not _SHA256.fullmatch(result.sha256):
        raise ServerError(
            target.name,
            "it was announced as what no file can be (expected a size and a SHA-256, got "
            f"{result.size} bytes and '{result.sha256}')",
            code="bad_result",
        )
    if result.path:
        path = Path(result.path)
        if write_once.copied(path, target, result.sha256, size=result.size):
            return
    source.download(result, target)
