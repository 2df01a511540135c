"""The worker processes: one per device, started again when they die, never trusted to answer."""

from __future__ import annotations

import hmac
import logging
import os
import secrets
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from bridge.messages import EngineInfo
from bridge.wire import Incoming, Router
from void_server.broker.child import Child
from void_server.broker.schedule import AUTO, Idle
from void_server.worker.worker_link import (
    BROKER_PID_VARIABLE,
    ENDPOINT_VARIABLE,
    SETTINGS_VARIABLE,
    TOKEN_VARIABLE,
    Drop,
    Ended,
    FromWorker,
    Leave,
    OfJob,
    Ready,
    Run,
    ToWorker,
    WorkerSettings,
)

log = logging.getLogger(__name__)

WORKER_COMMAND = (sys.executable, "-m", "void_server.worker")
"""Program of a worker; its device follows as the only argument."""

BROKEN_AFTER = 3
"""Failed starts in a row after which a worker counts as broken."""

BACK_OFF = 0.5
"""Seconds before a worker that failed to start is started again; doubles each time."""

LONGEST_BACK_OFF = 60.0
"""Seconds between two starts of a broken worker."""

_ASLEEP = 5.0
"""Seconds between two turns after which the broker itself must have been stopped."""


@dataclass(frozen=True)
class Limits:
    """How long a worker may take, seconds.

    Attributes:
        start: From its start to `Ready`.
        silence: Between two signs of life.
        grace: To let go of a dropped job.
    """

    start: float = 300.0
    silence: float = 30.0
    grace: float = 10.0


@dataclass(frozen=True)
class Death:
    """A worker has died, with the job it had."""

    job: str
    attempt: int
    reason: str


@dataclass
class _Worker:
    """A worker's place: the process in it changes, the place stays.

    ``child`` is None between two processes; ``peer`` is None until the process said `Ready`.
    """

    name: str
    device: str
    child: Child | None = None
    token: str = ""
    peer: bytes | None = None
    engines: tuple[EngineInfo, ...] = ()
    run: Run | None = None
    heard: float = 0.0
    start_due: float = 0.0
    kill_due: float | None = None
    doom: str = ""
    failures: int = 0
    trouble: str = ""
    ended: bool = field(default=False)


