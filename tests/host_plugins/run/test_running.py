import threading

import pytest

from host_plugins.run import endings, running
from host_plugins.run.lifetime import Run


class Silent:
    """A host that shows nothing."""

    def __init__(self):
        self.finished = threading.Event()

    def show(self, progress):
        pass

    def cancelled(self):
        return False

    def attach(self, landings):
        raise AssertionError("nothing has landed")

    def finish(self, ending):
        self.finished.set()


class Waiting(Run):
    """A run that does nothing until it is stopped or told to go on."""

    def __init__(self):
        self.screen = Silent()
        super().__init__(self.screen, timeout=1.0)
        self.go_on = threading.Event()
        self.began = threading.Event()
        self.thread = None

    def _steps(self):
        self.thread = threading.current_thread()
        self.began.set()
        while not self.go_on.wait(0.01):
            self._token.check()
        return endings.done({})


@pytest.fixture(autouse=True)
def nothing_left():
    yield
    runs = running.all().values()
    for run in runs:
        run.cancel()
        run.wait(10.0)
    assert running.all() == {}


def test_a_run_gets_a_daemon_thread_of_its_own():
    run = running.start("a", Waiting())
    assert run.began.wait(10.0)
    assert (run.thread.name, run.thread.daemon) == ("void-run", True)
    assert running.get("a") is run
    assert running.all() == {"a": run}


def test_a_second_start_returns_the_run_that_is_under_way():
    first, second = Waiting(), Waiting()
    assert running.start("a", first) is first
    assert running.start("a", second) is first
    assert not second.began.is_set()
    assert running.start("b", second) is second


def test_an_ended_run_makes_room_for_the_next():
    first, second = Waiting(), Waiting()
    running.start("a", first)
    first.go_on.set()
    assert first.wait(10.0).end == "done"
    assert running.get("a") is None
    assert running.start("a", second) is second


def test_a_run_that_the_host_knows_to_be_over_is_not_under_way():
    """The artist may press again while the host still shows the end."""
    first, second = Waiting(), Waiting()
    seen = []
    first.screen.finish = lambda ending: seen.append(running.start("a", second))
    running.start("a", first)
    first.go_on.set()
    first.wait(10.0)
    assert seen == [second]
    assert running.get("a") is second


def test_all_runs_are_left_at_once():
    runs = [running.start(key, Waiting()) for key in "abc"]
    running.detach_all()
    assert {run.wait(10.0).end for run in runs} == {"detached"}
    assert running.all() == {}


def test_many_starts_at_once_are_one_run():
    made, gate = [], threading.Barrier(8)

    def press():
        gate.wait()
        made.append(running.start("a", Waiting()))

    threads = [threading.Thread(target=press) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, made))) == 1
