import threading

import pytest

from void_server.worker.writer import Writer


def test_results_come_back_in_order_and_all_of_them():
    with Writer() as writer:
        finished = []
        for number in range(20):
            finished += writer.push(lambda number=number: number)
        finished += writer.drain()
    assert finished == list(range(20))


def test_no_more_than_the_depth_is_ever_unfinished():
    gate, started = threading.Semaphore(0), []

    def work(number):
        started.append(number)
        assert gate.acquire(timeout=10)
        return number

    with Writer(depth=2) as writer:
        assert list(writer.push(lambda: work(0))) == []
        assert list(writer.push(lambda: work(1))) == []
        gate.release()
        assert 0 in writer.push(lambda: work(2))
        assert 2 not in started
        gate.release(2)
        list(writer.drain())


def test_work_runs_beside_the_caller_on_one_thread():
    with Writer() as writer:
        names = [n for _ in range(5) for n in writer.push(lambda: threading.current_thread().name)]
        names += writer.drain()
    assert len(set(names)) == 1
    assert names[0] != threading.current_thread().name


def test_an_error_is_raised_on_the_callers_thread():
    def fail():
        raise OSError("disk full")

    with Writer() as writer:
        writer.push(lambda: None)
        with pytest.raises(OSError, match="disk full"):
            [*writer.push(fail), *writer.drain()]


def test_what_finished_before_an_error_comes_out_before_it():
    def fail():
        raise OSError("disk full")

    with Writer(depth=2) as writer:
        writer.push(lambda: "first")
        writer.push(fail)
        finished = writer.drain()
        assert next(finished) == "first"
        with pytest.raises(OSError, match="disk full"):
            next(finished)


def test_leaving_by_an_error_ends_the_piece_in_hand_and_forgets_the_rest():
    entered, go_on, done = threading.Event(), threading.Event(), []

    def first():
        entered.set()
        assert go_on.wait(10)
        done.append("first")

    def leave():
        with Writer(depth=3) as writer:
            writer.push(first)
            writer.push(lambda: done.append("second"))
            assert entered.wait(10)
            threading.Timer(0.05, go_on.set).start()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        leave()
    assert done == ["first"]
