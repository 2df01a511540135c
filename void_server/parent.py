"""Is the process that started this one still there?"""

from __future__ import annotations

import os
import sys


class Parent:
    """A process to end with.

    Args:
        pid: Its process id; the direct parent, or one further up.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._direct = os.getppid() == pid

    def gone(self) -> bool:
        """Whether it has ended."""
        if self._direct and sys.platform != "win32":
            # Sure even when the id is taken by another process, or the parent is a zombie.
            return os.getppid() != self._pid
        return not _exists(self._pid)


def _exists(pid: int) -> bool:
    if sys.platform == "win32":
        return _exists_on_windows(pid)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _exists_on_windows(pid: int) -> bool:
    # There os.kill would end the process.
    import ctypes

    synchronize, timed_out = 0x00100000, 0x00000102
    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined]
    handle = kernel.OpenProcess(synchronize, False, pid)
    if not handle:
        return False
    try:
        return bool(kernel.WaitForSingleObject(handle, 0) == timed_out)
    finally:
        kernel.CloseHandle(handle)
