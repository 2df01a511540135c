"""What rank 0 says to a rank, read by a thread of its own so that it is heard while computing."""

from __future__ import annotations

import os
import threading
from typing import IO

from void_server.engines.void.spread.orders import Go, Message, Order, Stop, message


class Inbox:
    """Orders one by one, and how far the one in hand may go.

    When rank 0 hangs up, or ends, this process ends at once: nothing here is worth keeping.

    Args:
        pipe: Where rank 0 writes.
    """

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self._change = threading.Condition()
        self._orders: list[Order] = []
        self._until = 0
        self._stopped = False
        threading.Thread(target=self._listen, daemon=True).start()

    def order(self) -> Order:
        """The next order; waits for it."""
        with self._change:
            self._change.wait_for(lambda: self._orders)
            return self._orders.pop(0)

    def granted(self, position: int) -> bool:
        """Whether a task may still begin or be waited for; waits until rank 0 has said so."""
        with self._change:
            self._change.wait_for(lambda: self._stopped or position < self._until)
            return position < self._until

    @property
    def stopped(self) -> bool:
        """Whether rank 0 wants the order in hand to end."""
        with self._change:
            return self._stopped

    def _listen(self) -> None:
        for read in self._pipe:
            said = message(read)
            with self._change:
                self._hear(said)
                self._change.notify_all()
        os._exit(0)

    def _hear(self, said: Message) -> None:
        if isinstance(said, Go):
            self._until = said.until
        elif isinstance(said, Stop):
            self._until, self._stopped = said.until, True
        else:
            # All ranks are done with the order before when the next one is given.
            self._orders.append(said)
            self._until, self._stopped = 0, False
