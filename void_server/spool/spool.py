"""Files by content: uploads as they arrive, and whole files under the name of their digest.

::

    spool/
    ├── incoming/<sha256>.part      bytes that have arrived so far; survives a restart
    └── cas/<ab>/<sha256>           whole, verified, synced; never changes again

A file gets its name in ``cas`` only after its bytes were digested and synced, so whatever lies
there is right. Nothing here knows of jobs: who needs a file, and for how long, the broker decides.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from bridge.errors import RequestError, ServerError
from bridge.partial import Partial
from void_server.spool.disk import disk_errors, readable, sync

FILE_LIMIT = 64 << 30
"""Largest single file, bytes; a movie may be that long."""

KEEP_PARTIAL_SECONDS = 7 * 24 * 3600.0
"""How long an upload that stopped half-way may be resumed."""

_OPEN_LIMIT = 64
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Spool:
    """A content-addressed store with a limit. Safe to use from several threads.

    One thread at a time may append to any one upload.

    Args:
        root: Folder of the store; made when it is not there.
        limit_bytes: How much may lie in it.
        file_limit: Largest single file, bytes.

    Raises:
        ServerError: The folder cannot be used.
    """

    def __init__(self, root: Path, limit_bytes: int, *, file_limit: int = FILE_LIMIT) -> None:
        self._incoming = root / "incoming"
        self._cas = root / "cas"
        self._limit = limit_bytes
        self._file_limit = file_limit
        self._lock = threading.RLock()
        self._open: dict[str, Partial] = {}
        with disk_errors(f"spool {root}"):
            self._incoming.mkdir(parents=True, exist_ok=True)
            self._cas.mkdir(exist_ok=True)
            for leftover in self._incoming.glob("*.tmp"):
                leftover.unlink()
            files = [*self._cas.glob("*/*"), *self._incoming.glob("*.part")]
            self._stored = sum(file.stat().st_size for file in files)

    # --- what is there -----------------------------------------------------------------------

    @property
    def used_bytes(self) -> int:
        """Bytes stored, whole and partial, plus what uploads under way have been promised."""
        with self._lock:
            return self._stored + self._promised()

    def digests(self) -> Iterator[str]:
        """Every whole file, so that the broker can remove those that no job needs."""
        return (file.name for file in self._cas.glob("*/*"))

    def offset(self, sha256: str) -> int:
        """Bytes of a file that have arrived; -1 when it is whole and verified.

        Raises:
            RequestError: This is no digest.
        """
        with disk_errors(f"file {sha256[:12]}"):
            if self._whole(sha256).exists():
                return -1
            with self._lock:
                if arrival := self._open.get(sha256):
                    return arrival.offset
            try:
                return self._part(sha256).stat().st_size
            except FileNotFoundError:
                return 0

    def path(self, sha256: str) -> Path:
        """Where a whole file lies.

        Raises:
            RequestError: It is not there, or not whole yet, or this is no digest.
        """
        file = self._whole(sha256)
        if not file.exists():
            raise RequestError(
                f"file {sha256[:12]}",
                "the server does not have it",
                "Submit the job again; what is missing is then sent.",
                code="not_here",
            )
        return file

    # --- arriving ----------------------------------------------------------------------------

    def write(self, sha256: str, size: int, offset: int, payload: memoryview | bytes) -> int:
        """Append a chunk; with the last one, verify and keep the file. `append`, then `finish`.

        Returns:
            Bytes that have arrived, wherever the chunk was meant to go; -1 when the file is whole.

        Raises:
            RequestError: Impossible numbers, or the whole file has another digest.
            ServerError: There is no room for it.
        """
        arrived = self.append(sha256, size, offset, payload)
        if arrived == size:
            return self.finish(sha256)
        return arrived

    def append(self, sha256: str, size: int, offset: int, payload: memoryview | bytes) -> int:
        """Append a chunk that begins where the last one ended; any other is left out.

        Returns:
            Bytes that have arrived, -1 when the file was whole already. When that is ``size``,
            call `finish`.

        Raises:
            RequestError: Impossible numbers.
            ServerError: There is no room for it.
        """
        self._check(sha256, size, offset, len(payload))
        if self._whole(sha256).exists():
            return -1
        with self._lock, disk_errors(f"file {sha256[:12]}"):
            arrival = self._arrival(sha256, size)
            if offset == arrival.offset:
                arrival.append(memoryview(payload))
                self._stored += len(payload)
            return arrival.offset

    def catch_up(self, sha256: str) -> None:
        """Digest and sync what has arrived so far, so that `finish` has little left to do."""
        with self._lock:
            arrival = self._open.get(sha256)
        if arrival is not None:
            with contextlib.suppress(OSError):  # removed meanwhile, or `finish` will say it
                arrival.catch_up()

    def finish(self, sha256: str) -> int:
        """Verify an upload whose bytes are all there, sync it and give it its name.

        Returns:
            -1 when the file is whole now, otherwise the bytes that have arrived.

        Raises:
            RequestError: Its digest is another; the bytes are thrown away.
            ServerError: The disk failed.
        """
        with self._lock:
            arrival = self._open.get(sha256)
        if arrival is not None and arrival.complete:
            with disk_errors(f"file {sha256[:12]}"):
                try:
                    found = arrival.settle()
                except FileNotFoundError:
                    if not self._whole(sha256).exists():
                        raise
                    return -1  # its last chunk came twice, and another thread was faster
                if found != sha256:
                    self.remove(sha256)
                    raise _other_file(sha256, found)
                self._keep(sha256, arrival)
        return self.offset(sha256)

    def adopt(self, sha256: str, file: Path) -> None:
        """Take in a worker's result: linked, or copied where links do not reach.

        Args:
            sha256: Its digest, as the worker found it.
            file: A synced file that will not change any more.

        Raises:
            ServerError: It cannot be taken in.
        """
        whole = self._whole(sha256)
        if whole.exists():
            return
        with disk_errors(f"result {file.name}"):
            temporary = self._incoming / f"{sha256}.tmp"
            temporary.unlink(missing_ok=True)
            try:
                os.link(file, temporary)
            except OSError:
                shutil.copyfile(file, temporary)
                sync(temporary)
            with self._lock:
                self._stored += temporary.stat().st_size
                self._name(temporary, whole)
            sync(whole.parent)

    # --- leaving -----------------------------------------------------------------------------

    def remove(self, sha256: str) -> int:
        """Forget a file, whole or partial; the bytes that came free."""
        freed = 0
        with self._lock, disk_errors(f"file {sha256[:12]}"):
            self._close(sha256)
            for file in (self._whole(sha256), self._part(sha256)):
                if file.exists():
                    freed += file.stat().st_size
                    file.unlink()
            self._stored -= freed
        return freed

    def sweep(self, older_than: float = KEEP_PARTIAL_SECONDS) -> int:
        """Remove uploads that nobody has continued for ``older_than`` seconds; bytes freed."""
        before = time.time() - older_than
        with disk_errors(f"spool {self._incoming.parent}"):
            parts = [file for file in self._incoming.glob("*.part") if _DIGEST.fullmatch(file.stem)]
            stale = [part.stem for part in parts if part.stat().st_mtime < before]
        return sum(self.remove(sha256) for sha256 in stale)

    def close(self) -> None:
        """Let go of all open files; everything that has arrived stays."""
        with self._lock:
            for sha256 in list(self._open):
                self._close(sha256)

    # --- inside ------------------------------------------------------------------------------

    def _whole(self, sha256: str) -> Path:
        if not _DIGEST.fullmatch(sha256):
            raise RequestError(
                "digest",
                f"it is none (expected 64 lower-case hex digits, got {sha256[:80]!r})",
                code="bad_digest",
            )
        return self._cas / sha256[:2] / sha256

    def _part(self, sha256: str) -> Path:
        return self._incoming / f"{sha256}.part"

    def _promised(self) -> int:
        return sum(arrival.size - arrival.offset for arrival in self._open.values())

    def _check(self, sha256: str, size: int, offset: int, length: int) -> None:
        if not 0 <= size <= self._file_limit:
            raise RequestError(
                f"file {sha256[:12]}",
                f"its size cannot be taken (expected at most {readable(self._file_limit)}, "
                f"got {readable(size)})",
                code="too_large",
            )
        if not 0 <= offset <= offset + length <= size:
            raise RequestError(
                f"file {sha256[:12]}",
                f"a chunk lies outside of it (expected within 0-{size}, "
                f"got {offset}-{offset + length})",
                code="bad_offset",
            )

    def _arrival(self, sha256: str, size: int) -> Partial:
        with self._lock:
            arrival = self._open.pop(sha256, None) or self._begin(sha256, size)
            self._open[sha256] = arrival  # the last one used goes last, the first one out first
            if arrival.size != size:
                raise RequestError(
                    f"file {sha256[:12]}",
                    f"it was announced with another size (expected {arrival.size} bytes, "
                    f"got {size})",
                    code="bad_size",
                )
            return arrival

    def _begin(self, sha256: str, size: int) -> Partial:
        self._check_room(sha256, size)
        idle = [name for name, other in self._open.items() if not other.complete]
        if len(idle) >= _OPEN_LIMIT:
            self._close(idle[0])
        part = self._part(sha256)
        before = part.stat().st_size if part.exists() else 0
        arrival = Partial(part, size)
        self._stored += arrival.offset - before
        return arrival

    def _check_room(self, sha256: str, size: int) -> None:
        missing = size - max(0, self.offset(sha256))
        room = self._limit - self.used_bytes
        free = shutil.disk_usage(self._incoming).free - self._promised()
        if missing > min(room, free):
            where = "the spool's limit" if room <= free else "the disk"
            raise ServerError(
                "spool",
                f"there is no room for a file of {readable(size)} (expected at least "
                f"{readable(missing)} below {where}, got {readable(max(0, min(room, free)))})",
                "Remove finished jobs (void purge), or give the server a larger spool.",
                code="spool_full",
            )

    def _keep(self, sha256: str, arrival: Partial) -> None:
        with self._lock:
            if self._open.get(sha256) is not arrival:
                return  # another thread was faster, or removed it
            self._close(sha256)
            self._name(arrival.path, self._whole(sha256))
        sync(self._whole(sha256).parent)

    def _close(self, sha256: str) -> None:
        if arrival := self._open.pop(sha256, None):
            arrival.close()

    def _name(self, temporary: Path, whole: Path) -> None:
        if not whole.parent.exists():
            whole.parent.mkdir()
            sync(self._cas)
        temporary.replace(whole)


def _other_file(sha256: str, found: str) -> RequestError:
    return RequestError(
        f"file {sha256[:12]}",
        f"what arrived is another file (expected SHA-256 {sha256}, got {found})",
        "It has changed since it was submitted; submit it again.",
        code="wrong_digest",
    )
