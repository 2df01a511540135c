"""One worker process: started, watched, ended."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

LOG_LIMIT = 8 << 20
"""Bytes of log after which the next process of a worker begins a new file."""

_TAIL = 8192
_POSIX = os.name == "posix"
_NEW_GROUP = 0 if _POSIX else 0x00000200  # CREATE_NEW_PROCESS_GROUP


class Child:
    """A process in a group of its own, with its output in a log file.

    It has to be started by the thread that lives as long as the server: a child that asked to be
    killed with its parent is killed when the thread that started it ends.

    Args:
        command: Program and arguments.
        environ: Its whole environment.
        log: File to which its output is appended.

    Raises:
        OSError: It cannot be started.
    """

    def __init__(self, command: Sequence[str], *, environ: Mapping[str, str], log: Path) -> None:
        if log.exists() and log.stat().st_size > LOG_LIMIT:
            log.replace(log.with_suffix(".old.log"))
        self._log = log
        with log.open("ab") as output:
            self._log_begin = output.tell()
            self._process = subprocess.Popen(
                list(command),
                env=dict(environ),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # A group of its own keeps a terminal's Ctrl-C from it: the server decides.
                start_new_session=_POSIX,
                creationflags=_NEW_GROUP,
            )

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def death(self) -> str | None:
        """How it ended, in words; None while it runs."""
        code = self._process.poll()
        if code is None:
            return None
        if code < 0:
            return f"it was ended by {_signal_name(-code)}"
        return f"it ended with exit code {code}"

    def last_words(self) -> str:
        """The last line that it wrote, "" when there is none."""
        try:
            with self._log.open("rb") as log:
                end = log.seek(0, os.SEEK_END)
                log.seek(max(self._log_begin, end - _TAIL))
                lines = log.read().decode(errors="replace").split("\n")
        except OSError:
            return ""
        return next((line.strip()[:500] for line in reversed(lines) if line.strip()), "")

    def kill(self) -> None:
        """End it at once, and whatever it has started."""
        if self._process.poll() is not None:
            return
        if _POSIX:
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
                return
            except (ProcessLookupError, PermissionError):
                pass
        self._process.kill()

    def wait(self, timeout: float) -> bool:
        """Wait until it has ended; False when it still runs after ``timeout`` seconds."""
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return False
        return True


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
