"""A bulk desk with the little of a broker that a client needs to find it, and a bad line to it."""

import contextlib
import hashlib
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from bridge.messages import Control, Hello, Welcome
from bridge.shot import SourceFile
from bridge.wire import CREDIT, MAX_CHUNK, PROTOCOL, Router
from void_server.spool.bulk import BulkDesk
from void_server.spool.spool import Spool

WELCOME = Welcome(PROTOCOL, "0.1.0", "epoch", MAX_CHUNK, CREDIT, False, (), (), 0)


class CountingSpool(Spool):
    """A spool that knows how many bytes it was sent."""

    received = 0

    def append(self, sha256, size, offset, payload):
        self.received += len(payload)
        return super().append(sha256, size, offset, payload)


class Server:
    """A real bulk desk; its control connection knows `Hello` and nothing else.

    ``line`` stands between the client and the desk when it is set.
    """

    def __init__(self, folder: Path) -> None:
        self.spool = CountingSpool(folder, 1 << 30)
        self.control = Router("tcp://127.0.0.1:0", receives=Control)
        self.line: Line | None = None
        self._over = threading.Event()
        self._greeter = threading.Thread(target=self._greet)
        self.start()
        self._greeter.start()

    @property
    def endpoint(self) -> str:
        return self.control.endpoint

    def start(self) -> None:
        self.desk = BulkDesk("tcp://127.0.0.1:0", self.spool)
        self.desk.start()

    def restart(self) -> None:
        """What a restart of the server is for a transfer: new port, and only the disk is left."""
        self.desk.stop()
        self.spool.close()
        self.start()

    def close(self) -> None:
        self._over.set()
        self._greeter.join()
        self.control.close()
        self.desk.stop()
        self.spool.close()

    def _greet(self) -> None:
        while not self._over.is_set():
            incoming = self.control.receive(0.05)
            if incoming is not None and isinstance(incoming.message, Hello):
                port = self.line.port if self.line else self.desk.port
                welcome = msgspec.structs.replace(WELCOME, bulk_port=port)
                self.control.send(incoming.peer, incoming.request, welcome)


class Line:
    """A TCP line to ``port`` that breaks, or flips a byte, after so many bytes in one direction.

    Args:
        port: Where it leads.
        cut_after: Breaks when that many bytes have passed, once for each entry.
        flip_at: Positions, in the first connection's stream, of bytes that arrive changed.
        upwards: Whether bytes towards the server count, or those towards the client.
    """

    def __init__(
        self,
        port: int,
        *,
        cut_after: tuple[int, ...] = (),
        flip_at: tuple[int, ...] = (),
        upwards: bool = True,
    ) -> None:
        self._target = port
        self._cuts = list(cut_after)
        self._flips = list(flip_at)
        self._upwards = upwards
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.breaks = 0
        self._lines: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._spawn(self._accept)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for line in self._lines:
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for line in self._lines:
            line.close()

    def _spawn(self, target: Callable[..., None], *arguments: object) -> None:
        self._threads.append(threading.Thread(target=target, args=arguments))
        self._threads[-1].start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near = self._listener.accept()[0]
                far = socket.create_connection(("127.0.0.1", self._target))
                self._lines += [near, far]
                self._spawn(self._pass_on, near, far, self._upwards)
                self._spawn(self._pass_on, far, near, not self._upwards)

    def _pass_on(self, source: socket.socket, sink: socket.socket, counts: bool) -> None:
        cut = self._cuts.pop(0) if counts and self._cuts else None
        passed = 0
        with contextlib.suppress(OSError):
            while data := bytearray(source.recv(65536)):
                if counts:
                    self._damage(data, passed)
                passed += len(data)
                if cut is not None and passed > cut:
                    self.breaks += 1
                    break
                sink.sendall(data)
        for line in (source, sink):
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def _damage(self, data: bytearray, passed: int) -> None:
        for position in [at for at in self._flips if passed <= at < passed + len(data)]:
            data[position - passed] ^= 0x40
            self._flips.remove(position)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with contextlib.closing(Server(tmp_path / "spool")) as server:
        yield server


@pytest.fixture
def bad_line(server: Server) -> Iterator[Callable[..., Line]]:
    """Puts a bad line between the client and the server's desk."""
    with contextlib.ExitStack() as stack:

        def put(**how) -> Line:
            server.line = stack.enter_context(contextlib.closing(Line(server.desk.port, **how)))
            return server.line

        yield put


@pytest.fixture
def make_file(tmp_path: Path) -> Callable[..., tuple[SourceFile, Path]]:
    """Makes files of random content, as a shot would describe them."""

    def make(name: str, size: int) -> tuple[SourceFile, Path]:
        path = tmp_path / name
        content = os.urandom(size)
        path.write_bytes(content)
        return SourceFile(name, size, hashlib.sha256(content).hexdigest()), path

    return make
