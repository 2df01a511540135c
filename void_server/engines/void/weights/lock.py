"""What was fetched, at which revision and with which SHA-256: trusted once, then held to."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from void_server.engines.void.damage import damaged
from void_server.engines.void.header import read_small
from void_server.images.atomic import write_file

NAME = "weights.lock.json"
"""Name of the file in the weights folder."""

_CHUNK = 4 * 2**20


class LockedFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bytes and SHA-256, lower-case hex, of a file as it was published."""

    size: Annotated[int, Meta(ge=0)]
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class LockedSource(msgspec.Struct, forbid_unknown_fields=True):
    """A repository: the commit, and files by path relative to the weights folder.

    Attributes:
        revision: The commit.
        files: As they were published at this commit.
        earlier: Fetched at an earlier one and not replaced yet.
    """

    revision: Annotated[str, Meta(pattern="^[0-9a-f]{40}$")]
    files: dict[str, LockedFile] = {}
    earlier: dict[str, LockedFile] = {}


class Lock(msgspec.Struct, forbid_unknown_fields=True):
    """Repositories by their name on the hub."""

    version: Annotated[int, Meta(ge=1, le=1)] = 1
    sources: dict[str, LockedSource] = {}

    @property
    def files(self) -> dict[str, LockedFile]:
        """All files by path relative to the weights folder."""
        found: dict[str, LockedFile] = {}
        for source in self.sources.values():
            found |= source.files
        return found

    def was_fetched(self, path: str, digest: str) -> bool:
        """Whether a file's content came from the hub, now or at an earlier revision."""
        tables = [table for s in self.sources.values() for table in (s.files, s.earlier)]
        return any(path in table and table[path].sha256 == digest for table in tables)


def read(root: Path) -> Lock:
    """The lock of a weights folder; an empty one when nothing was ever fetched into it.

    Raises:
        ServerError: The lock cannot be read.
    """
    file = root / NAME
    if not file.exists():
        return Lock()
    try:
        return msgspec.json.decode(read_small(file), type=Lock)
    except msgspec.DecodeError as error:
        hint = "Delete it to trust the files of the next fetch anew."
        raise damaged(file, f"it is not a lock of this version ({error})", hint) from error


def write(root: Path, lock: Lock) -> None:
    """Write the lock, whole or not at all.

    Raises:
        ServerError: The folder is not writable or the disk is full.
    """
    data = msgspec.json.encode(lock, order="sorted")
    write_file(root / NAME, msgspec.json.format(data, indent=2) + b"\n")


def sha256(file: Path, advanced: Callable[[int], None] = lambda count: None) -> str:
    """SHA-256 of a file, lower-case hex.

    Args:
        file: Any length.
        advanced: Called with every number of bytes that has been read.

    Raises:
        ServerError: It cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with file.open("rb") as stream:
            while data := stream.read(_CHUNK):
                digest.update(data)
                advanced(len(data))
    except OSError as error:
        raise damaged(file, f"it cannot be read ({error.strerror or error})") from error
    return digest.hexdigest()
