import contextlib
import os
import secrets
import sys
import time
from pathlib import Path

import pytest

from bridge.messages import EngineInfo
from bridge.shot import job_id
from bridge.wire import Dealer, Router, wait
from void_server.broker import pool as module
from void_server.broker.pool import Death, Limits, Pool
from void_server.worker.worker_link import (
    Alive,
    Delivered,
    Ended,
    FromWorker,
    Progressed,
    Ready,
    Run,
    WorkerSettings,
)

WORKER = (sys.executable, str(Path(__file__).parents[1] / "scripted_worker.py"))
PATIENCE = 10.0


class Desk:
    """The part of the broker that minds a pool, and nothing else."""

    def __init__(self, folder: Path, command=WORKER, devices=("cpu",), **limits) -> None:
        self.router = Router(f"ipc://{folder / 'workers'}", receives=FromWorker)
        self.pool = Pool(
            self.router,
            devices=devices,
            logs=folder,
            settings=WorkerSettings("weights", "cache"),
            limits=Limits(**limits),
            command=command,
        )
        self.news: list = []
        self.deaths: list[Death] = []

    def turn(self) -> None:
        wait([self.router], 0.02)
        while (incoming := self.router.receive(0)) is not None:
            message = self.pool.hear(incoming)
            if message is not None:
                self.news.append(message)
        self.deaths += self.pool.turn()

    def until(self, condition) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, (self.news, self.deaths, self.pool.trouble)
            self.turn()

    def close(self) -> None:
        self.pool.kill()
        self.router.close()


@pytest.fixture
def desk(tmp_path):
    with contextlib.ExitStack() as stack:
        folder = tmp_path / "run"
        folder.mkdir()
        yield lambda *args, **named: stack.enter_context(
            contextlib.closing(Desk(folder, *args, **named))
        )


@pytest.fixture
def order(request_for, tmp_path):
    def make(script=None, attempt: int = 1) -> Run:
        asked = request_for(script, last=1003)
        folder = tmp_path / "results" / job_id(asked)
        folder.mkdir(parents=True, exist_ok=True)
        return Run(job_id(asked), attempt, asked, {}, str(folder), ())

    return make


def test_a_worker_comes_up_and_offers_its_engines(desk):
    d = desk()
    assert (d.pool.idle, d.pool.engines, d.pool.starting) == ([], (), True)
    d.until(lambda: d.pool.idle)
    (idle,) = d.pool.idle
    assert (idle.worker, idle.engines) == ("cpu", frozenset({"scripted"}))
    assert d.pool.devices == ("cpu",)
    assert not d.pool.starting


def test_a_job_is_done_and_the_worker_free_again(desk, order):
    d = desk()
    d.until(lambda: d.pool.idle)
    run = order()
    assert d.pool.assign("cpu", run)
    assert d.pool.jobs == {run.job}
    assert not d.pool.idle
    d.until(lambda: d.pool.idle)
    assert [type(n) for n in d.news if not isinstance(n, Progressed)] == [Delivered] * 4 + [Ended]
    assert d.deaths == []


def test_a_killed_worker_is_mourned_once_and_replaced(desk, order):
    d = desk()
    d.until(lambda: d.pool.idle)
    run = order({"kill_at": 1002})
    (before,) = d.pool.pids
    d.pool.assign("cpu", run)
    d.until(lambda: d.deaths and d.pool.idle)
    assert d.deaths == [Death(run.job, 1, "it was ended by SIGKILL")]
    assert d.pool.pids != (before,)


def test_what_a_worker_said_before_it_died_is_heard_first(desk, order):
    d = desk()
    d.until(lambda: d.pool.idle)
    d.pool.assign("cpu", order({"kill_at": 1003}))
    d.until(lambda: d.deaths)
    assert [n.frame for n in d.news if isinstance(n, Delivered)] == [1001, 1002]


def test_a_silent_worker_is_killed(desk, order):
    d = desk(silence=0.5)
    d.until(lambda: d.pool.idle)
    run = order({"hang_at": 1001})
    d.pool.assign("cpu", run)
    d.until(lambda: d.deaths)
    assert d.deaths == [Death(run.job, 1, "it gave no sign of life for 0.5 s")]


def test_a_worker_that_never_gets_ready_is_killed(desk, monkeypatch):
    monkeypatch.setattr(module, "BACK_OFF", 0.01)
    d = desk((sys.executable, "-c", "import time; time.sleep(60)"), start=0.2)
    d.until(lambda: d.pool.trouble)
    assert d.pool.trouble == "it gave no sign of life for 0.2 s"


def test_silence_counts_only_while_the_broker_listens(desk, order):
    d = desk(silence=10.0)
    d.until(lambda: d.pool.idle)
    now = time.monotonic()
    d.pool._clock = lambda: now + 3600.0  # the broker was stopped for an hour
    d.turn()
    d.turn()
    assert d.pool.idle
    assert d.deaths == []


def test_a_dropped_job_ends_in_good_time(desk, order):
    d = desk(grace=5.0)
    d.until(lambda: d.pool.idle)
    run = order({"pause": 0.1})
    (before,) = d.pool.pids
    d.pool.assign("cpu", run)
    d.until(lambda: d.news)
    d.pool.drop(run.job)
    d.until(lambda: d.pool.idle)
    assert d.news[-1].state == "cancelled"
    assert d.pool.pids == (before,)


def test_a_job_that_is_not_dropped_ends_with_its_worker(desk, order):
    d = desk(grace=0.2)
    d.until(lambda: d.pool.idle)
    run = order({"pause": 0.5, "deaf": True})
    d.pool.assign("cpu", run)
    d.until(lambda: d.news)
    d.pool.drop(run.job)
    d.until(lambda: d.deaths)
    assert d.deaths[0].reason == "it did not drop a cancelled job within 0.2 s"
    d.until(lambda: d.pool.idle)


