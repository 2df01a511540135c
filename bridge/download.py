"""What to ask for next in a download, and what has arrived. No sockets here.

Bytes go into a hidden file beside the target, in order. The target's name appears when all of them
are there, right, and on disk::

    .<name>.<digest>.part            left by a download that ended early; nobody writes it
    .<name>.<digest>.<token>.part    being written, by one download alone

A download that goes on renames what is left to a name of its own, which only one of several can do.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import zlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from bridge.envelope import CREDIT, MAX_CHUNK, Payload
from bridge.errors import ServerError
from bridge.messages import Chunk, Get, Result
from bridge.partial import Partial
from bridge.write_once import writing_to

FAILURES = 8
"""How often the same bytes may fail before a download gives up."""


class Download:
    """One result on its way to a file.

    ::

        while not download.kept:
            while get := download.next():
                ...send it
            ...wait for one answer: took()
            if download.done:
                download.keep()

    Args:
        result: What to fetch.
        target: Where to put it; its folder exists. What another has left beside it is continued.
        chunk: Bytes per chunk, as the server cuts them.
        credit: Chunks under way at once.
        progress: Called with the bytes that have arrived.

    Raises:
        RequestError: The folder cannot be written.
    """

    def __init__(
        self,
        result: Result,
        target: Path,
        *,
        chunk: int = MAX_CHUNK,
        credit: int = CREDIT,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        self._result = result
        self._target = target
        self._chunk = chunk
        self._credit = credit
        self._progress = progress or (lambda arrived: None)
        # Named by content too: a part of another file must not be continued with this one.
        self._left = target.with_name(f".{target.name}.{result.sha256[:12]}.part")
        own = self._left.with_suffix(f".{secrets.token_hex(8)}.part")
        with writing_to(target.parent):
            with contextlib.suppress(FileNotFoundError):
                self._left.rename(own)
            self._part = Partial(own, result.size)
        self._follower = ThreadPoolExecutor(1, thread_name_prefix="digest")
        self._following: Future[None] | None = None
        self._asked = self.arrived
        self._under_way = 0
        self._lost = False
        self._failures = 0
        self._wrong = False
        self.kept = False

    @property
    def arrived(self) -> int:
        """Bytes that are here."""
        return self._part.offset

    @property
    def done(self) -> bool:
        """Whether all bytes have arrived; `keep` verifies them."""
        return self._part.complete

    @property
    def under_way(self) -> int:
        """Chunks that were asked for and have not come."""
        return self._under_way

    def resume(self) -> None:
        """Go on after the connection was lost; whatever was under way is forgotten."""
        self._under_way = 0
        self._restart()

    def next(self) -> Get | None:
        """What to ask for next, or None when answers have to come in first."""
        if self._lost and not self._under_way:
            self._restart()
        if self._lost or self._under_way >= self._credit or self._asked >= self._result.size:
            return None
        get = Get(self._result.sha256, self._asked, 1)
        self._asked += self._chunk
        self._under_way += 1
        return get

    def took(self, chunk: Chunk, payload: Payload) -> None:
        """Answer: a chunk. One that is damaged, or not the next in order, is asked for again.

        Raises:
            RequestError: The disk is full, or the folder cannot be written any more.
            ServerError: The same bytes fail again and again.
        """
        self._under_way -= 1
        good = (
            chunk.offset == self.arrived
            and len(payload) == min(self._chunk, self._result.size - chunk.offset)
            and zlib.crc32(payload) == chunk.crc32
        )
        if not good:
            self._go_back()
            return
        with writing_to(self._target.parent):
            self._part.append(memoryview(payload))
        self._follow()
        self._failures = 0
        self._progress(self.arrived)

    def keep(self) -> None:
        """Verify the file, sync it and give it its name; if it is wrong, begin it once more.

        A partial file from before may have been damaged since, by a power cut for instance.

        Raises:
            RequestError: The disk refuses.
            ServerError: The digest is wrong again; the bytes are thrown away.
        """
        with writing_to(self._target.parent):
            found = self._part.settle()
            if found != self._result.sha256:
                self._part.clear()
        if found != self._result.sha256:
            self._restart()
            if not self._wrong:
                self._wrong = True
                return
            raise ServerError(
                self._target.name,
                f"what arrived is another file (expected SHA-256 {self._result.sha256}, "
                f"got {found})",
                "Fetch it again; if that repeats, the server's disk is damaged.",
                code="wrong_digest",
            )
        with writing_to(self._target.parent):
            self._part.close()
            self._part.path.replace(self._target)
            _sync_folder(self._target.parent)
        self.kept = True

    def close(self) -> None:
        """Let go of the partial file; unless it is empty it stays, to be continued."""
        self._follower.shutdown()
        self._part.close()
        with contextlib.suppress(OSError):
            if not self.kept and self.arrived:
                self._part.path.replace(self._left)
            elif not self.kept:
                self._part.path.unlink()

    def _follow(self) -> None:
        """Have the digest catch up in its own thread; what goes wrong there, `keep` finds again."""
        if self._following is None or self._following.done():
            self._following = self._follower.submit(self._part.catch_up)

    def _go_back(self) -> None:
        self._failures += not self._lost
        self._lost = True
        if self._failures > FAILURES:
            raise ServerError(
                self._target.name,
                f"the same bytes failed {self._failures} times on their way from the server",
                "Something between this machine and the server damages data.",
                code="checksum",
            )

    def _restart(self) -> None:
        self._asked = self.arrived
        self._lost = False


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return  # Windows cannot open a folder, and does not need it
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
