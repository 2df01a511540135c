"""The broker: one loop that answers clients, minds workers and moves jobs on. Holds no pixels."""

from __future__ import annotations

import contextlib
import logging
import secrets
import threading
import time
from collections.abc import Sequence

from bridge.curve import ServerCurve
from bridge.errors import VoidError
from bridge.messages import Control
from bridge.wire import Incoming, Router, wait
from void_server.broker.control import ControlDesk, Later, Terms
from void_server.broker.data_dir import DataDir
from void_server.broker.devices import resolved
from void_server.broker.jobs import Jobs
from void_server.broker.parent import Parent
from void_server.broker.pool import WORKER_COMMAND, Limits, Pool
from void_server.broker.previews import Previews
from void_server.broker.readiness import Readiness
from void_server.broker.reserve import Entries, Reserve
from void_server.broker.results import Results
from void_server.broker.retention import Retention
from void_server.broker.sources import Sources
from void_server.broker.store import Store
from void_server.settings import ServerSettings
from void_server.spool.bulk import BulkDesk
from void_server.spool.spool import Spool
from void_server.worker.worker_link import FromWorker, WorkerSettings

log = logging.getLogger(__name__)

TURN_SECONDS = 0.1
"""How long the loop sleeps when nothing arrives: a death is noticed that late."""

SEARCH_SECONDS = 0.005
"""How long it sleeps while a client waits for its files to be found."""

DRAIN_SECONDS = 3.5
"""How long workers may take to finish the frame in hand; the server has 5 s to end in all."""

TRIM_SECONDS = 30.0
"""How often the spool's limit is looked at."""

_BATCH = 200


