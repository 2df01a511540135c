"""What an install is made of, file by file: so that it can be checked, and undone to the byte."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import msgspec

from bridge.errors import RequestError
from bridge.write_once import digest
from host_plugins.install.vendored import RECORD


class FileRecord(msgspec.Struct, frozen=True):
    """A file as it was installed: its size in bytes and its SHA-256, lower-case hex."""

    size: int
    sha256: str


class Installed(msgspec.Struct, frozen=True, kw_only=True):
    """An install.

    Attributes:
        version: Of this package.
        date: When, in UTC.
        needs: The libraries it needs, e.g. ``{"pyzmq": ">=26.4"}``.
        vendored: The libraries it brought, by folder, with their versions.
        files: Every file but this record, by its path in the folder, with forward slashes.
        made_init: Whether init.py is there only because of us.
    """

    version: str
    date: str
    needs: dict[str, str]
    vendored: dict[str, dict[str, str]]
    files: dict[str, FileRecord]
    made_init: bool = False


@dataclass(frozen=True, kw_only=True)
class Differences:
    """How a folder differs from its record: paths in it, with forward slashes."""

    missing: tuple[str, ...]
    changed: tuple[str, ...]
    added: tuple[str, ...]


def read(folder: Path) -> Installed | None:
    """The record in a folder; None when there is none.

    Raises:
        RequestError: It cannot be understood.
        OSError: It cannot be read.
    """
    path = folder / RECORD
    if not path.exists():
        return None
    try:
        record = msgspec.json.decode(path.read_bytes(), type=Installed)
    except msgspec.MsgspecError as error:
        raise _not_ours(path, str(error)) from error
    for name in record.files:
        # The record says what uninstalling deletes: nothing outside the folder may be in it.
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts or "\\" in name:
            raise _not_ours(path, f"it names a file outside its folder: '{name}'")
    return record


def write(folder: Path, record: Installed) -> None:
    """Write the record of a folder.

    Raises:
        OSError: It cannot be written.
    """
    (folder / RECORD).write_bytes(msgspec.json.format(msgspec.json.encode(record), indent=1))


def listed(folder: Path) -> dict[str, FileRecord]:
    """Every file in a folder but the record and Python's bytecode.

    Raises:
        OSError: A file cannot be read.
    """
    return {
        name: FileRecord((folder / name).stat().st_size, digest(folder / name))
        for name in names(folder)
        if name != RECORD and not is_bytecode(name)
    }


def names(folder: Path) -> list[str]:
    """The paths of all files in a folder, and of links to folders, with forward slashes."""
    return sorted(
        Path(parent, name).relative_to(folder).as_posix()
        for parent, folders, files in os.walk(folder)
        for name in (*files, *(name for name in folders if Path(parent, name).is_symlink()))
    )


def is_bytecode(name: str) -> bool:
    """Whether Python has made a file for its own use; it makes it again when it needs it.

    Anything else in such a folder is somebody's.
    """
    path = PurePosixPath(name)
    return path.suffix == ".pyc" and path.parent.name == "__pycache__"


def differences(folder: Path, record: Installed) -> Differences:
    """Compare a folder with its record, every byte.

    Raises:
        OSError: A file cannot be read.
    """
    there = {name for name in names(folder) if not is_bytecode(name)} - {RECORD}
    return Differences(
        missing=tuple(sorted(set(record.files) - there)),
        changed=tuple(
            sorted(n for n in there if n in record.files and _changed(folder, n, record))
        ),
        added=tuple(sorted(there - set(record.files))),
    )


def _changed(folder: Path, name: str, record: Installed) -> bool:
    path, was = folder / name, record.files[name]
    if path.is_symlink() or path.stat().st_size != was.size:
        return True
    return digest(path) != was.sha256


def _not_ours(path: Path, text: str) -> RequestError:
    return RequestError(
        str(path),
        f"it is no record of an install ({text})",
        f"Move the folder {path.parent.name} away and install again.",
        code="install_record",
    )