def test_leaving_workers_finish_the_frame_in_hand_and_are_not_replaced(desk, order):
    d = desk()
    d.until(lambda: d.pool.idle)
    d.pool.assign("cpu", order({"pause": 0.1}))
    d.until(lambda: d.news)
    d.pool.leave()
    d.until(lambda: d.pool.empty)
    assert d.news[-1].interrupted
    assert isinstance(d.news[-2], Delivered)
    d.turn()
    assert d.pool.empty


def test_workers_that_are_not_up_yet_are_not_waited_for_when_leaving(desk):
    d = desk()
    d.until(lambda: d.pool.pids)
    d.pool.leave()
    d.until(lambda: d.pool.empty)


def test_a_worker_that_keeps_failing_to_start_is_broken_and_its_last_words_say_why(
    desk, monkeypatch
):
    monkeypatch.setattr(module, "BACK_OFF", 0.01)
    d = desk((sys.executable, "-c", "raise SystemExit('no cuda driver')"))
    d.until(lambda: d.pool.trouble)
    assert d.pool.trouble == "it ended with exit code 1: no cuda driver"
    (engine,) = d.pool.engines
    assert (engine.available, engine.reason) == (False, d.pool.trouble)
    assert not d.pool.starting


def test_a_broken_worker_is_tried_again_and_may_come_up(desk, monkeypatch, tmp_path):
    monkeypatch.setattr(module, "BACK_OFF", 0.01)
    switch = tmp_path / "installed"
    code = f"""
import os, runpy, sys
if not os.path.exists({str(switch)!r}):
    sys.exit('not installed yet')
runpy.run_path({WORKER[1]!r}, run_name='__main__')
"""
    d = desk((sys.executable, "-c", code))
    d.until(lambda: d.pool.trouble)
    switch.touch()
    d.until(lambda: d.pool.idle)
    assert d.pool.trouble == ""
    assert d.pool.engines[0].available


def test_the_starts_of_a_broken_worker_become_rarer(desk, monkeypatch, tmp_path):
    monkeypatch.setattr(module, "BACK_OFF", 0.01)
    monkeypatch.setattr(module, "LONGEST_BACK_OFF", 0.04)
    d = desk(("/no/such/program",))
    waits = []
    (worker,) = d.pool._workers.values()
    for _ in range(5):
        failures = worker.failures
        d.until(lambda failures=failures: worker.failures > failures)
        waits.append(round(worker.start_due - d.pool._turned, 3))
    assert waits == [0.02, 0.04, 0.04, 0.04, 0.04]
    assert "it cannot be started (No such file or directory)" in d.pool.trouble


def test_one_broken_worker_does_not_trouble_the_pool(desk, monkeypatch):
    monkeypatch.setattr(module, "BACK_OFF", 0.01)
    code = f"""
import runpy, sys
if sys.argv[1] != 'cpu':
    sys.exit('no such device')
runpy.run_path({WORKER[1]!r}, run_name='__main__')
"""
    d = desk((sys.executable, "-c", code), devices=("cuda:0", "cpu"))
    d.until(lambda: d.pool.idle and not d.pool.starting)
    assert d.pool.trouble == ""
    offered = {engine.name: engine.available for engine in d.pool.engines}
    assert offered["scripted"]


def test_who_does_not_know_the_token_is_no_worker(desk):
    d = desk()
    d.until(lambda: d.pool.idle)
    engine = EngineInfo("forged", "Forged", "", "cpu")
    with contextlib.closing(Dealer(d.router.endpoint)) as stranger:
        for token in ("", secrets.token_hex(16)):
            stranger.send(Ready(token, os.getpid(), "cpu", (engine,)))
        stranger.send(Ended("job", 1, "done"))
        stranger.send(Alive())
        for _ in range(5):
            d.turn()
    assert [info.name for info in d.pool.engines] == ["scripted"]
    assert d.news == []


def test_a_token_opens_once(desk, monkeypatch):
    tokens = []
    monkeypatch.setattr(module.secrets, "token_hex", lambda n: tokens.append("f" * n) or tokens[-1])
    d = desk()
    d.until(lambda: d.pool.idle)
    with contextlib.closing(Dealer(d.router.endpoint)) as thief:
        thief.send(Ready(tokens[0], os.getpid(), "cpu", ()))
        for _ in range(5):
            d.turn()
    assert [info.name for info in d.pool.engines] == ["scripted"]


def test_each_place_has_a_log_of_its_own(desk, tmp_path):
    code = "import sys; print('hello from', sys.argv[1])"
    d = desk((sys.executable, "-c", code), devices=("cuda:0", "cuda:0", "cpu"))
    d.until(lambda: (tmp_path / "run" / "worker-cpu.log").exists())
    d.until(lambda: "hello" in (tmp_path / "run" / "worker-cuda0-2.log").read_text())
    assert (tmp_path / "run" / "worker-cuda0.log").exists()


def test_killing_a_worker_takes_along_what_it_has_started(desk, alive, tmp_path):
    pid_file = tmp_path / "grandchild"
    code = f"""
import subprocess, sys, time
child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])
open({str(pid_file)!r}, 'w').write(str(child.pid))
time.sleep(60)
"""
    d = desk((sys.executable, "-c", code))
    d.until(lambda: pid_file.exists() and pid_file.read_text())
    grandchild = int(pid_file.read_text())
    d.pool.kill()
    deadline = time.monotonic() + PATIENCE
    while alive(grandchild):
        assert time.monotonic() < deadline
        time.sleep(0.01)
