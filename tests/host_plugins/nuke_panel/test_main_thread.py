"""Calls into Nuke's main thread: what comes back, what is raised, and that none waits for ever."""

import threading

import pytest

from bridge.errors import RequestError


@pytest.fixture
def main_thread(nuke):
    from host_plugins.nuke_panel import main_thread

    return main_thread


class InThread:
    """Runs a function as a run's thread does, and keeps what came of it."""

    def __init__(self, function):
        self.value = self.error = None
        self._function = function
        self._thread = threading.Thread(target=self._work, name="void-test", daemon=True)
        self._thread.start()

    @property
    def over(self):
        return not self._thread.is_alive()

    def _work(self):
        try:
            self.value = self._function()
        except BaseException as error:
            self.error = error


def test_a_thread_gets_what_the_main_thread_returned(main_thread, nuke, session):
    worker = InThread(lambda: main_thread.on_main(lambda a, b: (a, b, nuke.views()), 1, (2, 3)))
    session.pump(until=lambda: worker.over)
    assert worker.value == (1, (2, 3), ["main"])


def test_none_is_a_result_too(main_thread, session):
    worker = InThread(lambda: main_thread.on_main(lambda: None) is None)
    session.pump(until=lambda: worker.over)
    assert worker.value is True


def test_an_exception_arrives_where_it_was_asked_for_and_is_not_printed(main_thread, session):
    error = RequestError("plate", "nothing is connected")

    def fails():
        raise error

    worker = InThread(lambda: main_thread.on_main(fails))
    session.pump(until=lambda: worker.over)
    assert worker.error is error
    assert not session.tracebacks


def test_on_the_main_thread_it_is_a_plain_call(main_thread, nuke):
    # There Nuke's own call would wait for the main thread, which waits for it.
    assert main_thread.on_main(nuke.views) == ["main"]


def test_in_a_terminal_session_it_is_a_plain_call(start):
    import nuke

    start(gui=False)
    from host_plugins.nuke_panel import main_thread

    done = []
    main_thread.posted(done.append, 1)
    assert main_thread.on_main(nuke.views) == ["main"]
    assert done == [1]


def test_what_is_posted_is_done_later_and_its_trouble_is_logged(main_thread, session, caplog):
    def fails():
        raise ValueError("gone")

    done = []
    InThread(lambda: (main_thread.posted(fails), main_thread.posted(done.append, 1)))
    session.pump(until=lambda: done == [1])
    assert not session.tracebacks
    assert "gone" in caplog.text


def test_a_wait_ends_with_the_application(main_thread, monkeypatch):
    class Ended:
        def is_alive(self):
            return False

    monkeypatch.setattr(main_thread, "_LOOK", 0.01)
    monkeypatch.setattr(main_thread.threading, "main_thread", Ended)
    with pytest.raises(RequestError, match="closing") as caught:
        main_thread.on_main(list)
    assert caught.value.code == "host_closed"
