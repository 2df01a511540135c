"""A few large things kept for a second look, within a bound on their bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Recent(Generic[K, V]):
    """Keeps what was used last; the newest is kept even when it alone is over the limit.

    Args:
        limit: Bytes to keep at most.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._kept: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._bytes = 0

    def get(self, key: K, make: Callable[[], V], size: Callable[[V], int]) -> V:
        """What is kept under ``key``, or what ``make`` returns, kept from now on.

        Two threads that ask for the same new thing at once may both make it.
        """
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key][0]
        value = make()
        with self._lock:
            self._drop(key)
            self._kept[key] = (value, size(value))
            self._bytes += self._kept[key][1]
            while self._bytes > self._limit and len(self._kept) > 1:
                self._drop(next(iter(self._kept)))
        return value

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()
            self._bytes = 0

    def _drop(self, key: K) -> None:
        if key in self._kept:
            self._bytes -= self._kept.pop(key)[1]
