"""How far the ranks may go with a chunk, as rank 0 says it."""

from __future__ import annotations

import torch

from bridge.errors import ErrorRecord, VoidError, from_record
from void_server.engines.void.spread.crew import Crew
from void_server.engines.void.spread.group import GroupBroken
from void_server.engines.void.spread.orders import OUT_OF_MEMORY, Go, Stop


class Lead:
    """Rank 0's `Gate`: lets the others follow at a bounded distance, so that all can stop together.

    Args:
        crew: The others.
        number: Of the order in hand.
        ahead: Tasks by which they may be ahead of rank 0.
    """

    def __init__(self, crew: Crew, *, number: int, ahead: int) -> None:
        self._crew = crew
        self._number = number
        self._ahead = ahead
        self._until = 0

    def open(self, position: int) -> None:
        """See `Gate`.

        Raises:
            GroupBroken: One of the others is gone.
            VoidError: One of them has failed.
            OutOfMemoryError: One of them ran out of memory.
        """
        if self._crew.death:
            raise GroupBroken(self._crew.death)
        failure = self._crew.failure(self._number)
        if failure is not None:
            raise as_if_here(failure)
        self._until = position + 1 + self._ahead
        self._crew.send_all(Go(self._until))

    def failed(self, error: BaseException) -> None:
        """See `Gate`."""
        self._crew.send_all(Stop(self._until))

    def granted(self, position: int) -> bool:
        """See `Gate`."""
        return position < self._until


def as_if_here(failure: ErrorRecord) -> VoidError | torch.OutOfMemoryError:
    """Another rank's error, of the type that this one would have raised."""
    error = from_record(failure)
    return torch.OutOfMemoryError(str(error)) if error.code == OUT_OF_MEMORY else error
