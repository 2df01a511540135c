"""A file on its way in: bytes are appended as they come, digest and disk follow behind.

Digesting and syncing take longer than receiving, so another thread may do both meanwhile. It
reads the bytes back from the file (from memory, in practice): nothing is held for it, and after a
restart it simply begins again at byte 0.
"""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path

_BLOCK = 1 << 20
_SYNC_EVERY = 16 << 20


class Partial:
    """A partial file, open for appending. One thread appends, another may catch up meanwhile.

    Args:
        path: The file; what it holds already is kept, unless it is longer than ``size``.
        size: Bytes of the whole file.

    Attributes:
        offset: Bytes that are there.

    Raises:
        OSError: The file cannot be opened.
    """

    def __init__(self, path: Path, size: int) -> None:
        self.path = path
        self.size = size
        self._file = path.open("ab", buffering=0)
        self.offset = self._file.tell()
        self._catching_up = threading.Lock()
        self._sha256 = hashlib.sha256()
        self._digested = 0
        self._synced = 0
        if self.offset > size:
            self.clear()

    @property
    def complete(self) -> bool:
        """Whether all bytes are there; they are not verified by that."""
        return self.offset == self.size

    def append(self, payload: memoryview) -> None:
        """Append bytes: all of them, or none.

        Raises:
            OSError: They could not be written, for instance because the disk is full.
        """
        written = 0
        try:
            while written < len(payload):
                written += self._file.write(payload[written:]) or 0
        except OSError:
            self._file.truncate(self.offset)
            raise
        self.offset += len(payload)

    def catch_up(self) -> None:
        """Digest what is new, and sync when that is much. For another thread, at any time.

        Raises:
            OSError: The file cannot be read or synced.
        """
        with self._catching_up, self.path.open("r+b", buffering=0) as file:
            file.seek(self._digested)
            block = memoryview(bytearray(min(_BLOCK, self.offset - self._digested)))
            while count := file.readinto(block[: self.offset - self._digested]):
                self._sha256.update(block[:count])
                self._digested += count
            if self._digested - self._synced >= _SYNC_EVERY:
                os.fsync(file.fileno())
                self._synced = self._digested

    def settle(self) -> str:
        """Have everything on disk, and return the SHA-256 of it, lower-case hex.

        It is that of the file as it lies there: what somebody else has appended counts too.

        Raises:
            OSError: The file cannot be read or synced.
        """
        self.catch_up()
        with self._catching_up, self.path.open("r+b", buffering=0) as file:
            whole = self._sha256.copy()
            file.seek(self._digested)
            while block := file.read(_BLOCK):
                whole.update(block)
            os.fsync(file.fileno())
            return whole.hexdigest()

    def clear(self) -> None:
        """Throw the bytes away and begin again.

        Raises:
            OSError: The file cannot be written.
        """
        with self._catching_up:
            self._file.truncate(0)
            self._sha256 = hashlib.sha256()
            self.offset = self._digested = self._synced = 0

    def close(self) -> None:
        """Let go of the file; what has arrived stays."""
        self._file.close()
