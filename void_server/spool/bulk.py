"""The bulk desk: takes uploads in and hands files out, beside the broker's own loop.

It has a socket and a thread of its own, so that no frame ever stands in front of a cancel. It
keeps nothing about a client but the chunks it still owes it; where an upload stands, the spool
knows. Two more threads digest what arrives, because that costs more than receiving it.
"""

from __future__ import annotations

import logging
import threading
import time
import zlib
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from bridge.curve import ServerCurve
from bridge.errors import RequestError, ServerError, VoidError
from bridge.messages import Bulk, Chunk, Credit, Failed, Get, Have, Put, Stat
from bridge.wire import CREDIT, MAX_CHUNK, Incoming, Router
from void_server.spool.disk import disk_errors
from void_server.spool.spool import Spool

log = logging.getLogger(__name__)

MAX_DIGESTS = 10_000
"""Most digests in one `Stat`."""

_HWM = 4  # chunks that ZMQ may hold for each client that sends faster than we store
_IDLE_SECONDS = 0.2
_BUSY_SECONDS = 0.002
_GONE_SECONDS = 5.0
_DIGESTING = 2
_UNVERIFIED = 64


@dataclass
class _Debt:
    """The chunks one client has asked for and not got yet."""

    gets: deque[tuple[bytes, Get]] = field(default_factory=deque)
    ready: tuple[bytes, Chunk, bytes] | None = None
    taken: float = field(default_factory=time.monotonic)


@dataclass(frozen=True)
class _Check:
    """A file whose bytes are all there and which is being verified; whom to tell."""

    peer: bytes
    request: bytes
    sha256: str
    verdict: Future[int]


