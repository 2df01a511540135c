"""The server's data folder: what lies where, and that only one server uses it."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import IO

from bridge.errors import ServerError
from void_server.spool.disk import disk_errors

_LONGEST_SOCKET_PATH = 100  # 107 bytes on Linux, 103 on macOS, less the file's name in the socket


class DataDir:
    """The folder, locked from `lock` to `unlock`.

    ::

        data/
        ├── jobs.sqlite      the job store
        ├── reserve          room for its last words on a full disk
        ├── spool/           uploads and results, by content
        ├── results/<job>/   what a worker is writing
        ├── logs/            server.log, worker-<device>.log
        ├── run/             private sockets
        ├── server.lock      held while a server runs
        └── server.json      where it listens

    Args:
        root: The folder; made when it is not there, readable by its owner only.

    Raises:
        ServerError: It cannot be used.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.database = self.root / "jobs.sqlite"
        self.reserve = self.root / "reserve"
        self.spool = self.root / "spool"
        self.results = self.root / "results"
        self.logs = self.root / "logs"
        self._run = self.root / "run"
        self._short: tempfile.TemporaryDirectory[str] | None = None
        self._lock: IO[bytes] | None = None
        with disk_errors(f"data folder {root}"):
            for folder in (self.root, self.results, self.logs, self._run):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def lock(self) -> None:
        """Take the folder.

        Raises:
            ServerError: Another server has it.
        """
        with disk_errors(f"data folder {self.root}"):
            file = (self.root / "server.lock").open("a+b")
        try:
            _lock(file)
        except OSError as error:
            file.close()
            raise ServerError(
                f"data folder {self.root}",
                "another server is using it",
                "Use that one, stop it, or give this one a folder of its own (--data-dir).",
                code="locked",
            ) from error
        self._lock = file

    def unlock(self) -> None:
        """Give the folder back."""
        if self._short is not None:
            self._short.cleanup()
            self._short = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def worker_endpoint(self) -> str:
        """Where the broker listens for its workers: a socket that only this user can reach."""
        if sys.platform == "win32":  # no ipc:// there
            return "tcp://127.0.0.1:0"
        folder = self._run
        if len(os.fsencode(folder)) > _LONGEST_SOCKET_PATH - len("/workers"):
            self._short = tempfile.TemporaryDirectory(prefix="void-")  # made with mode 0700
            folder = Path(self._short.name)
        (folder / "workers").unlink(missing_ok=True)
        return f"ipc://{folder / 'workers'}"


def _lock(file: IO[bytes]) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
