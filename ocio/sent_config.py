"""The files of an OCIO config that came over the wire, and of nothing else on this machine."""

from __future__ import annotations

import hashlib
import posixpath
import zipfile
from pathlib import Path

LARGEST = 256 << 20
"""Most bytes of one file of a config, unpacked."""

_ARCHIVED = "config.ocio"
"""The config's own name inside an archive. Source: OCIO's documentation of ``.ocioz``."""

_PACKED = b"PK"
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class SentConfig:
    """A config alone: its text, and the LUTs of its archive if it is one.

    Args:
        path: Where the file lies: ``.ocio`` or ``.ocioz``, told apart by content.

    Attributes:
        text: The config, as it is written.

    Raises:
        ValueError: It is an archive without a config, or one that is damaged or too large.
        OSError: It cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._members: dict[str, zipfile.ZipInfo] = {}
        with path.open("rb") as file:
            packed = file.read(len(_PACKED)) == _PACKED
        if packed:
            self._members = _members(path)
        self.text = self.read(_ARCHIVED) if packed else _plain(path)
        if not self.text:
            what = f"it holds no readable {_ARCHIVED}" if packed else "it is empty"
            raise ValueError(f"{what}, or one of more than {LARGEST >> 20} MiB")

    def holds(self, name: str) -> bool:
        """Whether a file of that name came with the config. An absolute path never did."""
        return _normal(name) in self._members

    def read(self, name: str) -> bytes:
        """A file that came with the config; b"" where there is none, or none that can be read."""
        member = self._members.get(_normal(name))
        if member is None or member.file_size > LARGEST or member.compress_type not in _METHODS:
            return b""
        try:
            with zipfile.ZipFile(self._path) as archive:
                return archive.read(member)
        except Exception:  # a damaged archive shows in a dozen ways, and none may reach OCIO
            return b""

    def digest(self, name: str) -> str:
        """What tells a file from others of the name; "" where none came."""
        member = self._members.get(_normal(name))
        if member is None:
            return ""
        told = f"{self._path}/{member.filename} {member.CRC} {member.file_size}"
        return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()


def _members(path: Path) -> dict[str, zipfile.ZipInfo]:
    try:
        with zipfile.ZipFile(path) as archive:
            named = {_normal(info.filename): info for info in archive.infolist()}
    except (zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError) as error:
        raise ValueError(f"its archive is damaged: {error}") from error
    return {name: info for name, info in named.items() if not posixpath.isabs(name)}


def _normal(name: str) -> str:
    return posixpath.normpath(name.replace("\\", "/"))


def _plain(path: Path) -> bytes:
    return path.read_bytes() if path.stat().st_size <= LARGEST else b""
