import os
import signal
import sys
import time

import pytest

from void_server.broker import child as module
from void_server.broker.child import Child


@pytest.fixture
def start(tmp_path):
    started = []

    def make(code: str) -> Child:
        command = [sys.executable, "-c", code]
        started.append(Child(command, environ=os.environ, log=tmp_path / "worker.log"))
        return started[-1]

    yield make
    for child in started:
        child.kill()
        child.wait(5.0)


def test_a_running_process_is_not_dead(start):
    child = start("import time; time.sleep(60)")
    assert child.death() is None
    assert not child.wait(0.01)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("pass", "it ended with exit code 0"),
        ("raise SystemExit(7)", "it ended with exit code 7"),
        ("import os; os.kill(os.getpid(), 9)", "it was ended by SIGKILL"),
        ("import os; os.kill(os.getpid(), 11)", "it was ended by SIGSEGV"),
        ("import os; os.kill(os.getpid(), 40)", "it was ended by signal 40"),
    ],
)
def test_how_a_process_ended_is_said_in_words(start, code, said):
    child = start(code)
    assert child.wait(10.0)
    assert child.death() == said


def test_the_last_words_are_the_last_line_that_says_something(start):
    child = start("print('one'); print('two'); print('  '); print()")
    child.wait(10.0)
    assert child.last_words() == "two"


def test_the_last_words_of_an_earlier_process_are_not_taken_for_its_own(start):
    start("print('earlier')").wait(10.0)
    child = start("pass")
    child.wait(10.0)
    assert child.last_words() == ""


def test_a_long_log_is_put_aside(start, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LOG_LIMIT", 10)
    start("print('more than ten bytes')").wait(10.0)
    start("print('new')").wait(10.0)
    assert (tmp_path / "worker.log").read_text().strip() == "new"
    assert "more than ten bytes" in (tmp_path / "worker.old.log").read_text()


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_stopped_process_can_be_killed(start):
    child = start("import time; time.sleep(60)")
    os.kill(child.pid, signal.SIGSTOP)
    child.kill()
    assert child.wait(5.0)
    assert child.death() == "it was ended by SIGKILL"


def test_killing_what_has_ended_does_nothing(start):
    child = start("pass")
    child.wait(10.0)
    child.kill()
    assert child.death() == "it ended with exit code 0"


@pytest.mark.skipif(os.name != "posix", reason="sessions of POSIX")
def test_ctrl_c_in_the_terminal_does_not_reach_it(start):
    child = start("import time; time.sleep(60)")
    deadline = time.monotonic() + 5.0
    while os.getpgid(child.pid) == os.getpgid(0):
        assert time.monotonic() < deadline
