"""Threads, dialogs and progress of the fake, each test a fact about the real host."""

import gc
import threading

import pytest


def in_thread(call):
    """Run in a thread to its end; what it returned, or raised."""
    found = []

    def run():
        try:
            found.append(call())
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=run, name="void-test")
    thread.start()
    return thread, found


def test_a_thread_that_touches_a_node_is_caught_even_if_it_swallows_the_exception(nuke, session):
    node = nuke.nodes.NoOp()
    thread, found = in_thread(lambda: node["label"].setValue("busy"))
    thread.join()
    assert isinstance(found[0], RuntimeError)
    with pytest.raises(AssertionError, match="void-test"):
        session.check()
    session.faults.clear()


def test_a_thread_that_calls_the_module_is_caught(nuke, session):
    for call in (nuke.root, nuke.allNodes, lambda: nuke.env["nc"], nuke.Undo.disable):
        thread, found = in_thread(call)
        thread.join()
        assert isinstance(found[0], RuntimeError)
    assert len(session.faults) == 4
    session.faults.clear()


def test_what_a_main_thread_call_returns_arrives_in_the_thread(nuke, session):
    call = nuke.executeInMainThreadWithResult
    thread, found = in_thread(lambda: call(lambda name: nuke.nodes.NoOp(name=name), "Mine"))
    session.pump(until=lambda: not thread.is_alive())
    assert found == [nuke.toNode("Mine")]


def test_an_exception_in_a_main_thread_call_is_printed_and_becomes_none(nuke, session):
    thread, found = in_thread(lambda: nuke.executeInMainThreadWithResult(lambda: 1 / 0))
    session.pump(until=lambda: not thread.is_alive())
    assert found == [None]
    assert "ZeroDivisionError" in session.tracebacks.pop()


@pytest.mark.parametrize("name", ["executeInMainThread", "executeInMainThreadWithResult"])
def test_asking_the_main_thread_from_the_main_thread_hangs_nuke(nuke, session, name):
    with pytest.raises(nuke.fake.HostHang):
        getattr(nuke, name)(print)
    session.faults.clear()


def test_nothing_serves_the_main_threads_queue_in_a_terminal(start):
    session = start(gui=False)
    import nuke

    thread, found = in_thread(lambda: nuke.executeInMainThreadWithResult(print))
    thread.join()
    assert isinstance(found[0], nuke.fake.HostHang)
    session.faults.clear()


def test_a_thread_that_waits_for_a_nuke_that_closes_never_gets_its_answer(nuke, session):
    thread, found = in_thread(lambda: nuke.executeInMainThreadWithResult(print))
    session.quit()
    thread.join(5.0)
    assert isinstance(found[0], nuke.fake.HostHang)


def test_the_queue_goes_on_while_a_message_is_up(nuke, session):
    done = []
    thread, _ = in_thread(lambda: nuke.executeInMainThread(done.append, 1))
    thread.join()
    nuke.message("Read this.")
    assert done == [1]
    assert session.messages == ["Read this."]


def test_a_question_without_an_answer_is_a_mistake_of_the_test(nuke, session):
    session.answers = [True, False]
    assert nuke.ask("Stop?")
    assert not nuke.ask("Stop?")
    with pytest.raises(RuntimeError, match="Stop"):
        nuke.ask("Stop?")
    session.faults.clear()


def test_a_progress_bar_belongs_to_any_thread_and_closes_with_its_object(nuke, session):
    def work():
        task = nuke.ProgressTask("VOID")
        task.setProgress(40)
        task.setMessage("sending")
        session.progress[0].cancel()
        return task.isCancelled()

    thread, found = in_thread(work)
    thread.join()
    gc.collect()
    bar = session.progress[0]
    assert (found, bar.values, bar.texts, bar.closed) == ([True], [40], ["sending"], True)


@pytest.mark.parametrize("percent", [0.5, "40", 101, -1, True])
def test_a_progress_bar_takes_whole_percents_only(nuke, percent):
    with pytest.raises((TypeError, ValueError)):
        nuke.ProgressTask("VOID").setProgress(percent)


def test_time_in_dialogs_is_not_ours(nuke, session, monkeypatch):
    clock = iter([0.0, 1.0, 5.0, 5.5])
    monkeypatch.setattr("nuke.dispatch.time.perf_counter", lambda: next(clock))
    node = nuke.nodes.NoOp()
    node.addKnob(nuke.PyScript_Knob("say", "Say", "nuke.message('hello')"))
    session.press(node, "say")
    assert session.blocked == [1.5]
    assert session.longest == (1.5, "press NoOp1.say")


def test_a_host_may_want_its_progress_bars_made_on_the_main_thread(start):
    session = start(progress_only_on_main=True)
    import nuke

    thread, found = in_thread(lambda: nuke.ProgressTask("VOID"))
    thread.join()
    assert isinstance(found[0], RuntimeError)
    session.faults.clear()


def test_a_worker_thread_still_alive_after_a_test_is_found(session):
    from nuke_fixtures import look_over

    done = threading.Event()
    thread = threading.Thread(target=done.wait, name="void-forgotten")
    thread.start()
    with pytest.raises(AssertionError, match="waited"):
        look_over(session, patience=0.05)
    done.set()
    thread.join()
