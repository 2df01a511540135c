"""Servers with scripted workers, and clients to ask them."""

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from bridge.messages import FINAL, Credit, GetStatus, Put, Status, Submit, Submitted
from bridge.shot import Matte, Request, Sequence, Shot, SourceFile
from bridge.wire import Dealer
from void_server.broker.broker import Broker
from void_server.broker.notice import Notice, read
from void_server.settings import ServerSettings

HERE = Path(__file__).parent
WORKER = (sys.executable, str(HERE / "scripted_worker.py"))
PATIENCE = 20.0


class Asker:
    """A client that asks one question at a time, and knows nothing of retries."""

    def __init__(self, endpoint: str, **curve) -> None:
        self.control = Dealer(endpoint, **curve)

    def __call__(self, message, timeout: float = PATIENCE):
        request = self.control.send(message)
        deadline = time.monotonic() + timeout
        while (left := deadline - time.monotonic()) > 0:
            incoming = self.control.receive(left)
            if incoming is not None and incoming.request == request:
                return incoming.message
        raise TimeoutError(f"no answer to {message!r:.200}")

    def submit(self, request: Request) -> str:
        answer = self(Submit(request))
        assert isinstance(answer, Submitted), answer
        return answer.job

    def wait(self, job: str, until: Callable[[Status], bool] | None = None) -> Status:
        until = until or (lambda status: status.status.state in FINAL)
        deadline = time.monotonic() + PATIENCE
        while True:
            answer = self(GetStatus(job))
            assert isinstance(answer, Status), answer
            if until(answer):
                return answer
            assert time.monotonic() < deadline, answer.status
            time.sleep(0.02)

    def close(self) -> None:
        self.control.close()


class Uploader:
    """Puts small files on the bulk connection."""

    def __init__(self, port: int) -> None:
        self.bulk = Dealer(f"tcp://127.0.0.1:{port}")

    def __call__(self, content: bytes) -> None:
        import zlib

        digest = hashlib.sha256(content).hexdigest()
        self.bulk.send(Put(digest, len(content), 0, zlib.crc32(content)), content)
        while True:
            incoming = self.bulk.receive(PATIENCE)
            assert incoming is not None
            assert isinstance(incoming.message, Credit), incoming.message
            if incoming.message.offset == -1:
                return

    def close(self) -> None:
        self.bulk.close()


@pytest.fixture
def shot_files(tmp_path: Path) -> Path:
    """A folder with the files of `request_for`."""
    folder = tmp_path / "footage"
    folder.mkdir()
    return folder


@pytest.fixture
def request_for(shot_files: Path) -> Callable[..., Request]:
    """Makes requests whose plate and matte really lie in `shot_files`."""

    def sequence(kind: str, frames: range, paths: bool) -> Sequence:
        files = []
        for frame in frames:
            file = shot_files / f"{kind}.{frame:04d}.exr"
            file.write_bytes(f"{kind} {frame}".encode())
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            files.append(
                SourceFile(file.name, file.stat().st_size, digest, str(file) if paths else "")
            )
        return Sequence(f"{kind}.%04d.exr", "stills", tuple(files), tuple(frames))

    def make(
        script: dict | None = None,
        *,
        name: str = "sh010",
        first: int = 1001,
        last: int = 1005,
        paths: bool = True,
        **fields,
    ) -> Request:
        frames = range(first, last + 1)
        shot = Shot(
            name,
            sequence("plate", frames, paths),
            (Matte("remove", sequence("matte", frames, paths)),),
            first,
            last,
        )
        return Request(shot, prompt=json.dumps(script or {}), **fields)

    return make


@pytest.fixture
def settings(tmp_path: Path, shot_files: Path) -> ServerSettings:
    """A server on free ports that may read `shot_files`."""
    return ServerSettings(
        port=0, data_dir=tmp_path / "data", roots=(shot_files.resolve(),), grace=0.5, keep=0.0
    )


@contextlib.contextmanager
def _served(settings: ServerSettings, command: tuple[str, ...]) -> Iterator[Broker]:
    made: list[Broker | BaseException] = []
    ready = threading.Event()

    def run() -> None:
        # Made in its own thread: sockets and workers belong to it.
        try:
            made.append(Broker(settings, worker_command=command))
        except BaseException as error:
            made.append(error)
            return
        finally:
            ready.set()
        made[0].run()

    thread = threading.Thread(target=run)
    thread.start()
    ready.wait()
    if isinstance(made[0], BaseException):
        raise made[0]
    try:
        yield made[0]
    finally:
        made[0].stop()
        thread.join(10.0)
        assert not thread.is_alive()


@pytest.fixture
def served() -> Iterator[Callable[..., Broker]]:
    """Runs brokers in threads until the test ends."""
    with contextlib.ExitStack() as stack:

        def start(settings: ServerSettings, command: tuple[str, ...] = WORKER, **changes) -> Broker:
            changed = msgspec.structs.replace(settings, **changes)
            return stack.enter_context(_served(changed, command))

        yield start


@pytest.fixture
def asker() -> Iterator[Callable[..., Asker]]:
    """Makes clients that are closed when the test ends."""
    with contextlib.ExitStack() as stack:
        yield lambda endpoint, **curve: stack.enter_context(
            contextlib.closing(Asker(endpoint, **curve))
        )


@pytest.fixture
def uploader() -> Iterator[Callable[[int], Uploader]]:
    with contextlib.ExitStack() as stack:
        yield lambda port: stack.enter_context(contextlib.closing(Uploader(port)))


class Process:
    """A `void-server` process with scripted workers."""

    def __init__(self, data_dir: Path, *flags: str) -> None:
        self.file = data_dir / "server.json"
        command = [sys.executable, str(HERE / "serve_scripted.py")]
        command += ["--data-dir", str(data_dir), "--port", "0", *flags]
        self.popen = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def notice(self) -> Notice:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            notice = read(self.file)
            if notice is not None and notice.pid == self.popen.pid:
                return notice
            assert self.popen.poll() is None, self.popen.communicate()
            time.sleep(0.02)
        raise TimeoutError("the server did not say where it listens")

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str, str]:
        self.popen.send_signal(number)
        out, err = self.popen.communicate(timeout=10.0)
        return self.popen.returncode, out.decode(), err.decode()


@pytest.fixture
def server_process() -> Iterator[Callable[..., Process]]:
    """Starts server processes; what still runs when the test ends is killed."""
    started: list[Process] = []

    def start(data_dir: Path, *flags: str) -> Process:
        started.append(Process(data_dir, *flags))
        return started[-1]

    yield start
    for process in started:
        if process.popen.poll() is None:
            process.popen.kill()
        process.popen.communicate()


@pytest.fixture
def alive() -> Callable[[int], bool]:
    """Whether a process runs; a zombie does not."""

    def check(pid: int) -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        try:
            return Path(f"/proc/{pid}/stat").read_text().rsplit(")")[-1].split()[0] != "Z"
        except FileNotFoundError:
            return False

    return check
