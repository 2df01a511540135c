"""The connection file: tells clients of the same user where a server listens."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from void_server.spool.disk import disk_errors


class Notice(msgspec.Struct, frozen=True):
    """What the file says, as JSON.

    Attributes:
        endpoint: The control connection, e.g. ``tcp://127.0.0.1:5599``.
        pid: The server's process.
        epoch: As in `bridge.messages.Welcome`; tells an old file from the server that answers.
        version: Package version of the server.
        server_key: Public CURVE key that the server proves, or "" without CURVE.
    """

    endpoint: str
    pid: int
    epoch: str
    version: str
    server_key: str = ""


def post(notice: Notice, file: Path) -> None:
    """Write the file, whole or not at all, readable by its owner only.

    Raises:
        ServerError: It cannot be written.
    """
    temporary = file.with_name(f".{file.name}.{os.getpid()}.part")
    with disk_errors(f"connection file {file}"):
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary.unlink(missing_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(descriptor, msgspec.json.encode(notice))
        finally:
            os.close(descriptor)
        temporary.replace(file)


def read(file: Path) -> Notice | None:
    """What a connection file says; None when there is none, or none that can be read."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Notice)
    except (OSError, msgspec.DecodeError):
        return None


def take_down(file: Path, epoch: str) -> None:
    """Remove the file, unless another server has put up its own since."""
    notice = read(file)
    if notice is not None and notice.epoch == epoch:
        file.unlink(missing_ok=True)
