"""From files to what a request names: their digests, taken in a few threads."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bridge.found import Found, unreadable
from bridge.shot import Sequence, SourceFile

_BLOCK = 1 << 20
# More threads than this only move the disk's head about.
_THREADS = 4

OnBytes = Callable[[int], None]
"""Called from the hashing threads with every number of bytes read."""


def bytes_to_read(sequences: Iterable[Found]) -> int:
    """Bytes of all files that `hashed` would read; a file that is gone counts nothing."""
    files = {file for found in sequences for file in found.files}
    return sum(file.stat().st_size for file in files if file.exists())


def hashed(
    sequences: Iterable[Found],
    *,
    on_bytes: OnBytes = lambda count: None,
) -> list[Sequence]:
    """Hash every file once and describe the sequences by content, without paths.

    Args:
        sequences: What was found.
        on_bytes: Told about progress.

    Raises:
        RequestError: A file cannot be read.
    """
    sequences = list(sequences)
    owners = {file: found for found in sequences for file in found.files}
    pool = ThreadPoolExecutor(min(_THREADS, os.cpu_count() or 1), thread_name_prefix="hash")
    try:
        sources = dict(
            zip(
                owners,
                pool.map(lambda file: _source(file, owners[file], on_bytes), owners),
                strict=True,
            )
        )
    finally:
        # After Ctrl-C or an error nobody wants to wait for the rest of the shot.
        pool.shutdown(cancel_futures=True)
    return [
        Sequence(
            label=found.label,
            kind=found.kind,
            files=tuple(sources[file] for file in found.files),
            frames=found.frames,
        )
        for found in sequences
    ]


def _source(file: Path, found: Found, on_bytes: OnBytes) -> SourceFile:
    digest = hashlib.sha256()
    size = 0
    try:
        with file.open("rb") as content:
            while block := content.read(_BLOCK):
                digest.update(block)
                size += len(block)
                on_bytes(len(block))
    except OSError as error:
        raise unreadable(file, found.subject, error) from error
    return SourceFile(file.name, size, digest.hexdigest())
