"""The key folder: this machine's key pair, and the clients that a server lets in.

All of it is readable by its owner only::

    keys/
    ├── own.json           this machine's key pair
    └── allowed/
        └── anna.pub       one public key per client; delete the file to lock the client out
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from bridge.errors import RequestError

_PUBLIC_KEY = re.compile(r"[0-9a-zA-Z.\-:+=^!/*?&<>()\[\]{}@%$#]{40}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class KeyPair(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A CURVE key pair, Z85 text of 40 characters each. The public half may be shown to anyone."""

    public: str
    secret: str

    def __repr__(self) -> str:
        return f"KeyPair(public={self.public!r})"


def keep(folder: Path, pair: KeyPair) -> None:
    """Write this machine's key pair.

    Raises:
        RequestError: There is one already, or the folder cannot be written.
    """
    with _refused(folder):
        _private_folder(folder)
        try:
            _write_private(folder / "own.json", msgspec.json.encode(pair))
        except FileExistsError as error:
            raise RequestError(
                f"keys in {folder}",
                "there is a key pair already, and others may have been told of it",
                "Keep it (void keys show), or remove own.json first.",
                code="keys_exist",
            ) from error


def show(folder: Path) -> KeyPair:
    """This machine's key pair.

    Raises:
        RequestError: There is none, it is damaged, or others could read it.
    """
    file = folder / "own.json"
    with _refused(folder):
        if not file.exists():
            raise RequestError(
                f"keys in {folder}", "there are none", "Make them: void keys new.", code="no_keys"
            )
        if os.name == "posix" and file.stat().st_mode & 0o077:
            raise RequestError(
                f"key file {file}",
                f"others may read it (expected mode 0600, got {file.stat().st_mode & 0o777:04o})",
                f"Take the key for known to others: remove {file.name} and run void keys new.",
                code="keys_exposed",
            )
        try:
            return msgspec.json.decode(file.read_bytes(), type=KeyPair)
        except msgspec.DecodeError as error:
            raise RequestError(
                f"key file {file}",
                f"it is damaged ({error})",
                "Remove it and run void keys new.",
                code="keys_damaged",
            ) from error


def allow(folder: Path, public_key: str, name: str) -> None:
    """Let a client in, from its next connection on.

    Args:
        folder: The server's key folder.
        public_key: What ``void keys show`` prints on the client's machine.
        name: Who that is: letters, digits, ``.``, ``_`` and ``-``.

    Raises:
        RequestError: The key or the name is none, or the folder cannot be written.
    """
    check_public(public_key, f"key of {name}")
    if not _NAME.fullmatch(name):
        raise RequestError(
            f"client name {name!r}",
            "it cannot be a file name (expected letters, digits, '.', '_' and '-')",
            code="bad_name",
        )
    with _refused(folder):
        _private_folder(folder)
        _private_folder(folder / "allowed")
        (folder / "allowed" / f"{name}.pub").unlink(missing_ok=True)
        _write_private(folder / "allowed" / f"{name}.pub", public_key.encode())


def allowed(folder: Path) -> dict[str, str]:
    """Who is let in besides the owner of the folder: public key by name."""
    with _refused(folder):
        files = sorted((folder / "allowed").glob("*.pub"))
        return {file.stem: file.read_text("ascii", "replace").strip() for file in files}


def check_public(key: str, subject: str) -> None:
    """Refuse what cannot be a public key.

    Raises:
        RequestError: It is none.
    """
    if not _PUBLIC_KEY.fullmatch(key):
        raise RequestError(
            subject,
            f"it is no public key (expected 40 characters of Z85, got {len(key)} characters)",
            "Copy the line that void keys show prints on the other machine.",
            code="bad_key",
        )


def _private_folder(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)


def _write_private(file: Path, content: bytes) -> None:
    # The mode is given at creation: a moment of 0644 would be enough to be read.
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)


@contextmanager
def _refused(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RequestError(
            f"keys in {folder}",
            f"the folder cannot be used ({error.strerror})",
            "Give another with --keys.",
            code="keys_folder",
        ) from error
