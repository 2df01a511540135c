"""What becomes of a job, from its submission to its end."""

from __future__ import annotations

import functools
import logging
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from bridge.errors import RequestError, ServerError, VoidError
from bridge.messages import JobStatus, Preview, State, Submitted
from bridge.sequence import FrameRange, listed, missing
from bridge.shot import Request, job_id
from bridge.wire import ProtocolError
from void_server.broker.admission import check_engine
from void_server.broker.pool import Death, Pool
from void_server.broker.previews import Previews
from void_server.broker.readiness import Readiness
from void_server.broker.reserve import Entries
from void_server.broker.results import Results
from void_server.broker.schedule import AUTO, Assignment, Waiting, after_death, assign
from void_server.broker.sources import Found
from void_server.broker.store import Store
from void_server.spool.disk import disk_errors
from void_server.worker.worker_link import (
    Delivered,
    Ended,
    OfJob,
    Previewed,
    Progressed,
    Run,
    Warned,
)

log = logging.getLogger(__name__)


@dataclass
class _Live:
    """What only memory knows of a running job."""

    attempt: int
    user: str
    begun: float
    progress: Progressed | None = None
    warnings: tuple[str, ...] = ()


class Jobs:
    """Moves jobs through their states. Belongs to the broker's thread.

    Args:
        store: Where jobs are recorded.
        entries: How things that have happened are recorded on a disk that may be full.
        readiness: Knows which jobs have all their files.
        results: Keeps the files that come out.
        previews: Keeps what is shown of them before.
        pool: The workers.
        attempts: How often a job is begun when its workers die.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        *,
        store: Store,
        entries: Entries,
        readiness: Readiness,
        results: Results,
        previews: Previews,
        pool: Pool,
        attempts: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._entries = entries
        self._readiness = readiness
        self._results = results
        self._previews = previews
        self._pool = pool
        self._attempts = attempts
        self._clock = clock
        self._live: dict[str, _Live] = {}

    # --- what clients ask --------------------------------------------------------------------

    def find(self, request: Request) -> Submitted | None:
        """The job of a request if there is nothing to begin: it runs, or is done and complete.

        Raises:
            ServerError: The disk is full; what has happened so far could not be recorded yet.
        """
        self._entries.catch_up()
        if self._entries.trouble is not None:
            raise self._entries.trouble
        job = job_id(request)
        known = self._store.status(job)
        if known is None or known.state not in ("running", "done"):
            return None
        if known.state == "done":
            self._results.strike_lost(job)
            if not self._results.complete(job):
                return None
        return Submitted(job, known.state, ())

    def enter(self, request: Request, found: Found, user: str) -> Submitted:
        """Enter a job; one that failed, was cancelled or lost files begins again.

        Args:
            request: What to do.
            found: Which of its files are there.
            user: Whose it is.
        """
        job, missing = job_id(request), found.missing
        state: State = "uploading" if missing else "queued"
        self._store.submit(job, request, user=user, state=state)
        self._readiness.know(job, found)
        log.info("job %s (%s): %s, %d files missing", job, request.shot.name, state, len(missing))
        return Submitted(job, state, missing)

    def status(self, job: str) -> JobStatus | None:
        """The job as it stands now."""
        recorded = self._store.status(job)
        return None if recorded is None else self._as_it_stands(recorded)

    def statuses(self, user: str, limit: int) -> tuple[JobStatus, ...]:
        """A user's jobs as they stand now, newest first."""
        return tuple(self._as_it_stands(s) for s in self._store.statuses(user, limit))

    def preview(self, job: str) -> Preview | None:
        """What a running job looks like so far."""
        return self._previews.of(job)

    def cancel(self, job: str) -> None:
        """Stop a job; a final one stays what it is."""
        if self._store.cancel(job, seconds=self._elapsed(job)):
            log.info("job %s is cancelled", job)
        self._forget_live(job)
        self._readiness.forget(job)
        self._pool.drop(job)

    # --- what workers say --------------------------------------------------------------------

    def hear(self, message: OfJob) -> None:
        """Take in what a worker says of its job."""
        match message:
            case Progressed():
                self._progressed(message)
            case Previewed() if self._is_current(message):
                self._previews.take(message.job, message.preview)
            case Warned() if self._is_current(message):
                self._live[message.job].warnings += (message.text,)
            case Delivered():
                self._delivered(message)
            case Ended():
                self._ended(message)

    def mourn(self, death: Death, *, draining: bool) -> None:
        """A worker has died: its job is begun again, or failed when that happened too often.

        A death while the server shuts down is the server's doing and does not count.
        """
        job, attempt = death.job, death.attempt
        seconds = self._forget_live(job)
        deaths = self._store.deaths(job) + (not draining)
        if after_death(deaths, self._attempts) == "queued":
            log.warning("job %s lost its worker (%s)", job, death.reason)
            self._enter(self._store.requeue, job, attempt, seconds=seconds, died=not draining)
            return
        error = ServerError(
            "worker",
            f"it died {deaths} times on this job; the last time {death.reason}",
            "Finished frames are kept. Look at the worker's log on the server, then submit the "
            "job again.",
            code="worker_died",
        )
        self._fail(job, attempt, seconds, error)

    # --- what time brings --------------------------------------------------------------------

    def turn(self) -> None:
        """Do what has become possible: queue what has arrived, begin what waits."""
        self._entries.catch_up()
        for job, error in self._readiness.turn():
            self._refuse(job, error)
        waiting = self._store.waiting()
        if waiting and self._pool.trouble:
            self._refuse_all([item.job for item in waiting], self._pool.trouble)
        elif waiting:
            self._begin_next(waiting)

    # --- inside: beginning -------------------------------------------------------------------

    def _refuse_all(self, jobs: list[str], reason: str) -> None:
        error = ServerError(
            "workers",
            f"none can start ({reason})",
            "Look at the workers' logs in the server's data folder, then submit the job again.",
            code="no_worker",
        )
        for job in jobs:
            self._refuse(job, error)

    def _begin_next(self, waiting: list[Waiting]) -> None:
        ready = {item.job: item for item in waiting if self._readiness.files(item.job) is not None}
        running = Counter(live.user for live in self._live.values())
        for chosen in assign(
            list(ready.values()), self._pool.idle, running=running, held=self._pool.jobs
        ):
            item = ready.pop(chosen.job)
            try:
                self._begin(chosen, item.user)
            except VoidError as error:
                self._refuse(chosen.job, error)
        if not self._pool.starting:
            self._refuse_unknown_engines({item.job: item.engine for item in ready.values()})

    def _refuse_unknown_engines(self, wanted: dict[str, str]) -> None:
        """A job submitted before the workers told their engines may want one that none has."""
        offered = {info.name for info in self._pool.engines if info.available}
        for job, engine in wanted.items():
            if engine not in offered and not (engine == AUTO and offered):
                try:
                    check_engine(self._store.request(job), self._pool.engines)
                except RequestError as error:
                    self._refuse(job, error)

    def _begin(self, chosen: Assignment, user: str) -> None:
        job = chosen.job
        request = self._store.request(job)
        check_engine(request, self._pool.engines)
        files = self._readiness.files(job) or {}
        folder = self._results.folder(job)
        with disk_errors(f"folder {folder}"):
            folder.mkdir(parents=True, exist_ok=True)
        self._results.strike_lost(job)
        attempt = self._store.begin(job)
        finished = self._results.finished(job)
        run = Run(job, attempt, request, files, str(folder), finished)
        try:
            taken = self._pool.assign(chosen.worker, run)
        except ProtocolError as error:  # so many files that the order does not fit
            self._fail(job, attempt, 0.0, error)
            return
        if not taken:
            self._store.requeue(job, attempt, seconds=0.0)
            return
        log.info("job %s, attempt %d: begun on %s", job, attempt, chosen.worker)
        self._live[job] = _Live(attempt, user, self._clock())

    def _refuse(self, job: str, error: VoidError) -> None:
        log.warning("job %s cannot begin: %s", job, error)
        self._readiness.forget(job)
        self._enter(self._store.refuse, job, error.record())

    # --- inside: running ---------------------------------------------------------------------

    def _is_current(self, message: OfJob) -> bool:
        live = self._live.get(message.job)
        return live is not None and live.attempt == message.attempt

    def _progressed(self, message: Progressed) -> None:
        if not self._is_current(message):
            return
        live = self._live[message.job]
        if live.progress is None or live.progress.engine != message.engine:
            self._enter(self._store.resolve_engine, message.job, message.attempt, message.engine)
        live.progress = message

    def _delivered(self, message: Delivered) -> None:
        try:
            if not self._results.commit(message):
                log.info("job %s: frame %s came too late", message.job, message.frame)
        except ServerError as error:
            self._pool.drop(message.job)
            self._fail(message.job, message.attempt, self._forget_live(message.job), error)

    def _ended(self, message: Ended) -> None:
        job, attempt = message.job, message.attempt
        if not self._is_current(message):
            return
        seconds = self._forget_live(job)
        log.info("job %s, attempt %d: %s", job, attempt, message.state or "interrupted")
        if message.interrupted or message.state is None:
            self._enter(self._store.requeue, job, attempt, seconds=seconds)
        elif message.state == "done" and not self._results.complete(job):
            self._fail(job, attempt, seconds, self._incomplete(job))
        else:
            self._readiness.forget(job)
            self._enter(
                self._store.end,
                job,
                attempt,
                message.state,
                seconds=seconds,
                error=message.error,
                warnings=message.warnings,
            )

    def _incomplete(self, job: str) -> ServerError:
        wanted = self._store.request(job).shot
        frames = FrameRange(wanted.first_frame, wanted.last_frame)
        gaps = missing(self._results.finished(job), frames)
        return ServerError(
            "worker",
            f"it ended the job, but frames are missing: {listed(gaps)} (expected {len(frames)}, "
            f"got {len(frames) - len(gaps)})",
            "Submit the job again.",
            code="incomplete",
        )

    def _fail(self, job: str, attempt: int, seconds: float, error: VoidError) -> None:
        log.warning("job %s failed: %s", job, error)
        self._readiness.forget(job)
        self._enter(self._store.end, job, attempt, "failed", seconds=seconds, error=error.record())

    def _enter(self, entry: Callable[..., object], *values: object, **named: object) -> None:
        self._entries.make(functools.partial(entry, *values, **named))

    def _forget_live(self, job: str) -> float:
        seconds = self._elapsed(job)
        self._live.pop(job, None)
        self._previews.forget(job)
        return seconds

    def _elapsed(self, job: str) -> float:
        """How long a job has run now, seconds."""
        live = self._live.get(job)
        return 0.0 if live is None else self._clock() - live.begun

    def _as_it_stands(self, status: JobStatus) -> JobStatus:
        live = self._live.get(status.job)
        if status.state != "running":
            return status
        trouble = self._entries.trouble
        if live is None and trouble is not None:  # it has ended, but that cannot be recorded yet
            return msgspec.structs.replace(status, state="failed", error=trouble.record())
        if live is None:
            return status
        seconds = status.seconds + self._elapsed(status.job)
        status = msgspec.structs.replace(status, seconds=seconds, warnings=live.warnings)
        at = live.progress
        if at is None:
            return status
        return msgspec.structs.replace(
            status,
            engine=at.engine,
            stage=at.stage,
            done=at.done,
            total=at.total,
            frame=at.frame,
            step=at.step,
            steps=at.steps,
            eta=at.eta,
        )
