"""A worker's line to its broker: one thread owns the socket, the job talks to queues."""

from __future__ import annotations

import contextlib
import os
import queue
import threading
import time

from bridge.wire import Dealer, ProtocolError
from void_server.worker.worker_link import Alive, Drop, FromWorker, Leave, Progressed, Run, ToWorker

HEARTBEAT = 1.0
"""Seconds between two `Alive`."""

_TURN = 0.02
"""Seconds the thread waits for the broker before it looks at what the job wants to say."""

_PROGRESS = 0.1
"""Seconds between two `Progressed` of one stage; more would only fill the socket."""


class Link:
    """Sends what the job says, and keeps what the broker orders until the job asks for it.

    Args:
        endpoint: The broker's private socket.
        broker_pid: The broker's process id; the process exits when its parent is another.
    """

    def __init__(self, endpoint: str, *, broker_pid: int) -> None:
        self._broker_pid = broker_pid
        self._outbox: queue.SimpleQueue[FromWorker] = queue.SimpleQueue()
        self._orders: queue.SimpleQueue[Run | None] = queue.SimpleQueue()
        self._dropped: set[str] = set()
        self._leaving = threading.Event()
        self._closing = threading.Event()
        self._last_progress = ("", 0.0)
        self._thread = threading.Thread(target=self._serve, args=(endpoint,), name="link")
        self._thread.start()

    def send(self, message: FromWorker) -> None:
        """Put a message on its way; returns at once."""
        self._outbox.put(message)

    def progress(self, message: Progressed) -> None:
        """Like `send`, but drops a report that follows the last one of its stage too closely."""
        stage, when = self._last_progress
        now = time.monotonic()
        if message.stage != stage or now - when >= _PROGRESS or message.done == message.total:
            self._last_progress = (message.stage, now)
            self.send(message)

    def next_order(self, *, within: float | None = None) -> Run | None:
        """Wait for a job; None means the worker shall exit.

        Args:
            within: Seconds to wait at most; None waits for ever.

        Raises:
            TimeoutError: None has come.
        """
        if self._leaving.is_set():
            return None
        try:
            return self._orders.get(timeout=within)
        except queue.Empty:
            raise TimeoutError from None

    def dropped(self, job: str) -> bool:
        """Whether the broker has cancelled a job."""
        return job in self._dropped

    @property
    def leaving(self) -> bool:
        """Whether the worker shall exit after the frame in hand."""
        return self._leaving.is_set()

    def close(self) -> None:
        """Send what is still in the outbox and close the socket."""
        self._closing.set()
        self._thread.join()

    def _serve(self, endpoint: str) -> None:
        with contextlib.closing(Dealer(endpoint, receives=ToWorker)) as dealer:
            due = time.monotonic() + HEARTBEAT
            while not (self._closing.is_set() and self._outbox.empty()):
                self._receive(dealer)
                self._flush(dealer)
                if time.monotonic() >= due:
                    dealer.send(Alive())
                    due = time.monotonic() + HEARTBEAT
                self._exit_if_orphaned()

    def _receive(self, dealer: Dealer) -> None:
        with contextlib.suppress(ProtocolError):
            incoming = dealer.receive(_TURN)
            if incoming is not None:
                self._obey(incoming.message)

    def _obey(self, order: object) -> None:
        if isinstance(order, Run):
            self._dropped.discard(order.job)
            self._orders.put(order)
        elif isinstance(order, Drop):
            self._dropped.add(order.job)
        elif isinstance(order, Leave):
            self._leaving.set()
            self._orders.put(None)

    def _flush(self, dealer: Dealer) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                dealer.send(self._outbox.get_nowait())

    def _exit_if_orphaned(self) -> None:
        # A worker without its broker would hold the device and write where nobody looks.
        if os.getppid() != self._broker_pid:
            os._exit(70)
