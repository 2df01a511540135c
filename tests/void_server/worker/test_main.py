"""Worker processes, spoken to over their broker's socket."""

import contextlib
import os
import subprocess
import sys
import threading

import msgspec
import pytest

from bridge.shot import Matte, Request, Sequence, Shot, SourceFile
from bridge.wire import Router
from void_server.worker import __main__ as module
from void_server.worker.link import Link
from void_server.worker.worker_link import (
    BROKER_PID_VARIABLE,
    ENDPOINT_VARIABLE,
    SETTINGS_VARIABLE,
    TOKEN_VARIABLE,
    Alive,
    Ended,
    FromWorker,
    Leave,
    Ready,
    Run,
    WorkerSettings,
)

PATIENCE = 20.0


class Sleeper:
    """An engine of which only the rest matters."""

    def __init__(self):
        self.rested = threading.Event()

    def rest(self):
        self.rested.set()


@pytest.fixture
def router():
    with contextlib.closing(Router("tcp://127.0.0.1:*", receives=FromWorker)) as router:
        yield router


@pytest.fixture
def start(router, tmp_path):
    processes = []
    settings = WorkerSettings(str(tmp_path / "weights"), str(tmp_path / "cache"), 0.2)

    def start(*, broker_pid=None):
        variables = {
            ENDPOINT_VARIABLE: router.endpoint,
            TOKEN_VARIABLE: "secret",
            BROKER_PID_VARIABLE: str(broker_pid or os.getpid()),
            SETTINGS_VARIABLE: msgspec.json.encode(settings).decode(),
        }
        command = [sys.executable, "-m", "void_server.worker", "cpu"]
        process = subprocess.Popen(command, env=os.environ | variables, stderr=subprocess.DEVNULL)
        processes.append(process)
        return process

    yield start
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.wait()


def listen(router, kind):
    while True:
        incoming = router.receive(PATIENCE)
        assert incoming is not None, f"no {kind.__name__} came"
        if isinstance(incoming.message, kind):
            return incoming


def absent_shot():
    file = SourceFile("plate.1001.exr", 3, "ab" * 32, "")
    plate = Sequence("plate.%04d.exr", "stills", (file,), (1001,))
    return Shot("sh010", plate, (Matte("remove", plate),), 1001, 1001)


def test_a_worker_says_what_it_is_beats_and_leaves_when_told(router, start):
    process = start()
    ready = listen(router, Ready)
    assert ready.message.token == "secret"
    assert ready.message.pid == process.pid
    assert [engine.name for engine in ready.message.engines] == ["cleanplate", "void", "standin"]
    assert [engine.available for engine in ready.message.engines] == [True, False, True]
    listen(router, Alive)
    router.send(ready.peer, bytes(16), Leave())
    assert process.wait(PATIENCE) == 0


def test_a_job_that_cannot_be_done_leaves_the_worker_ready_for_the_next(router, start, tmp_path):
    start()
    peer = listen(router, Ready).peer
    request = Request(absent_shot())
    files = {"ab" * 32: str(tmp_path / "nowhere.exr")}
    for attempt in (1, 2):
        order = Run("j" * 32, attempt, request, files, str(tmp_path), ())
        router.send(peer, bytes(16), order)
        ended = listen(router, Ended).message
        assert (ended.state, ended.attempt) == ("failed", attempt)
        assert "plate.1001.exr" in ended.error.subject


def test_a_worker_whose_broker_is_not_its_parent_ends_itself(start):
    assert start(broker_pid=1).wait(PATIENCE) == 70


@pytest.fixture
def link(router):
    with contextlib.closing(Link(router.endpoint, broker_pid=os.getppid())) as link:
        yield link


def order(router, peer, tmp_path):
    run = Run("j" * 32, 1, Request(absent_shot()), {}, str(tmp_path), ())
    assert router.send(peer, bytes(16), run)


def test_engines_rest_when_no_job_comes_and_the_next_one_is_taken_all_the_same(
    router, link, tmp_path
):
    peer, engine, taken = listen(router, Alive).peer, Sleeper(), []
    waiting = threading.Thread(
        target=lambda: taken.append(module.next_order(link, [engine], idle=0.05))
    )
    waiting.start()
    assert engine.rested.wait(PATIENCE)
    order(router, peer, tmp_path)
    waiting.join(PATIENCE)
    assert taken[0].job == "j" * 32


@pytest.mark.parametrize("idle", [0.0, PATIENCE])
def test_a_job_that_is_there_is_taken_without_a_rest(router, link, tmp_path, idle):
    order(router, listen(router, Alive).peer, tmp_path)
    engine = Sleeper()
    assert module.next_order(link, [engine], idle=idle).job == "j" * 32
    assert not engine.rested.is_set()


def test_to_leave_ends_the_wait_after_a_rest(router, link):
    peer, engine = listen(router, Alive).peer, Sleeper()
    ended = []
    waiting = threading.Thread(
        target=lambda: ended.append(module.next_order(link, [engine], idle=0.05))
    )
    waiting.start()
    assert engine.rested.wait(PATIENCE)
    router.send(peer, bytes(16), Leave())
    waiting.join(PATIENCE)
    assert ended == [None]
