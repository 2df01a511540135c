"""A little room kept back: on a full disk the store must still be able to record why."""

from __future__ import annotations

import logging
import os
import shutil
from collections import deque
from collections.abc import Callable
from pathlib import Path

from bridge.errors import ServerError

log = logging.getLogger(__name__)

SIZE = 4 << 20
"""Bytes; enough for hundreds of commits."""


class Reserve:
    """A file that is there to be deleted.

    Args:
        file: Where it lies; on the disk of the store.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self.keep()

    def keep(self) -> None:
        """Lay the room by, unless the disk has little to spare."""
        try:
            if self._file.exists() or shutil.disk_usage(self._file.parent).free < 2 * SIZE:
                return
            with self._file.open("wb") as file:
                # Written, not truncated to its size: a hole in a file reserves nothing.
                file.write(os.urandom(SIZE))
        except OSError:
            self.release()

    def release(self) -> bool:
        """Give the room up; False when there was none."""
        try:
            self._file.unlink()
        except FileNotFoundError:
            return False
        return True


class Entries:
    """Entries into the store for things that have happened, whatever the disk says of them.

    They are made in order; one that finds the disk full waits, and the others behind it.

    Args:
        reserve: Given up when the disk is full.
    """

    def __init__(self, reserve: Reserve) -> None:
        self._reserve = reserve
        self._waiting: deque[Callable[[], object]] = deque()
        self.trouble: ServerError | None = None
        """Why entries wait, or None when none do."""

    def make(self, entry: Callable[[], object]) -> None:
        """Make an entry now if that is possible, otherwise with a later `catch_up`."""
        self._waiting.append(entry)
        self.catch_up()

    def catch_up(self) -> None:
        """Make the entries that wait."""
        while self._waiting:
            try:
                self._waiting[0]()
            except ServerError as error:
                if self.trouble is None:
                    log.error("%s", error)
                self.trouble = error
                if not self._reserve.release():
                    return
            else:
                self._waiting.popleft()
        self.trouble = None
