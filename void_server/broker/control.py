"""The control desk: one question in, one answer out."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeVar

import msgspec

import bridge
from bridge import messages
from bridge.errors import RequestError, ServerError, VoidError
from bridge.messages import (
    FINAL,
    Cancel,
    Control,
    Failed,
    GetJobs,
    GetStatus,
    Hello,
    Ping,
    Pong,
    Preview,
    Purge,
    Purged,
    Reply,
    Result,
    Status,
    Submit,
    Welcome,
)
from bridge.shot import Request, job_id, source_files
from bridge.wire import CREDIT, MAX_CHUNK, PROTOCOL
from void_server.broker.admission import check_engine, check_request
from void_server.broker.jobs import Jobs
from void_server.broker.pool import Pool
from void_server.broker.retention import Retention
from void_server.broker.sources import Found, Sources
from void_server.broker.store import Store

log = logging.getLogger(__name__)

Shown = TypeVar("Shown", Result, Preview)

RESULTS_AT_ONCE = 8000
"""Most results of one `Status`; more would not fit into a header. The client asks again."""

JOBS_AT_ONCE = 1000
"""Most jobs of one `Jobs`, the newest."""


@dataclass(frozen=True)
class Later:
    """An answer that waits for a search; meanwhile others are served."""

    search: Future[Found]
    finish: Callable[[Found], Reply]


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What the desk tells and allows.

    Attributes:
        epoch: New with every start of the server.
        bulk_port: Port of the bulk connection.
        local: Whether all clients are on this machine, so that paths mean something to them.
        max_jobs: Most unfinished jobs of one user.
        room: Most bytes of one request.
    """

    epoch: str
    bulk_port: int
    local: bool
    max_jobs: int
    room: int


class ControlDesk:
    """Answers control messages. Never blocks and never raises: what fails is answered `Failed`."""

    def __init__(
        self,
        *,
        terms: Terms,
        store: Store,
        jobs: Jobs,
        sources: Sources,
        pool: Pool,
        retention: Retention,
    ) -> None:
        self._terms = terms
        self._store = store
        self._jobs = jobs
        self._sources = sources
        self._pool = pool
        self._retention = retention
        self.draining = False

    def answer(self, message: Control, user: str) -> Reply | Later:
        """Serve one message.

        Args:
            message: What a client asks.
            user: Its public key, "" without CURVE.
        """
        return self._safely(functools.partial(self._serve, message, user))

    def finish(self, later: Later) -> Reply:
        """The answer that was put off, once its search is done."""
        answer = self._safely(lambda: later.finish(later.search.result()))
        assert not isinstance(answer, Later)
        return answer

    def _safely(self, serve: Callable[[], Reply | Later]) -> Reply | Later:
        try:
            return serve()
        except VoidError as error:
            log.info("refused: %s", error)
            return Failed(error.record())
        except Exception as error:  # one client's message must not end the server for all
            log.exception("a message could not be served")
            text = f"it failed on a message ({type(error).__name__})"
            return Failed(
                ServerError("server", text, "Report it, with server.log.", code="internal").record()
            )

    def _serve(self, message: Control, user: str) -> Reply | Later:
        match message:
            case Ping():
                return Pong(self._terms.epoch)
            case Hello():
                return self._welcome(message)
            case Submit():
                return self._submit(message.request, user)
            case GetStatus():
                job = self._own(message.job, user)
                return self._status(
                    job, message.since, preview=message.preview, report=message.report
                )
            case GetJobs():
                return messages.Jobs(self._jobs.statuses(user, JOBS_AT_ONCE))
            case Cancel():
                self._jobs.cancel(self._own(message.job, user))
                return self._status(message.job, 0)
            case Purge():
                return self._purge(message, user)

    def _welcome(self, hello: Hello) -> Welcome:
        oldest, newest = hello.speaks
        if not oldest <= PROTOCOL[0] <= newest:
            raise RequestError(
                "protocol",
                f"client and server have no version in common (expected {PROTOCOL[0]}, "
                f"got {oldest}-{newest} of {hello.client[:80]} {hello.version[:40]})",
                f"Install void-bridge {bridge.__version__} on both sides, or matching versions.",
                code="unsupported_version",
            )
        return Welcome(
            protocol=PROTOCOL,
            version=bridge.__version__,
            epoch=self._terms.epoch,
            max_chunk=MAX_CHUNK,
            credit=CREDIT,
            shares_paths=self._sources.shares_paths,
            engines=self._pool.engines,
            devices=self._pool.devices,
            bulk_port=self._terms.bulk_port,
        )

    def _submit(self, request: Request, user: str) -> Reply | Later:
        if self.draining:
            raise ServerError(
                "server", "it is shutting down", "Submit again when it is back.", code="draining"
            )
        check_request(request, room=self._terms.room)
        known = self._jobs.find(request)
        if known is not None:
            self._store.adopt(known.job, user)
            return known
        self._check_workers()
        check_engine(request, self._pool.engines)
        self._check_count(job_id(request), user)
        return Later(self._sources.search(request), functools.partial(self._enter, request, user))

    def _enter(self, request: Request, user: str, found: Found) -> Reply:
        known = self._jobs.find(request)  # meanwhile the same may have been submitted elsewhere
        if known is not None:
            self._store.adopt(known.job, user)
            return known
        sizes = source_files(request.shot)
        needed = sum(sizes[digest].size for digest in found.missing)
        self._retention.make_room(needed, sparing=job_id(request))
        return self._jobs.enter(request, found, user)

    def _check_workers(self) -> None:
        if self._pool.trouble:
            raise ServerError(
                "workers",
                f"none can start ({self._pool.trouble})",
                "Look at the workers' logs in the server's data folder.",
                code="no_worker",
            )

    def _check_count(self, job: str, user: str) -> None:
        known = self._store.status(job)
        new = known is None or known.state in FINAL
        if new and self._store.unfinished(user) >= self._terms.max_jobs:
            raise RequestError(
                "queue",
                f"you have too many unfinished jobs (expected at most {self._terms.max_jobs})",
                "Wait for some to end, or cancel some.",
                code="too_many_jobs",
            )

    def _own(self, job: str, user: str) -> str:
        """The job, if it is the user's; another's is as unknown as one that never was."""
        if not self._store.owns(job, user):
            raise RequestError(
                f"job {job[:64]}",
                "there is none of that name",
                "List them: void jobs.",
                code="unknown_job",
            )
        return job

    def _status(
        self, job: str, since: int, *, preview: bool = False, report: bool = False
    ) -> Status:
        numbered = self._store.results(job, since=since, limit=RESULTS_AT_ONCE)
        status = self._jobs.status(job)
        assert status is not None  # an owner was found
        newest = self._jobs.preview(job) if preview else None
        if newest is not None:
            status = msgspec.structs.replace(status, preview=self._shown(newest))
        # Who is not told of some counts fewer, and is told a few others twice, which is harmless.
        told = [one for _, one in numbered if report or one.kind in messages.OF_1_1]
        return Status(status, tuple(map(self._shown, told)))

    def _shown(self, file: Shown) -> Shown:
        if self._terms.local and self._sources.shares_paths:
            return file
        return msgspec.structs.replace(file, path="")

    def _purge(self, message: Purge, user: str) -> Purged:
        if message.job:
            return self._retention.purge_job(self._own(message.job, user), user)
        if message.before is not None:
            return self._retention.purge_before(message.before, user)
        raise RequestError(
            "purge",
            "it names nothing (expected a job or a time)",
            "Name a job, or an age.",
            code="empty_purge",
        )
