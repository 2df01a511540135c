"""An exclusive lock on a file, which the operating system takes back when its holder dies.

It holds between threads, processes and, where the file system passes locks on, machines.
"""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from pathlib import Path

# What another holder looks like: EAGAIN from flock, EACCES from NFS and from Windows. Anything else
# says that there are no locks here.
# Source: flock(2), fcntl(2) on F_SETLK, Python's msvcrt.locking.
_TAKEN = {errno.EAGAIN, errno.EWOULDBLOCK, errno.EACCES}


class FileLock:
    """A lock that is taken and released; its file is there only meanwhile.

    Args:
        path: The lock's file, which holds nothing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        """Whether it is held here, and nobody else can have it."""
        return self._descriptor is not None

    def take(self) -> bool:
        """Take it, without waiting; False when somebody else has it.

        Where there can be no lock, in a folder that cannot be written or on a file system that
        knows none, the answer is True, but then it is not `held`.
        """
        while True:
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666)
            except OSError:
                return True
            try:
                _lock(descriptor)
            except OSError as error:
                os.close(descriptor)
                if error.errno in _TAKEN:
                    return False
                self._remove()
                return True
            if self._names(descriptor):
                self._descriptor = descriptor
                return True
            # Its holder has removed the file meanwhile: this lock is on one that nobody else finds.
            os.close(descriptor)

    def release(self) -> None:
        """Give it back, if it is held; its file goes with it."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is None:
            return
        if sys.platform == "win32":  # an open file cannot be removed there: not by another, either
            os.close(descriptor)
            self._remove()
            return
        if self._names(descriptor):
            self._remove()
        os.close(descriptor)

    def _names(self, descriptor: int) -> bool:
        """Whether the path leads to the open file."""
        try:
            return os.path.samestat(self.path.stat(), os.fstat(descriptor))
        except OSError:
            return False

    def _remove(self) -> None:
        with suppress(OSError):
            self.path.unlink()


def _lock(descriptor: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
