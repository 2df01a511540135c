"""Which jobs have all their files."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass, field

from bridge.errors import VoidError
from bridge.messages import State
from void_server.broker.sources import Found, Sources
from void_server.broker.store import Store


@dataclass
class _Files:
    """The files of one job: where those lie that are there, and which have yet to arrive."""

    places: dict[str, str]
    lacking: deque[str] = field(default_factory=deque)


class Readiness:
    """Moves jobs between ``uploading`` and ``queued``, and knows where their files lie.

    Belongs to the broker's thread; the looking is done in others.

    Args:
        store: Where jobs are recorded.
        sources: Finds files.
    """

    def __init__(self, store: Store, sources: Sources) -> None:
        self._store = store
        self._sources = sources
        self._files: dict[str, _Files] = {}
        self._searches: dict[str, Future[Found]] = {}

    def know(self, job: str, found: Found) -> None:
        """Take note of what a search has found."""
        self._searches.pop(job, None)
        self._files[job] = _Files(dict(found.files), deque(found.missing))

    def forget(self, job: str) -> None:
        """The job is over."""
        self._searches.pop(job, None)
        self._files.pop(job, None)

    def files(self, job: str) -> dict[str, str] | None:
        """Path of every file of a job by digest; None while some are not there or not looked for.

        A file that goes away later is noticed by the worker, which digests what it opens.
        """
        files = self._files.get(job)
        return None if files is None or files.lacking else files.places

    def turn(self) -> list[tuple[str, VoidError]]:
        """Look for what has arrived; returns the jobs that cannot be, and why."""
        refused = []
        states: tuple[State, State] = ("uploading", "queued")
        for state in states:
            for job in self._store.in_state(state):
                try:
                    self._look(job)
                except VoidError as error:
                    refused.append((job, error))
                else:
                    self._move(job, state)
        return refused

    def _look(self, job: str) -> None:
        """After a restart nothing is known of a job that waits, so it is searched for."""
        if job not in self._files:
            if job not in self._searches:
                self._searches[job] = self._sources.search(self._store.request(job))
            if self._searches[job].done():
                self.know(job, self._searches[job].result())

    def _move(self, job: str, state: State) -> None:
        files = self._files.get(job)
        if files is None:
            return
        while files.lacking and (place := self._sources.uploaded(files.lacking[0])):
            files.places[files.lacking.popleft()] = str(place)
        wanted: State = "uploading" if files.lacking else "queued"
        if wanted != state:
            self._store.move(job, state, wanted)
