"""A host of files that is strict about how a run treats it, and servers for it."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import OpenEXR
import pytest

from bridge.cli import server as private_server
from bridge.client import Client
from bridge.errors import ConnectionLost
from bridge.sequence import FrameRange
from host_plugins.run import lifetime, line
from host_plugins.run.order import MAIN, Order

SCRIPTED = Path(__file__).parents[2] / "void_server" / "serve_scripted.py"
PATIENCE = 30.0
FRAMES = range(1001, 1005)
SIZE = (24, 32)


def wait_for(condition, what="something to happen", patience=PATIENCE):
    deadline = time.monotonic() + patience
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited for {what}"
        time.sleep(0.01)
    return found


@pytest.fixture(name="wait_for")
def _wait_for():
    return wait_for


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch):
    """The jobs here take no time, so they are looked at more often."""
    monkeypatch.setattr(line, "POLL_SECONDS", 0.02)
    monkeypatch.setattr(lifetime, "ATTACH_SECONDS", 0.1)


class FileHost:
    """A host whose pictures lie in a folder. It raises when a run calls it out of turn.

    Set from outside: ``order_error``, ``print_of`` (the fingerprint), ``answer`` (to a question),
    ``pressed`` (its own cancel button), and ``on`` (what to do when a method is called, by name).
    """

    def __init__(self, footage: Path, order: Order) -> None:
        self.footage = footage
        self.asked_for = order
        self.print_of = "as it was"
        self.answer = True
        self.pressed = False
        self.on = {}
        self.calls = []
        self.questions = []
        self.remembered = {}
        self.described = []
        self.shown = []
        self.attached = []
        self.ending = None
        self._thread = None

    def order(self, purpose):
        self._called("order")
        assert purpose == self.asked_for.purpose
        return self.asked_for

    def describe(self, welcome):
        self._called("describe", after="order")
        assert not any(known.engines for known in self.described), "it has been said"
        self.described.append(welcome)

    def fingerprint(self, order, view):
        self._called("fingerprint", after="order")
        return f"{self.print_of} {view} {order.frames}"

    def export(self, order, view, folder, stop):
        assert folder.is_dir()
        assert list(folder.iterdir()) == [], "an export begins in an empty folder"
        for frame in order.frames:
            for role in ("plate", *order.roles):
                name = f"{role}.{frame:04d}.exr"
                if (self.footage / name).exists():
                    shutil.copyfile(self.footage / name, folder / name)
        self._called("export", after="fingerprint")

    def confirm(self, question):
        self._called("confirm", after="order")
        assert "export" not in self.calls, "an artist is asked before the wait, not after it"
        self.questions.append(question)
        return self.answer

    def remember(self, jobs):
        self._called("remember", after="fingerprint")
        assert list(jobs) == list(self.asked_for.views), "every view, from the first time on"
        begun = {view: job for view, job in self.remembered.items() if job}
        assert {**jobs, **begun} == jobs, "what has begun stays"
        self.remembered = dict(jobs)

    def show(self, progress):
        self._in_turn("show")
        assert progress.text
        assert self.shown == [] or progress.done >= self.shown[-1].done, "a bar never goes back"
        assert 0.0 <= progress.done <= 1.0
        self.shown.append(progress)
        self._called("show")

    def cancelled(self):
        assert threading.current_thread().name == "void-watch"
        return self.pressed

    def attach(self, landings):
        self._called("attach")
        assert landings
        assert all(landing.finished for landing in landings.values())
        self.attached.append({view: landing.finished for view, landing in landings.items()})

    def finish(self, ending):
        self._called("finish")
        self.ending = ending

    @property
    def stages(self):
        return list(dict.fromkeys(progress.stage for progress in self.shown))

    def _called(self, name, after=None):
        self._in_turn(name, after)
        self.calls.append(name)
        if name in self.on:
            self.on[name](self)

    def _in_turn(self, name, after=None):
        self._thread = self._thread or threading.current_thread()
        assert threading.current_thread() is self._thread, "a run calls from its own thread"
        assert "finish" not in self.calls, f"{name} after the end"
        assert after is None or after in self.calls, f"{name} before {after}"


def write(path, channels):
    header = {"type": OpenEXR.scanlineimage, "compression": OpenEXR.ZIP_COMPRESSION}
    OpenEXR.File(header, channels).write(str(path))


@pytest.fixture(scope="session")
def footage(tmp_path_factory):
    """A static textured wall, a bright square that passes by, and its roto."""
    folder = tmp_path_factory.mktemp("footage")
    wall = np.random.default_rng(1).random((*SIZE, 3)).astype(np.float16)
    for frame in FRAMES:
        hole = np.zeros(SIZE, bool)
        left = 2 + 7 * (frame - FRAMES[0])
        hole[8:14, left : left + 6] = True
        picture = wall.copy()
        picture[hole] = 3.0
        write(folder / f"plate.{frame}.exr", {"RGB": picture})
        write(folder / f"remove.{frame}.exr", {"A": hole.astype(np.float16)})
    return folder


@pytest.fixture
def unseen(tmp_path):
    """Footage that no server has: only scripted workers take it for pictures."""
    folder = tmp_path / "unseen"
    folder.mkdir()
    for role in ("plate", "remove"):
        for frame in FRAMES:
            (folder / f"{role}.{frame}.exr").write_bytes(os.urandom(1000))
    return folder


@pytest.fixture
def order_of(tmp_path):
    """Makes orders; what a scripted worker shall do is said as its script."""

    def make(endpoint, *, script=None, **fields):
        known = {
            "name": "sh010",
            "purpose": "remove",
            "frames": FrameRange(FRAMES[0], FRAMES[-1]),
            "views": (MAIN,),
            "grow": 2.0,
            "feather": 1.0,
            "server": endpoint,
            "out": tmp_path / "void",
            "exports": tmp_path / "void" / ".export" / "VoidRemove1",
        }
        prompt = {} if script is None else {"prompt": json.dumps(script)}
        return Order(**(known | prompt | fields))

    return make


@pytest.fixture
def host_of(footage):
    return lambda order: FileHost(footage, order)


class Server:
    """A `void-server` process with scripted workers, at an address of its own for good."""

    def __init__(self, folder: Path, *flags: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as reserved:
            self.port = reserved.getsockname()[1]
        self.endpoint = f"tcp://127.0.0.1:{self.port}"
        self.folder = folder
        self.flags = flags
        self.process = None
        self.start()

    def start(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, str(SCRIPTED), "--port", str(self.port), "--data-dir"]
        command += [str(self.folder), "--grace", "0.5", *self.flags]
        with (self.folder / "output.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        wait_for(self._answers, "the server")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def states(self):
        """The states of its jobs, newest first."""
        with Client(self.endpoint) as client:
            return [job.state for job in client.jobs()]

    def state(self, job):
        with Client(self.endpoint) as client:
            return client.status(job).status.state

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(PATIENCE)

    def _answers(self):
        assert self.process.poll() is None, (self.folder / "output.log").read_text()
        with Client(self.endpoint, timeout=0.3) as client, contextlib.suppress(ConnectionLost):
            return bool(client.hello().engines)


@pytest.fixture(scope="session")
def _clean_environment():
    kept = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("VOID_")}
    yield
    os.environ.update(kept)


@pytest.fixture(scope="session")
def scripted(tmp_path_factory, _clean_environment):
    """A server with scripted workers that reads files in place, for all tests."""
    root = tmp_path_factory.getbasetemp().resolve()
    folder = tmp_path_factory.mktemp("scripted")
    with contextlib.closing(Server(folder, "--roots", str(root))) as server:
        yield server


@pytest.fixture
def idle(scripted):
    """The same server, on which no job of an earlier test is left."""
    yield scripted
    with Client(scripted.endpoint) as client:
        for job in client.jobs():
            client.cancel(job.job)


@pytest.fixture(scope="module")
def mortal(tmp_path_factory, _clean_environment):
    """A server that a test may kill, and starts again."""
    with contextlib.closing(Server(tmp_path_factory.mktemp("mortal"))) as server:
        yield server


@pytest.fixture(scope="session")
def cleanplate(tmp_path_factory, _clean_environment):
    """The address of a real server with nothing scripted."""
    folder = tmp_path_factory.mktemp("cleanplate")
    root = tmp_path_factory.getbasetemp().resolve()
    with private_server.private(folder, roots=(root,), keys=folder / "keys"):
        yield json.loads((folder / "server.json").read_bytes())["endpoint"]