class Broker:
    """Serves from `run` until `stop`. Everything but `stop` belongs to one thread.

    That thread has to live as long as the server, as the workers it starts end with it.

    Args:
        settings: How to serve.
        worker_command: Program of a worker in place of our own; its device follows as the only
            argument.

    Raises:
        RequestError: The address needs keys and there are none.
        ServerError: The data folder or the address is taken, or the folder cannot be used.
    """

    def __init__(
        self, settings: ServerSettings, *, worker_command: Sequence[str] | None = None
    ) -> None:
        self.epoch = secrets.token_hex(16)
        self.public_key = ""
        self._settings = settings
        self._stopping = threading.Event()
        self._later: list[tuple[Incoming, Later]] = []
        with contextlib.ExitStack() as opened:
            self._open(settings, worker_command or WORKER_COMMAND, opened)
            self._close = opened.pop_all().close

    @property
    def endpoint(self) -> str:
        """Where clients reach the control connection."""
        return self._clients.endpoint

    def stop(self) -> None:
        """End `run` soon. May be called from any thread and from a signal handler."""
        self._stopping.set()

    def run(self) -> None:
        """Serve until `stop`; then let the workers finish the frame in hand, and close."""
        log.info("listening on %s; %d jobs go on", self.endpoint, self._recovered)
        try:
            self._step(0.0)  # the workers take longest to start
            while not self._over():
                self._step(TURN_SECONDS)
            self._drain()
        finally:
            self._pool.kill()
            self._close()

    # --- opening -----------------------------------------------------------------------------

    def _open(
        self, settings: ServerSettings, command: Sequence[str], opened: contextlib.ExitStack
    ) -> None:
        folder = DataDir(settings.data_dir)
        folder.lock()
        opened.callback(folder.unlock)
        store = opened.enter_context(contextlib.closing(Store(folder.database)))
        spool = opened.enter_context(contextlib.closing(Spool(folder.spool, settings.spool_bytes)))
        curve = self._curve(opened)
        self._clients = Router(
            f"tcp://{settings.host}:{settings.port}", curve=curve, receives=Control
        )
        opened.callback(self._clients.close)
        bulk = BulkDesk(f"tcp://{settings.host}:{settings.bulk_port}", spool, curve=curve)
        opened.callback(bulk.stop)
        self._link = Router(folder.worker_endpoint(), receives=FromWorker)
        opened.callback(self._link.close)
        self._pool = Pool(
            self._link,
            devices=resolved(settings.devices),
            logs=folder.logs,
            settings=WorkerSettings(
                weights=str(settings.weights),
                cache=str(settings.cache_dir),
                idle_unload=settings.idle_unload,
            ),
            limits=Limits(settings.start_limit, settings.silence, settings.grace),
            command=command,
        )
        self._wire_up(folder, store, spool, bulk)
        bulk.start()

    def _wire_up(self, folder: DataDir, store: Store, spool: Spool, bulk: BulkDesk) -> None:
        """Make the parts that need no closing, and pick up what an earlier server left."""
        settings = self._settings
        self._parent = Parent(settings.parent_pid) if settings.parent_pid else None
        self._reserve = Reserve(folder.reserve)
        self._store = store
        sources = Sources(spool, settings.roots)
        results = Results(store, spool, folder.results)
        self._retention = Retention(
            store=store,
            spool=spool,
            results=results,
            limit=settings.spool_bytes,
            keep=settings.keep * 60,
            busy=lambda: self._pool.jobs,
        )
        self._jobs = Jobs(
            store=store,
            entries=Entries(self._reserve),
            readiness=Readiness(store, sources),
            results=results,
            previews=Previews(store, spool, results),
            pool=self._pool,
            attempts=settings.attempts,
        )
        self._desk = ControlDesk(
            terms=Terms(
                epoch=self.epoch,
                bulk_port=bulk.port,
                local=settings.loopback,
                max_jobs=settings.max_jobs,
                room=settings.spool_bytes,
            ),
            store=store,
            jobs=self._jobs,
            sources=sources,
            pool=self._pool,
            retention=self._retention,
        )
        self._recovered = store.recover()
        self._retention.sweep_orphans()
        self._trimmed = self._last_call = time.monotonic()

    def _curve(self, opened: contextlib.ExitStack) -> ServerCurve | None:
        if self._settings.loopback and not self._settings.require_keys:
            return None
        curve = ServerCurve(self._settings.keys)
        opened.callback(curve.close)
        self.public_key = curve.public
        return curve

    # --- the loop ----------------------------------------------------------------------------

    def _step(self, timeout: float) -> None:
        ready = wait([self._clients, self._link], SEARCH_SECONDS if self._later else timeout)
        if self._clients in ready:
            self._answer_clients()
        self._answer_later()
        self._hear_workers()
        for death in self._pool.turn():
            self._jobs.mourn(death, draining=self._desk.draining)
        try:
            self._jobs.turn()
            self._trim_if_due()
        except VoidError as error:  # a full disk, most likely; the next turn tries again
            log.warning("%s", error)

    def _answer_clients(self) -> None:
        for _ in range(_BATCH):
            incoming = self._clients.receive(0)
            if incoming is None:
                return
            self._last_call = time.monotonic()
            answer = self._desk.answer(incoming.message, incoming.user)
            if isinstance(answer, Later):
                self._later.append((incoming, answer))
            else:
                self._clients.send(incoming.peer, incoming.request, answer)

    def _answer_later(self) -> None:
        due = [entry for entry in self._later if entry[1].search.done()]
        self._later = [entry for entry in self._later if entry not in due]
        for incoming, later in due:
            self._clients.send(incoming.peer, incoming.request, self._desk.finish(later))

    def _hear_workers(self) -> None:
        while (incoming := self._link.receive(0)) is not None:
            message = self._pool.hear(incoming)
            if message is not None:
                self._jobs.hear(message)

    def _trim_if_due(self) -> None:
        now = time.monotonic()
        if now - self._trimmed >= TRIM_SECONDS:
            self._trimmed = now
            self._retention.trim()
            self._reserve.keep()

    def _over(self) -> bool:
        if self._stopping.is_set():
            return True
        if self._parent is not None and self._parent.gone():
            log.info("the process that started this server is gone")
            return True
        quiet = time.monotonic() - self._last_call
        if 0 < self._settings.idle_exit < quiet and not self._store.any_unfinished():
            log.info("nobody has called for %.0f s", quiet)
            return True
        return False

    def _drain(self) -> None:
        log.info("shutting down")
        self._desk.draining = True
        self._pool.leave()
        deadline = time.monotonic() + DRAIN_SECONDS
        while not self._pool.empty and time.monotonic() < deadline:
            self._step(0.02)