class BulkDesk:
    """Serves `Stat`, `Put` and `Get` in a thread of its own, from `start` to `stop`.

    Args:
        endpoint: Where to bind; port 0 takes a free one (see `port`).
        spool: Where files lie.
        curve: Keys and allow-list, the broker's.
        on_stored: Called with the digest of each file that has become whole, from the desk's
            threads; must not block.

    Raises:
        RequestError: The endpoint needs keys, or is none.
        ServerError: The address is taken.
    """

    def __init__(
        self,
        endpoint: str,
        spool: Spool,
        *,
        curve: ServerCurve | None = None,
        on_stored: Callable[[str], None] | None = None,
    ) -> None:
        self._router = Router(endpoint, curve=curve, receives=Bulk, hwm=_HWM)
        self._spool = spool
        self._on_stored = on_stored or (lambda sha256: None)
        self._debts: dict[bytes, _Debt] = {}
        self._checks: list[_Check] = []
        self._ahead: dict[str, Future[None]] = {}
        self._digesters = ThreadPoolExecutor(_DIGESTING, thread_name_prefix="digest")
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="bulk desk")

    @property
    def endpoint(self) -> str:
        """Where it listens, with the port that was taken."""
        return self._router.endpoint

    @property
    def port(self) -> int:
        """The TCP port it listens on."""
        return self._router.port

    @property
    def alive(self) -> bool:
        """Whether the thread is at work."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def stop(self) -> None:
        """Stop serving and close the socket; what has arrived stays in the spool."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._digesters.shutdown(cancel_futures=True)
        self._router.close()

    # --- the loop ----------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopping.is_set():
            paid = self._pay_debts()
            busy = self._debts or self._checks
            patience = 0.0 if paid else _BUSY_SECONDS if busy else _IDLE_SECONDS
            if incoming := self._router.receive(patience):
                self._serve(incoming)
            self._report_checks()

    def _serve(self, incoming: Incoming) -> None:
        try:
            match incoming.message:
                case Stat() as stat:
                    self._stat(incoming, stat)
                case Put() as put:
                    self._put(incoming, put)
                case Get() as get:
                    self._get(incoming, get)
        except Exception as error:  # one client's message must not end the desk for all
            self._router.send(incoming.peer, incoming.request, _failed(error))

    def _stat(self, incoming: Incoming, stat: Stat) -> None:
        if len(stat.digests) > MAX_DIGESTS:
            raise RequestError(
                "upload",
                f"too many files were asked about at once (expected at most {MAX_DIGESTS}, "
                f"got {len(stat.digests)})",
                code="too_large",
            )
        offsets = {sha256: self._spool.offset(sha256) for sha256 in stat.digests}
        self._router.send(incoming.peer, incoming.request, Have(offsets))

    # --- in ----------------------------------------------------------------------------------

    def _put(self, incoming: Incoming, put: Put) -> None:
        payload = incoming.payload or memoryview(b"")
        if zlib.crc32(payload) != put.crc32:
            raise ServerError(
                f"file {put.sha256[:12]}",
                f"the chunk at byte {put.offset} was damaged on its way",
                "It is sent again.",
                code="checksum",
            )
        arrived = self._spool.append(put.sha256, put.size, put.offset, payload)
        if arrived == put.size:
            self._verify(incoming, put.sha256)
            return
        if arrived > 0:
            self._catch_up(put.sha256)
        self._router.send(incoming.peer, incoming.request, Credit(put.sha256, arrived))

    def _catch_up(self, sha256: str) -> None:
        self._ahead = {name: busy for name, busy in self._ahead.items() if not busy.done()}
        if sha256 not in self._ahead:
            self._ahead[sha256] = self._digesters.submit(self._spool.catch_up, sha256)

    def _verify(self, incoming: Incoming, sha256: str) -> None:
        verdict = self._digesters.submit(self._spool.finish, sha256)
        self._checks.append(_Check(incoming.peer, incoming.request, sha256, verdict))
        if len(self._checks) >= _UNVERIFIED:
            self._checks[0].verdict.exception()  # wait: files come faster than they are digested

    def _report_checks(self) -> None:
        over = [check for check in self._checks if check.verdict.done()]
        self._checks = [check for check in self._checks if check not in over]
        for check in over:
            try:
                arrived = check.verdict.result()
            except Exception as error:
                self._router.send(check.peer, check.request, _failed(error))
                continue
            if arrived == -1:
                self._on_stored(check.sha256)
            self._router.send(check.peer, check.request, Credit(check.sha256, arrived))

    # --- out ---------------------------------------------------------------------------------

    def _get(self, incoming: Incoming, get: Get) -> None:
        self._spool.path(get.sha256)
        if not 1 <= get.chunks <= CREDIT or get.offset < 0:
            raise RequestError(
                f"file {get.sha256[:12]}",
                f"impossible numbers (expected 1-{CREDIT} chunks from byte 0 or later, got "
                f"{get.chunks} from {get.offset})",
                code="bad_offset",
            )
        debt = self._debts.setdefault(incoming.peer, _Debt())
        if len(debt.gets) >= CREDIT:
            raise RequestError(
                f"file {get.sha256[:12]}",
                f"too much was asked for at once (expected at most {CREDIT} questions, got more)",
                code="credit",
            )
        debt.gets.append((incoming.request, get))

    def _pay_debts(self) -> bool:
        """Send a chunk to each client that waits for one; whether anything could be sent."""
        paid = [self._pay(peer, debt) for peer, debt in self._debts.items()]
        before = time.monotonic() - _GONE_SECONDS
        self._debts = {
            peer: debt
            for peer, debt in self._debts.items()
            if (debt.gets or debt.ready) and debt.taken > before
        }
        return any(paid)

    def _pay(self, peer: bytes, debt: _Debt) -> bool:
        if debt.ready is None:
            request, get = debt.gets.popleft()
            try:
                debt.ready = (request, *self._read(get))
            except Exception as error:
                return self._router.send(peer, request, _failed(error))
            following = get.offset + len(debt.ready[2])
            if get.chunks > 1 and following < debt.ready[1].size:
                rest = Get(get.sha256, following, get.chunks - 1)
                debt.gets.appendleft((request, rest))
        request, chunk, payload = debt.ready
        if not self._router.send(peer, request, chunk, payload):
            return False
        debt.ready = None
        debt.taken = time.monotonic()
        return True

    def _read(self, get: Get) -> tuple[Chunk, bytes]:
        path = self._spool.path(get.sha256)
        with disk_errors(f"file {get.sha256[:12]}"), path.open("rb", buffering=0) as file:
            size = file.seek(0, 2)
            if get.offset > size:
                raise RequestError(
                    f"file {get.sha256[:12]}",
                    f"it is not that long (expected at most byte {size}, got {get.offset})",
                    code="bad_offset",
                )
            file.seek(get.offset)
            payload = file.read(MAX_CHUNK)
        return Chunk(get.sha256, size, get.offset, zlib.crc32(payload)), payload


def _failed(error: Exception) -> Failed:
    if isinstance(error, VoidError):
        return Failed(error.record())
    log.error("a bulk message could not be served", exc_info=error)
    text = f"it failed on a message ({type(error).__name__})"
    return Failed(
        ServerError("server", text, "Report it, with server.log.", code="internal").record()
    )