class Pool:
    """Starts the workers, hands them jobs and tells who died. Belongs to the broker's thread.

    Args:
        router: The socket that the workers dial.
        devices: One worker is kept for each.
        logs: Folder of the workers' logs.
        settings: What every worker is told.
        limits: How long a worker may take.
        command: Program of a worker.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        router: Router,
        *,
        devices: Sequence[str],
        logs: Path,
        settings: WorkerSettings,
        limits: Limits | None = None,
        command: Sequence[str] = WORKER_COMMAND,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._router = router
        self._logs = logs
        self._settings = msgspec.json.encode(settings).decode()
        self._limits = limits or Limits()
        self._command = command
        self._clock = clock
        self._turned = clock()
        self._leaving = False
        self._workers = {name: _Worker(name, device) for name, device in _named(devices).items()}

    # --- what there is -----------------------------------------------------------------------

    @property
    def devices(self) -> tuple[str, ...]:
        """The devices of the workers that are up."""
        return tuple(dict.fromkeys(w.device for w in self._workers.values() if w.peer is not None))

    @property
    def engines(self) -> tuple[EngineInfo, ...]:
        """What the workers offer, each engine once; unavailable when only broken workers have it.

        Empty until the first worker is up or all are broken.
        """
        offered: dict[str, EngineInfo] = {}
        for worker in self._workers.values():
            for info in self._offers(worker):
                if info.name not in offered or not offered[info.name].available:
                    offered[info.name] = info
        return tuple(offered.values())

    @property
    def trouble(self) -> str:
        """Why no worker can start; "" while at least one may."""
        broken = [w.trouble for w in self._workers.values() if w.failures >= BROKEN_AFTER]
        return broken[0] if len(broken) == len(self._workers) else ""

    @property
    def idle(self) -> list[Idle]:
        """The workers that can take a job."""
        if self._leaving:
            return []
        return [
            Idle(w.name, frozenset(info.name for info in w.engines if info.available))
            for w in self._workers.values()
            if w.peer is not None and w.run is None and not w.doom
        ]

    @property
    def starting(self) -> bool:
        """Whether a worker may yet come up and offer engines."""
        return any(w.peer is None and w.failures < BROKEN_AFTER for w in self._workers.values())

    @property
    def jobs(self) -> frozenset[str]:
        """The jobs that workers have in hand, dropped ones included."""
        return frozenset(w.run.job for w in self._workers.values() if w.run is not None)

    @property
    def empty(self) -> bool:
        """Whether no process is left."""
        return all(worker.child is None for worker in self._workers.values())

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of the workers."""
        return tuple(w.child.pid for w in self._workers.values() if w.child is not None)

    # --- orders ------------------------------------------------------------------------------

    def assign(self, name: str, run: Run) -> bool:
        """Hand a job to an idle worker; False when it cannot be reached."""
        worker = self._workers[name]
        if not self._tell(worker, run):
            return False
        worker.run = run
        return True

    def drop(self, job: str) -> None:
        """Have a job stopped: in good time by its worker, otherwise with it."""
        for worker in self._workers.values():
            if worker.run is not None and worker.run.job == job and worker.kill_due is None:
                self._tell(worker, Drop(job))
                worker.kill_due = self._clock() + self._limits.grace

    def leave(self) -> None:
        """Have every worker finish the frame in hand and exit; none is started any more."""
        self._leaving = True
        for worker in self._workers.values():
            if worker.peer is not None:
                self._tell(worker, Leave())
            elif worker.child is not None:
                worker.child.kill()

    def kill(self) -> None:
        """End every process at once."""
        self._leaving = True
        children = [w.child for w in self._workers.values() if w.child is not None]
        for child in children:
            child.kill()
        for child in children:
            child.wait(1.0)

    # --- news --------------------------------------------------------------------------------

    def hear(self, incoming: Incoming) -> OfJob | None:
        """Take a message from the socket; returns what concerns jobs.

        Whoever has not proved to be a worker of ours with `Ready` is not heard.
        """
        message: FromWorker = incoming.message
        if isinstance(message, Ready):
            self._welcome(incoming.peer, message)
            return None
        worker = next((w for w in self._workers.values() if w.peer == incoming.peer), None)
        if worker is None:
            return None
        worker.heard = self._clock()
        if not isinstance(message, OfJob):
            return None
        if isinstance(message, Ended) and _concerns(message, worker.run):
            worker.run = None
            worker.kill_due = None
        return message

    def turn(self) -> list[Death]:
        """Start, restart and kill what is due; returns the deaths since the last turn.

        Call it only after every message has been heard: a death is reported one turn after it
        was seen, so that what the worker sent before is heard first.
        """
        now = self._clock()
        self._excuse_own_sleep(now)
        deaths: list[Death] = []
        for worker in self._workers.values():
            if worker.child is None:
                self._start_if_due(worker, now)
            elif worker.ended:
                deaths += self._bury(worker, now)
            else:
                worker.ended = worker.child.death() is not None
                if not worker.ended:
                    self._kill_if_due(worker, now)
        return deaths

    # --- inside ------------------------------------------------------------------------------

    def _offers(self, worker: _Worker) -> tuple[EngineInfo, ...]:
        if worker.failures < BROKEN_AFTER:
            return worker.engines
        known = worker.engines or (EngineInfo(AUTO, "Automatic", "", worker.device),)
        return tuple(
            msgspec.structs.replace(info, available=False, reason=worker.trouble) for info in known
        )

    def _welcome(self, peer: bytes, ready: Ready) -> None:
        for worker in self._workers.values():
            if worker.token and hmac.compare_digest(worker.token, ready.token):
                worker.token = ""  # a token opens once
                worker.peer = peer
                worker.engines = ready.engines
                worker.heard = self._clock()
                worker.failures = 0
                worker.trouble = ""
                log.info("worker %s is up, pid %d", worker.name, ready.pid)
                if self._leaving:
                    self._tell(worker, Leave())
                return
        log.warning("a stranger called itself a worker (pid %d)", ready.pid)

    def _tell(self, worker: _Worker, message: ToWorker) -> bool:
        if worker.peer is None:
            return False
        return self._router.send(worker.peer, secrets.token_bytes(16), message)

    def _excuse_own_sleep(self, now: float) -> None:
        """After the broker itself was stopped, silence says nothing about the workers."""
        if now - self._turned > _ASLEEP:
            for worker in self._workers.values():
                worker.heard = now
        self._turned = now

    def _start_if_due(self, worker: _Worker, now: float) -> None:
        if self._leaving or now < worker.start_due:
            return
        worker.token = secrets.token_hex(16)
        environ = os.environ | {
            ENDPOINT_VARIABLE: self._router.endpoint,
            TOKEN_VARIABLE: worker.token,
            BROKER_PID_VARIABLE: str(os.getpid()),
            SETTINGS_VARIABLE: self._settings,
        }
        try:
            worker.child = Child(
                [*self._command, worker.device],
                environ=environ,
                log=self._logs / f"worker-{worker.name}.log",
            )
        except OSError as error:
            self._fail_start(worker, now, f"it cannot be started ({error.strerror})")
            return
        worker.heard = now
        log.info("worker %s started, pid %d", worker.name, worker.child.pid)

    def _kill_if_due(self, worker: _Worker, now: float) -> None:
        if worker.child is None or worker.doom:
            return
        limit = self._limits.silence if worker.peer is not None else self._limits.start
        if now - worker.heard > limit:
            worker.doom = f"it gave no sign of life for {limit:g} s"
        elif worker.kill_due is not None and now > worker.kill_due:
            worker.doom = f"it did not drop a cancelled job within {self._limits.grace:g} s"
        if worker.doom:
            log.warning("worker %s is killed: %s", worker.name, worker.doom)
            worker.child.kill()

    def _bury(self, worker: _Worker, now: float) -> list[Death]:
        """Clear the place of a process that has ended."""
        assert worker.child is not None
        reason = worker.doom or worker.child.death() or ""
        words = worker.child.last_words()
        log.log(
            logging.INFO if self._leaving else logging.WARNING,
            "worker %s is gone: %s; its last words: %s",
            worker.name,
            reason,
            words,
        )
        run, was_up = worker.run, worker.peer is not None
        worker.child = worker.peer = worker.run = worker.kill_due = None
        worker.token = worker.doom = ""
        worker.ended = False
        if was_up:
            worker.start_due = now
        else:
            self._fail_start(worker, now, f"{reason}: {words}" if words else reason)
        return [Death(run.job, run.attempt, reason)] if run is not None else []

    def _fail_start(self, worker: _Worker, now: float, reason: str) -> None:
        worker.failures += 1
        worker.trouble = reason
        worker.start_due = now + min(BACK_OFF * 2**worker.failures, LONGEST_BACK_OFF)


def _named(devices: Sequence[str]) -> dict[str, str]:
    """A name for the worker of each device: ``cpu``, and ``cpu-2`` for a second one."""
    named: dict[str, str] = {}
    for device in devices:
        plain = device.replace(":", "").replace("/", "")
        count = sum(other == device for other in named.values())
        named[f"{plain}-{count + 1}" if count else plain] = device
    return named


def _concerns(ended: Ended, run: Run | None) -> bool:
    return run is not None and (run.job, run.attempt) == (ended.job, ended.attempt)
