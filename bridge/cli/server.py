"""Which server a command talks to: one that is named, one that runs, or a private one."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from bridge.cli.place import DEFAULT_ENDPOINT, Place
from bridge.client import Client
from bridge.curve import ClientCurve, show
from bridge.errors import ConnectionLost, RequestError, ServerError, VoidError

START_SECONDS = 30.0
"""How long a private server may take until it answers; it loads no image code."""

STOP_SECONDS = 6.0
"""How long it may take to finish the frame in hand."""

PRIVATE_PATIENCE = 15.0
"""Seconds of silence after which a private server is dead: nobody will restart it."""

_LOOK_SECONDS = 2.0
_POLL_SECONDS = 0.05


class Announcement(msgspec.Struct, frozen=True):
    """What a running server writes for the clients of its user."""

    endpoint: str
    pid: int
    epoch: str
    server_key: str = ""


def standing(place: Place) -> Client | None:
    """A client of the server that was named or runs already; None if none was named or found.

    Raises:
        VoidError: A server was named, but it does not answer or does not let us in.
    """
    if place.server:
        return _dialled(place, place.server)
    announcement = _announced(place.announcement)
    if announcement is None or not _lives(announcement.pid):
        return None
    curve = _curve(place.keys, announcement.server_key)
    client = Client(announcement.endpoint, curve=curve, timeout=_LOOK_SECONDS)
    try:
        if client.hello().epoch == announcement.epoch:
            return client
    except ConnectionLost:
        pass  # its file outlived it
    client.close()
    return None


@contextmanager
def running(place: Place) -> Iterator[Client]:
    """The server that was named or runs already.

    Raises:
        ConnectionLost: There is none.
    """
    client = standing(place)
    if client is None:
        raise ConnectionLost(
            "server",
            f"none is running on this machine (expected one at {DEFAULT_ENDPOINT})",
            "Start it with void-server, or name one with --server tcp://HOST:PORT.",
            code="server_down",
        )
    with client:
        yield client


@contextmanager
def private(
    folder: Path, *, roots: Iterable[Path], keys: Path, weights: Path | None = None
) -> Iterator[Client]:
    """A server of our own, stopped when the block ends.

    Args:
        folder: Its data folder; a later server on the same folder goes on where it stopped.
        keys: Folder of this machine's CURVE keys, in case the settings ask for them.
        roots: Folders whose files it may read in place.
        weights: Folder of the model's files; None leaves that to its settings.

    Raises:
        RequestError: The folder cannot be written.
        ServerError: It does not start.
        ConnectionLost: It died.
    """
    process = _start(folder, roots, keys, weights)
    try:
        announcement = _when_up(process, folder)
        curve = _curve(keys, announcement.server_key)
        with Client(announcement.endpoint, curve=curve) as client:
            yield client
    except ConnectionLost as error:
        if process.poll() is None:
            raise
        raise ConnectionLost(
            "private server",
            f"it died (exit code {process.returncode})",
            f"The same command goes on where it stopped; the log is in {folder / 'logs'}.",
            code="server_gone",
        ) from error
    finally:
        _stop(process)


def in_use(folder: Path) -> bool:
    """Whether a server works in a data folder."""
    announcement = _announced(folder / "server.json")
    return announcement is not None and _lives(announcement.pid)


def _dialled(place: Place, endpoint: str) -> Client:
    client = Client(endpoint, curve=_curve(place.keys, place.server_key))
    try:
        client.hello()
    except VoidError:
        client.close()
        raise
    return client


def _curve(keys: Path, server_key: str) -> ClientCurve | None:
    return ClientCurve(show(keys), server_key) if server_key else None


def _announced(file: Path) -> Announcement | None:
    try:
        return msgspec.json.decode(file.read_bytes(), type=Announcement)
    except (OSError, msgspec.DecodeError):
        return None


def _lives(pid: int) -> bool:
    """Whether a process with this id exists; on Windows only asking the server itself can tell."""
    if os.name == "nt":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass  # it exists, but is not ours; or the file holds nonsense and nobody will answer
    return True


def _start(
    folder: Path, roots: Iterable[Path], keys: Path, weights: Path | None
) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "void_server", "--host", "127.0.0.1", "--port", "0"]
    command += ["--bulk-port", "0", "--data-dir", str(folder)]
    command += ["--connection-file", str(folder / "server.json")]
    command += ["--keys-dir", str(keys), "--parent-pid", str(os.getpid())]
    # The list is split at commas; files in a folder with a comma in its name are uploaded.
    allowed = ",".join(str(root) for root in roots if "," not in str(root))
    command += ["--roots", allowed] if allowed else []
    command += ["--weights", str(weights)] if weights else []
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (folder / "output.log").open("ab") as log:
            # A session of its own: Ctrl-C in the terminal is for us, and we tell the server.
            return subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
    except OSError as error:
        raise RequestError(
            f"data folder {folder}",
            f"it cannot be written ({error.strerror})",
            "Set VOID_DATA_DIR to another folder.",
            code="not_writable",
        ) from error


def _when_up(process: subprocess.Popen[bytes], folder: Path) -> Announcement:
    """What the server announces, once it does."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        announcement = _announced(folder / "server.json")
        if announcement is not None and announcement.pid == process.pid:
            return announcement
        if process.poll() is not None:
            break
        time.sleep(_POLL_SECONDS)
    said = (folder / "output.log").read_text("utf-8", "replace").strip().splitlines()
    raise ServerError(
        "private server",
        f"it did not start ({said[-1] if said else f'nothing heard in {START_SECONDS:.0f} s'})",
        f"Run void doctor; the whole log is {folder / 'output.log'}.",
        code="private_server",
    )


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
