"""What a panel has under way: a server that is watched, and frames that are collected.

Everything that arrives waits for `Work.news` until the panel takes it. So no thread ever touches a
widget, and it does no harm when the host deletes one while a thread is at work.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from bridge.client import Client
from bridge.messages import JobStatus
from host_plugins.panel.collection import Collection
from host_plugins.panel.news import News
from host_plugins.panel.poller import Poller

Dial = Callable[[str], Client]
"""Makes the client of a server, by its endpoint."""


class Work:
    """The threads of one panel.

    Args:
        endpoint: The server that is watched first.
        dial: Makes its clients.
    """

    def __init__(self, endpoint: str, dial: Dial) -> None:
        self.endpoint = endpoint
        self._dial = dial
        self._poller: Poller | None = None
        self._collection: Collection | None = None
        self._ended: list[Poller | Collection] = []
        self._told: queue.SimpleQueue[News] = queue.SimpleQueue()
        self._landed: queue.SimpleQueue[News] = queue.SimpleQueue()

    @property
    def watching(self) -> bool:
        """Whether the server is being watched."""
        return self._poller is not None

    @property
    def collecting(self) -> bool:
        """Whether frames are being collected."""
        return self._collection is not None and self._collection.alive

    def watch(self, endpoint: str = "") -> None:
        """Watch a server, by default the last one; what another one has told is forgotten."""
        self.rest()
        self.endpoint = endpoint or self.endpoint
        self._told = queue.SimpleQueue()
        self._poller = Poller(partial(self._dial, self.endpoint), self._told.put)
        self._poller.start()

    def rest(self) -> None:
        """Watch no longer, while nobody looks; what is being collected goes on."""
        if self._poller is not None:
            self._poller.stop()
            self._leave(self._poller)
            self._poller = None

    def stop(self) -> None:
        """End everything; does not wait for it."""
        self.rest()
        self.stop_collecting()

    def join(self, timeout: float) -> bool:
        """Wait for what was stopped to end, at most so many seconds; whether it has."""
        until = time.monotonic() + timeout
        return all(one.join(max(0.0, until - time.monotonic())) for one in self._ended)

    def news(self) -> list[News]:
        """What has arrived since the last time."""
        return [*_all_of(self._told), *_all_of(self._landed)]

    def refresh(self) -> None:
        """Ask now."""
        if self._poller is not None:
            self._poller.refresh()

    def look_at(self, job: str) -> None:
        """Have the previews of a job told; "" for none."""
        if self._poller is not None:
            self._poller.watch(job)

    def cancel(self, jobs: Sequence[JobStatus]) -> None:
        """Have jobs stopped."""
        if self._poller is not None:
            self._poller.cancel([job.job for job in jobs])

    def purge(self, jobs: Sequence[JobStatus]) -> None:
        """Have the server forget finished jobs."""
        if self._poller is not None:
            self._poller.purge([job.job for job in jobs])

    def collect(self, job: JobStatus, out: Path) -> None:
        """Bring a job's frames into a version folder in ``out``; one job at a time."""
        if self.collecting:
            return
        self._collection = Collection(
            job, out, dial=partial(self._dial, self.endpoint), tell=self._landed.put
        )
        self._collection.start()

    def stop_collecting(self) -> None:
        """Collect no further; what has landed stays."""
        if self._collection is not None:
            self._collection.stop()
            self._leave(self._collection)

    def _leave(self, thread: Poller | Collection) -> None:
        self._ended = [one for one in self._ended if one.alive] + [thread]


def _all_of(told: queue.SimpleQueue[News]) -> list[News]:
    return [told.get_nowait() for _ in range(told.qsize())]  # nobody else takes any
