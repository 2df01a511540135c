"""Forgetting finished jobs, when asked and when the spool is full."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable

from bridge.errors import RequestError, ServerError
from bridge.messages import FINAL, Purged
from void_server.broker.results import Results
from void_server.broker.store import Store
from void_server.spool.disk import readable
from void_server.spool.spool import Spool

log = logging.getLogger(__name__)


class Retention:
    """Decides which jobs may go, and removes them with all their files.

    Args:
        store: Where jobs are recorded.
        spool: Where their files lie.
        results: Knows the workers' folders.
        limit: Most bytes that the spool may hold.
        keep: Seconds for which a finished job is safe.
        busy: Tells the jobs that a worker still has in hand.
    """

    def __init__(
        self,
        *,
        store: Store,
        spool: Spool,
        results: Results,
        limit: int,
        keep: float,
        busy: Callable[[], frozenset[str]],
    ) -> None:
        self._store = store
        self._spool = spool
        self._results = results
        self._limit = limit
        self._keep = keep
        self._busy = busy

    def purge_job(self, job: str, user: str) -> Purged:
        """Forget one of a user's jobs.

        Raises:
            RequestError: It is not final, or a worker is still letting go of it.
        """
        status = self._store.status(job)
        if status is None or status.state not in FINAL or job in self._busy():
            state = status.state if status else "unknown"
            raise RequestError(
                f"job {job}",
                f"it cannot be forgotten yet (expected a job that is over, got {state})",
                "Cancel it first; a worker may take some seconds to stop.",
                code="not_final",
            )
        return Purged(1, self._forget(job, user))

    def purge_before(self, before: float, user: str) -> Purged:
        """Forget a user's jobs that ended before a Unix time."""
        jobs = [job for job in self._store.expendable(before, user) if job not in self._busy()]
        return Purged(len(jobs), sum(self._forget(job, user) for job in jobs))

    def make_room(self, needed: int, *, sparing: str = "") -> None:
        """Make sure that so many bytes fit, if need be by forgetting the oldest finished jobs.

        Args:
            needed: Bytes that are about to come.
            sparing: A job that stays, because it is about to begin again.

        Raises:
            ServerError: There is not enough that may go.
        """
        for job in self._store.expendable(time.time() - self._keep):
            if self._spool.used_bytes + needed <= self._limit:
                return
            if job != sparing and job not in self._busy():
                log.info("job %s is forgotten to make room", job)
                self._forget(job, None)
        room = self._limit - self._spool.used_bytes
        if room < needed:
            raise ServerError(
                "spool",
                f"there is no room (expected {readable(needed)} below its limit of "
                f"{readable(self._limit)}, got {readable(max(0, room))})",
                "Remove finished jobs (void purge), or give the server a larger --spool-limit.",
                code="spool_full",
            )

    def trim(self) -> None:
        """Go below the limit again as far as that is possible, and drop abandoned uploads."""
        self._spool.sweep()
        try:
            self.make_room(0)
        except ServerError as error:
            log.warning("%s", error)

    def sweep_orphans(self) -> int:
        """Remove files that no job refers to, left by a server that was killed; bytes freed."""
        orphans = [digest for digest in self._spool.digests() if not self._store.refers_to(digest)]
        return sum(self._spool.remove(digest) for digest in orphans)

    def _forget(self, job: str, user: str | None) -> int:
        """Take a user, or with None all, off a job; the last one takes its files along."""
        if user is not None and self._store.others_own(job, user):
            self._store.disown(job, user)
            return 0
        # Files first: on a full disk the store cannot write before they are gone. Should the
        # server be killed in between, the job is one with lost files, which may be forgotten too.
        freed = sum(self._spool.remove(digest) for digest in self._store.files_of_only(job))
        shutil.rmtree(self._results.folder(job), ignore_errors=True)
        self._store.forget(job)
        return freed
