"""Writing and checking one frame while the next one is being made.

Packing, hashing, syncing and comparing leave the interpreter free, so that a second core can do
them while an engine computes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Generic, TypeVar

T = TypeVar("T")


class Writer(Generic[T]):
    """Runs work in order on one thread, a bounded number of pieces behind.

    What the work returns comes back in order on the caller's thread, where sockets live. An
    error of the work is raised there as well, by the next call. Leaving the ``with`` block by an
    error lets the piece in hand end and forgets the ones behind it.

    Args:
        depth: Pieces that may be unfinished when `push` returns; each holds its frame in memory.
    """

    def __init__(self, depth: int = 2) -> None:
        self._depth = depth
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="writer")
        self._waiting: deque[Future[T]] = deque()

    def push(self, work: Callable[[], T]) -> list[T]:
        """Queue a piece of work, wait while too many are unfinished, return what has finished."""
        self._waiting.append(self._pool.submit(work))
        finished = []
        while self._waiting and (len(self._waiting) > self._depth or self._waiting[0].done()):
            finished.append(self._waiting.popleft().result())
        return finished

    def drain(self) -> list[T]:
        """Wait for everything queued and return it."""
        finished = []
        while self._waiting:
            finished.append(self._waiting.popleft().result())
        return finished

    def __enter__(self) -> Writer[T]:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
