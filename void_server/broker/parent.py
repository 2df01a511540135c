"""Is the process that started this one still there?"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


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


def end_with_parent(pid: int) -> None:
    """Have Linux kill this process when the one that started it ends, however hung this one is.

    What counts is the thread that started it. Elsewhere than on Linux this does nothing.

    Args:
        pid: The parent's process id. Another parent than that means that it has died already,
            before it could be asked for; then this process exits at once.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != pid:
        os._exit(70)


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
    synchronize, timed_out = 0x00100000, 0x00000102
    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined]
    handle = kernel.OpenProcess(synchronize, False, pid)
    if not handle:
        return False
    try:
        return bool(kernel.WaitForSingleObject(handle, 0) == timed_out)
    finally:
        kernel.CloseHandle(handle)
