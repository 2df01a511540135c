"""What to send next in an upload, and what has arrived. No sockets here.

Up to ``credit`` chunks are under way at once, in order. When one of them is lost or damaged, the
answers to the others are let in, and sending goes on from the last byte that is safe.
"""

from __future__ import annotations

import itertools
import os
import zlib
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from io import FileIO
from pathlib import Path

from bridge.envelope import CREDIT, MAX_CHUNK
from bridge.errors import RequestError, ServerError
from bridge.messages import Put
from bridge.shot import SourceFile

FAILURES = 8
"""How often the same bytes may fail before an upload gives up."""


class Upload:
    """Files on their way to a server.

    ::

        upload.resume(offsets)
        while not upload.done:
            while chunk := upload.next():
                ...send it
            ...wait for one answer: stored(), damaged() or wrong()

    Args:
        files: What to send, and where each lies.
        chunk: Bytes per chunk.
        credit: Chunks under way at once.
        progress: Called with the bytes that are safe at the server, of all files together.
    """

    def __init__(
        self,
        files: Sequence[tuple[SourceFile, Path]],
        *,
        chunk: int = MAX_CHUNK,
        credit: int = CREDIT,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        self._files = {source.sha256: (source, path) for source, path in files}
        self._chunk = chunk
        self._credit = credit
        self._progress = progress or (lambda arrived: None)
        self._arrived = dict.fromkeys(self._files, 0)
        self._whole: set[str] = set()
        self._wrong: set[str] = set()
        self._failures = 0
        self._most = 0
        self._under_way = 0
        self._lost = False
        self._chunks = self._read_all()

    @property
    def missing(self) -> tuple[str, ...]:
        """Digests of the files that are not whole at the server yet."""
        return tuple(sha256 for sha256 in self._files if sha256 not in self._whole)

    @property
    def done(self) -> bool:
        """Whether every file is whole and verified at the server."""
        return len(self._whole) == len(self._files)

    @property
    def arrived(self) -> int:
        """Bytes that are safe at the server, of all files together."""
        return sum(self._arrived.values())

    @property
    def under_way(self) -> int:
        """Chunks that were sent and not answered."""
        return self._under_way

    def resume(self, have: Mapping[str, int]) -> None:
        """Begin, or begin again, with what the server has; whatever was under way is forgotten."""
        for sha256 in self.missing:
            self._note(sha256, have.get(sha256, 0))
        self._under_way = 0
        self._restart()

    def next(self) -> tuple[Put, memoryview] | None:
        """The next chunk to send, or None when answers have to come in first.

        The payload's memory is used again after ``credit`` more chunks, when it has long left.

        Raises:
            RequestError: A file cannot be read, or is not what it was when it was hashed.
            ServerError: The same bytes fail again and again.
        """
        if self._lost and not self._under_way:
            self._restart()
        if self._lost or self._under_way >= self._credit:
            return None
        chunk = next(self._chunks, None)
        if chunk is not None:
            self._under_way += 1
        elif not self._under_way and not self.done:
            self._go_back()
        return chunk

    def stored(self, put: Put, arrived: int) -> None:
        """Answer: the server has ``arrived`` bytes of this file now, -1 for all and verified."""
        self._under_way -= 1
        self._note(put.sha256, arrived)
        if arrived != -1 and arrived < min(put.offset + self._chunk, put.size):
            self._go_back()

    def damaged(self) -> None:
        """Answer: a chunk did not arrive as it was sent.

        Raises:
            ServerError: The same bytes fail again and again.
        """
        self._under_way -= 1
        self._go_back()

    def wrong(self, put: Put) -> None:
        """Answer: all bytes came, they have another digest, and the server threw them away.

        Raises:
            RequestError: For the second time; so it is the file that has changed.
        """
        self._under_way -= 1
        self._arrived[put.sha256] = 0
        if put.sha256 in self._wrong:
            raise _changed(self._files[put.sha256][1])
        self._wrong.add(put.sha256)
        self._go_back()

    def close(self) -> None:
        """Let go of the file in hand."""
        self._chunks.close()

    def _note(self, sha256: str, arrived: int) -> None:
        if arrived == -1:
            self._whole.add(sha256)
            arrived = self._files[sha256][0].size
        self._arrived[sha256] = arrived
        if self.arrived > self._most:
            self._most = self.arrived
            self._failures = 0
            self._progress(self._most)

    def _go_back(self) -> None:
        self._failures += not self._lost
        self._lost = True
        if self._failures > FAILURES:
            raise ServerError(
                "upload",
                f"the same bytes failed {self._failures} times on their way to the server",
                "Something between this machine and the server damages data.",
                code="checksum",
            )

    def _restart(self) -> None:
        self._chunks.close()
        self._chunks = self._read_all()
        self._lost = False

    def _read_all(self) -> Generator[tuple[Put, memoryview], None, None]:
        # Fresh ones after each loss: a socket that was given up may still look at the old ones.
        buffers = itertools.cycle([memoryview(bytearray(self._chunk)) for _ in range(self._credit)])
        for sha256 in self.missing:
            source, path = self._files[sha256]
            yield from _read(source, path, self._arrived[sha256], buffers)


def _read(
    source: SourceFile, path: Path, offset: int, buffers: Iterator[memoryview]
) -> Generator[tuple[Put, memoryview], None, None]:
    """The chunks from ``offset`` on; at least one, so that a complete file is verified."""
    try:
        with path.open("rb", buffering=0) as file:
            before = os.fstat(file.fileno())
            if before.st_size != source.size:
                raise _changed(path)
            file.seek(offset)
            while True:
                payload = _filled(next(buffers)[: source.size - offset], file)
                yield Put(source.sha256, source.size, offset, zlib.crc32(payload)), payload
                offset += len(payload)
                after = os.fstat(file.fileno())
                if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
                    raise _changed(path)
                if offset >= source.size:
                    return
    except OSError as error:
        raise RequestError(
            str(path), f"it cannot be read ({error.strerror})", code="not_readable"
        ) from error


def _filled(buffer: memoryview, file: FileIO) -> memoryview:
    """As much of the buffer as the file still fills; a network disk may read less at a time."""
    filled = 0
    while count := file.readinto(buffer[filled:]):
        filled += count
    return buffer[:filled]


def _changed(path: Path) -> RequestError:
    return RequestError(
        str(path),
        "it has changed since the shot was read",
        "Wait until nothing writes to it any more, and submit again.",
        code="file_changed",
    )
