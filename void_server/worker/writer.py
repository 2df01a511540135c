"""Writing and checking one frame while the next one is being made.

Packing, hashing, syncing and comparing leave the interpreter free, so that a second core can do
them while an engine computes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Generic, TypeVar

T = TypeVar("T")


class Writer(Generic[T]):
    """Runs work in order on one thread, a bounded number of pieces behind.

    What the work returns comes back in order on the caller's thread, where sockets live. An
    error of the work is raised there as well, in its turn. Leaving the ``with`` block by an
    error lets the piece in hand end and forgets the ones behind it.

    Args:
        depth: Pieces that may be unfinished when `push` is through; each holds its frame in memory.
    """

    def __init__(self, depth: int = 2) -> None:
        self._depth = depth
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="writer")
        self._waiting: deque[Future[T]] = deque()

    def push(self, work: Callable[[], T]) -> Iterator[T]:
        """Queue a piece of work; iterate over what has finished, waiting while too much has not.

        What finished before an error comes out before the error does.
        """
        self._waiting.append(self._pool.submit(work))
        return self._finished(self._depth)

    def drain(self) -> Iterator[T]:
        """Iterate over everything queued, waiting for it."""
        return self._finished(0)

    def _finished(self, depth: int) -> Iterator[T]:
        while self._waiting and (len(self._waiting) > depth or self._waiting[0].done()):
            yield self._waiting.popleft().result()

    def __enter__(self) -> Writer[T]:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
