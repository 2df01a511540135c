import hashlib
import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import msgspec
import pytest

import bridge
from bridge.curve import ClientCurve, allow, new_keys
from bridge.errors import RequestError, ServerError
from bridge.messages import (
    Cancel,
    Failed,
    Get,
    GetJobs,
    GetStatus,
    Hello,
    Jobs,
    Ping,
    Pong,
    Purge,
    Purged,
    Stat,
    Status,
    Submit,
    Submitted,
    Welcome,
)
from bridge.shot import job_id, source_files
from bridge.wire import PROTOCOL
from void_server.broker.sources import Sources

HELLO = Hello("test", "1", (1, 1))


def failed(answer, code: str) -> Failed:
    assert isinstance(answer, Failed), answer
    assert answer.error.code == code, answer
    return answer


def hello(ask) -> Welcome:
    """The welcome, once a worker is up."""
    while not (welcome := ask(HELLO)).engines:
        time.sleep(0.02)
    return welcome


def test_a_job_runs_from_submission_to_done(served, settings, asker, request_for):
    ask = asker(served(settings).endpoint)
    job = ask.submit(request_for())
    end = ask.wait(job)
    assert (end.status.state, end.status.engine, end.status.finished) == ("done", "scripted", 5)
    assert (end.status.attempt, end.status.warnings) == (1, ("told to",))
    assert [r.frame for r in end.results] == [1001, 1002, 1003, 1004, 1005, None]


def test_results_are_named_by_path_to_clients_of_this_machine(served, settings, asker, request_for):
    ask = asker(served(settings).endpoint)
    job = ask.submit(request_for())
    for result in ask.wait(job).results:
        content = Path(result.path).read_bytes()
        assert hashlib.sha256(content).hexdigest() == result.sha256
        assert len(content) == result.size


def test_without_roots_no_path_is_told_and_files_are_uploaded_and_fetched(
    served, settings, asker, uploader, request_for, shot_files
):
    ask = asker(served(settings, roots=()).endpoint)
    welcome = hello(ask)
    assert not welcome.shares_paths
    asked = request_for(last=1002)
    answer = ask(Submit(asked))
    assert answer == Submitted(job_id(asked), "uploading", tuple(source_files(asked.shot)))
    put = uploader(welcome.bulk_port)
    for file in shot_files.iterdir():
        put(file.read_bytes())
    end = ask.wait(answer.job)
    assert end.status.state == "done"
    assert {result.path for result in end.results} == {""}
    put.bulk.send(Get(end.results[0].sha256, 0, 1))
    assert bytes(put.bulk.receive(5.0).payload) == f"{answer.job} 1001".encode()


def test_the_server_says_what_it_is(served, settings, asker):
    broker = served(settings)
    ask = asker(broker.endpoint)
    welcome = hello(ask)
    assert welcome.protocol == PROTOCOL
    assert welcome.version == bridge.__version__
    assert welcome.epoch == broker.epoch
    assert welcome.shares_paths
    assert welcome.devices == ("cpu",)
    assert [engine.name for engine in welcome.engines] == ["scripted"]
    assert ask(Ping()) == Pong(broker.epoch)


@pytest.mark.parametrize("speaks", [(2, 3), (0, 0)])
def test_a_client_of_another_protocol_is_told_both_versions(served, settings, asker, speaks):
    ask = asker(served(settings).endpoint)
    answer = failed(ask(Hello("nuke", "9", speaks)), "unsupported_version")
    assert f"expected 1, got {speaks[0]}-{speaks[1]} of nuke 9" in answer.error.text


def test_the_same_request_twice_is_one_job(served, settings, asker, request_for):
    ask = asker(served(settings).endpoint)
    asked = request_for()
    assert ask.submit(asked) == ask.submit(asked)
    job = ask.submit(asked)
    ask.wait(job)
    assert ask(Submit(asked)) == Submitted(job, "done", ())
    assert len(ask(GetJobs()).jobs) == 1


def test_progress_is_told_while_a_job_runs(served, settings, asker, request_for):
    ask = asker(served(settings).endpoint)
    job = ask.submit(request_for({"pause": 0.2}))
    running = ask.wait(job, lambda s: s.status.finished >= 2).status
    assert (running.state, running.stage, running.total) == ("running", "filling", 5)
    assert running.frame in range(1002, 1006)
    assert running.seconds > 0.2
    later = ask(GetStatus(job, since=2))
    assert all(result.frame not in (1001, 1002) for result in later.results)


def test_a_job_whose_worker_is_killed_is_begun_again_and_keeps_its_frames(
    served, settings, asker, request_for
):
    ask = asker(served(settings).endpoint)
    job = ask.submit(request_for({"kill_at": 1003}))
    end = ask.wait(job)
    assert (end.status.state, end.status.attempt) == ("done", 2)
    assert [r.frame for r in end.results] == [1001, 1002, 1003, 1004, 1005, None]


def test_a_job_that_kills_two_workers_fails_with_the_reason_and_can_be_begun_again(
    served, settings, asker, request_for
):
    ask = asker(served(settings).endpoint)
    asked = request_for({"kill_at": 1003, "attempts": [1, 2]})
    job = ask.submit(asked)
    end = ask.wait(job)
    assert (end.status.state, end.status.error.code) == ("failed", "worker_died")
    assert "it died 2 times on this job; the last time it was ended by SIGKILL" in (
        end.status.error.text
    )
    assert end.status.finished == 2
    ask.submit(asked)
    end = ask.wait(job)
    assert (end.status.state, end.status.attempt, end.status.error) == ("done", 3, None)


def test_a_worker_that_falls_silent_is_killed_and_its_job_begun_again(
    served, settings, asker, request_for
):
    ask = asker(served(settings, silence=0.6, attempts=1).endpoint)
    job = ask.submit(request_for({"hang_at": 1002}))
    end = ask.wait(job)
    assert end.status.state == "failed"
    assert "no sign of life for 0.6 s" in end.status.error.text
    assert ask.wait(ask.submit(request_for(name="sh020"))).status.state == "done"


def test_a_job_that_fails_by_its_own_fault_is_not_tried_again(served, settings, asker, request_for):
    ask = asker(served(settings).endpoint)
    end = ask.wait(ask.submit(request_for({"fail": "the matte is empty"})))
    assert (end.status.state, end.status.attempt) == ("failed", 1)
    assert end.status.error.text == "the matte is empty"


def test_a_job_that_is_called_done_without_all_its_frames_is_failed(
    served, settings, asker, request_for
):
    ask = asker(served(settings).endpoint)
    end = ask.wait(ask.submit(request_for({"skip": [1003]})))
    assert (end.status.state, end.status.error.code) == ("failed", "incomplete")
    assert end.status.error.text.endswith("frames are missing: 1003 (expected 5, got 4)")


def test_a_worker_cannot_deliver_files_from_elsewhere(served, settings, asker, request_for):
    ask = asker(served(settings).endpoint)
    end = ask.wait(ask.submit(request_for({"outside": True})))
    assert (end.status.state, end.status.error.code) == ("failed", "worker_wrong")
    assert end.results == ()


def test_a_frame_delivered_twice_is_kept_as_it_came_first(served, settings, asker, request_for):
    ask = asker(served(settings).endpoint)
    job = ask.submit(request_for({"twice": True}, last=1001))
    end = ask.wait(job)
    first = hashlib.sha256(f"{job} 1001".encode()).hexdigest()
    assert [r.sha256 for r in end.results if r.frame == 1001] == [first]


def test_cancelling_stops_a_job_and_keeps_what_it_finished(served, settings, asker, request_for):
    ask = asker(served(settings).endpoint)
    asked = request_for({"pause": 0.1}, last=1050)
    job = ask.submit(asked)
    ask.wait(job, lambda s: s.status.finished >= 2)
    assert ask(Cancel(job)).status.state == "cancelled"
    assert ask.wait(ask.submit(request_for(name="next"))).status.state == "done"
    kept = ask(GetStatus(job)).status
    assert (kept.state, kept.finished >= 2) == ("cancelled", True)


def test_a_worker_that_does_not_stop_is_killed_after_the_grace(
    served, settings, asker, request_for
):
    ask = asker(served(settings).endpoint)
    job = ask.submit(request_for({"deaf": True, "pause": 0.1}, last=1200))
    ask.wait(job, lambda s: s.status.state == "running")
    ask(Cancel(job))
    # The only worker comes back for the next job long before the deaf one would have ended.
    assert ask.wait(ask.submit(request_for(name="next"))).status.state == "done"
    assert ask(GetStatus(job)).status.state == "cancelled"


def test_a_cancelled_job_that_is_submitted_again_goes_on(served, settings, asker, request_for):
    ask = asker(served(settings).endpoint)
    asked = request_for({"pause": 0.05}, last=1010)
    job = ask.submit(asked)
    ask.wait(job, lambda s: s.status.finished >= 2)
    ask(Cancel(job))
    ask.submit(asked)
    end = ask.wait(job)
    assert (end.status.state, end.status.finished, end.status.attempt) == ("done", 10, 2)


def test_a_queued_job_can_be_cancelled(served, settings, asker, request_for):
    ask = asker(served(settings, roots=()).endpoint)
    job = ask.submit(request_for())
    assert ask(Cancel(job)).status.state == "cancelled"


def test_purging_frees_the_bytes_of_a_job(served, settings, asker, request_for):
    ask = asker(served(settings).endpoint)
    job = ask.submit(request_for())
    results = ask.wait(job).results
    purged = ask(Purge(job))
    assert purged == Purged(1, sum(result.size for result in results))
    assert not any(Path(result.path).exists() for result in results)
    failed(ask(GetStatus(job)), "unknown_job")
    assert ask(GetJobs()) == Jobs(())
    assert not (settings.data_dir / "results" / job).exists()


def test_purging_by_age_leaves_what_is_not_over(served, settings, asker, request_for):
    ask = asker(served(settings).endpoint)
    over = ask.submit(request_for())
    ask.wait(over)
    running = ask.submit(request_for({"pause": 0.3}, name="sh020"))
    assert ask(Purge(before=time.time() + 60)).jobs == 1
    assert [job.job for job in ask(GetJobs()).jobs] == [running]
    failed(ask(Purge(running)), "not_final")
    failed(ask(Purge()), "empty_purge")


def test_a_done_job_whose_files_are_gone_makes_only_those_again(
    served, settings, asker, request_for
):
    ask = asker(served(settings).endpoint)
    asked = request_for()
    job = ask.submit(asked)
    lost = next(r for r in ask.wait(job).results if r.frame == 1003)
    Path(lost.path).unlink()
    ask.submit(asked)
    end = ask.wait(job, lambda s: s.status.state == "done" and s.status.attempt == 2)
    assert sorted(r.frame for r in end.results if r.frame) == [1001, 1002, 1003, 1004, 1005]
    assert [r.frame for r in end.results if r.frame][-1] == 1003


def test_the_oldest_finished_jobs_go_when_the_spool_is_full(served, settings, asker, request_for):
    # A frame's result is 37 bytes, a job's 187; there is room for two jobs and a bit.
    ask = asker(served(settings, spool_limit=450 / 2**30).endpoint)
    jobs = []
    for name in ("a", "b", "c"):
        jobs.append(ask.submit(request_for(name=name)))
        ask.wait(jobs[-1])
    asked = request_for(name="d")
    ask.submit(asked)
    left = {job.job for job in ask(GetJobs()).jobs}
    assert jobs[0] not in left
    assert jobs[2] in left


def test_a_full_spool_of_jobs_that_are_kept_refuses_new_ones(served, settings, asker, request_for):
    ask = asker(served(settings, spool_limit=300 / 2**30, keep=60.0).endpoint)
    for name in ("a", "b"):
        ask.wait(ask.submit(request_for(name=name)))
    answer = failed(ask(Submit(request_for(name="c"))), "spool_full")
    assert "void purge" in answer.error.hint


def test_a_path_outside_the_roots_is_refused(served, settings, asker, request_for, tmp_path):
    ask = asker(served(settings, roots=(tmp_path / "data",)).endpoint)
    answer = failed(ask(Submit(request_for())), "outside_roots")
    assert str(tmp_path / "data") in answer.error.text


def test_a_folder_that_never_answers_keeps_nobody_else_waiting(
    served, settings, asker, request_for, monkeypatch
):
    answering = threading.Event()
    find = Sources.find

    def find_slowly(self, request):
        if request.shot.name == "dead_mount":
            answering.wait(20.0)
        return find(self, request)

    monkeypatch.setattr(Sources, "find", find_slowly)
    broker = served(settings)
    slow, ask = asker(broker.endpoint), asker(broker.endpoint)
    slow.control.send(Submit(request_for(name="dead_mount")))
    assert ask.wait(ask.submit(request_for())).status.state == "done"
    assert slow.control.receive(0.0) is None
    answering.set()
    assert slow.control.receive(5.0).message.state == "queued"


def test_a_request_that_cannot_be_is_refused(served, settings, asker, request_for):
    ask = asker(served(settings).endpoint)
    hello(ask)
    failed(ask(Submit(request_for(name="../up"))), "bad_name")
    failed(ask(Submit(request_for(engine="magic"))), "engine")
    failed(ask(Submit(request_for(parameters={"strength": 7.0}))), "parameter")
    assert ask(GetJobs()) == Jobs(())


def test_a_job_for_an_engine_that_no_worker_turns_out_to_have_fails(
    served, settings, asker, request_for
):
    ask = asker(served(settings).endpoint)
    # The first message is faster than the first worker.
    end = ask.wait(ask.submit(request_for(engine="magic")))
    assert (end.status.state, end.status.error.code) == ("failed", "engine")


def test_too_many_unfinished_jobs_are_refused(served, settings, asker, request_for):
    ask = asker(served(settings, roots=(), max_jobs=2).endpoint)
    for name in ("a", "b"):
        ask.submit(request_for(name=name))
    failed(ask(Submit(request_for(name="c"))), "too_many_jobs")
    ask.submit(request_for(name="a"))


def test_a_server_that_is_ending_says_so(served, settings, asker, request_for):
    broker = served(settings)
    ask = asker(broker.endpoint)
    job = ask.submit(request_for({"pause": 1.0}))
    ask.wait(job, lambda s: s.status.stage != "")
    broker.stop()
    time.sleep(0.2)  # it has noticed, and waits for the frame in hand
    failed(ask(Submit(request_for(name="late"))), "draining")
    assert ask(GetStatus(job)).status.state == "running"


def test_a_message_for_another_socket_is_answered_and_does_no_harm(served, settings, asker):
    ask = asker(served(settings).endpoint)
    failed(ask(Stat(())), "bad_message")
    assert isinstance(ask(Ping()), Pong)


def test_unknown_jobs_are_named(served, settings, asker):
    ask = asker(served(settings).endpoint)
    for message in (GetStatus("nope"), Cancel("nope"), Purge("nope")):
        failed(ask(message), "unknown_job")


def test_workers_that_cannot_start_leave_a_server_that_says_why(
    served, settings, asker, request_for, monkeypatch
):
    monkeypatch.setattr("void_server.broker.pool.BACK_OFF", 0.02)
    command = (sys.executable, "-c", "import no_such_module_at_all")
    ask = asker(served(settings, command).endpoint)
    end = ask.wait(ask.submit(request_for()))
    assert (end.status.state, end.status.error.code) == ("failed", "no_worker")
    assert "No module named 'no_such_module_at_all'" in end.status.error.text
    (engine,) = ask(HELLO).engines
    assert not engine.available
    assert "no_such_module_at_all" in engine.reason
    failed(ask(Submit(request_for(name="sh020"))), "no_worker")
    assert isinstance(ask(Ping()), Pong)


def test_a_full_disk_fails_the_job_with_its_frames_kept_and_it_goes_on_when_there_is_room(
    served, settings, asker, request_for
):
    broker = served(settings)
    ask = asker(broker.endpoint)
    asked = request_for({"pause": 0.02}, last=1400)
    job = ask.submit(asked)
    ask.wait(job, lambda s: s.status.finished >= 2)
    store = broker._store._connection
    (pages,) = store.execute("PRAGMA page_count").fetchone()
    store.execute(f"PRAGMA max_page_count = {pages + 1}")
    failure = ask.wait(job).status
    assert (failure.state, failure.error.code) == ("failed", "disk_full")
    assert 2 <= failure.finished < 400
    failed(ask(Submit(asked)), "disk_full")
    assert isinstance(ask(Ping()), Pong)
    store.execute("PRAGMA max_page_count = 1000000")
    ask.submit(asked)
    again = ask.wait(job, lambda s: s.status.finished > failure.finished + 20).status
    assert (again.state, again.attempt) == ("running", 2)
    assert not (settings.data_dir / "reserve").exists()  # it was given up to write with


def test_each_device_has_a_worker(served, settings, asker, request_for):
    broker = served(settings, devices=("cpu", "cuda:0", "cpu"))
    ask = asker(broker.endpoint)
    jobs = [ask.submit(request_for({"pause": 0.3}, name=name)) for name in ("a", "b", "c")]
    for job in jobs:
        ask.wait(job, lambda s: s.status.state == "running")
    assert ask(HELLO).devices == ("cpu", "cuda:0")
    logs = {path.name for path in (settings.data_dir / "logs").iterdir()}
    assert {"worker-cpu.log", "worker-cuda0.log", "worker-cpu-2.log"} <= logs


def test_with_keys_one_client_cannot_touch_the_jobs_of_another(
    served, settings, asker, request_for, tmp_path
):
    new_keys(settings.keys)
    anna, ben = new_keys(tmp_path / "anna"), new_keys(tmp_path / "ben")
    allow(settings.keys, anna.public, "anna")
    allow(settings.keys, ben.public, "ben")
    broker = served(settings, require_keys=True)
    ask = asker(broker.endpoint, curve=ClientCurve(anna, broker.public_key))
    other = asker(broker.endpoint, curve=ClientCurve(ben, broker.public_key))
    asked = request_for()
    job = ask.submit(asked)
    ask.wait(job)
    for message in (GetStatus(job), Cancel(job), Purge(job)):
        failed(other(message), "unknown_job")
    assert other(Purge(before=time.time() + 60)) == Purged(0, 0)
    assert other(GetJobs()) == Jobs(())
    assert len(ask(GetJobs()).jobs) == 1
    # Whoever has the same pictures and asks for the same gets the same job.
    assert other(Submit(asked)) == Submitted(job, "done", ())
    assert other(Purge(job)) == Purged(1, 0)
    assert isinstance(ask(GetStatus(job)), Status)


def test_off_this_machine_nothing_goes_without_keys(served, settings):
    with pytest.raises(RequestError, match="void keys new"):
        served(settings, host="0.0.0.0")


def test_two_servers_never_share_a_data_folder(served, settings, asker):
    ask = asker(served(settings).endpoint)
    with pytest.raises(ServerError, match="another server is using it"):
        served(settings)
    assert isinstance(ask(Ping()), Pong)


def test_a_taken_port_is_named_and_the_data_folder_let_go(served, settings, tmp_path):
    port = served(settings).endpoint.rpartition(":")[2]
    other = msgspec.structs.replace(settings, data_dir=tmp_path / "other")
    with pytest.raises(ServerError, match=f":{port}: it cannot be listened on"):
        served(other, port=int(port))
    served(other)


def test_a_data_folder_with_a_very_long_path_works(served, settings, asker, request_for, tmp_path):
    long = tmp_path / ("d" * 60) / ("e" * 60)
    ask = asker(served(settings, data_dir=long).endpoint)
    assert ask.wait(ask.submit(request_for())).status.state == "done"


def test_a_server_nobody_calls_ends_when_told_so(served, settings):
    broker = served(settings, idle_exit=0.2)
    endpoint, deadline = broker.endpoint, time.monotonic() + 10
    with pytest.raises(ServerError):  # locked, until it has ended
        served(settings)
    while True:
        try:
            served(settings)
        except ServerError:
            assert time.monotonic() < deadline, endpoint
            time.sleep(0.05)
        else:
            return


def test_the_broker_process_never_imports_pixels(settings):
    code = (
        "import sys, threading, msgspec\n"
        "from pathlib import Path\n"
        "from void_server import __main__\n"
        "from void_server.broker.broker import Broker\n"
        "from void_server.settings import ServerSettings\n"
        f"s = ServerSettings(port=0, data_dir=Path({str(settings.data_dir)!r}))\n"
        "b = Broker(s, worker_command=(sys.executable, '-c', 'pass'))\n"
        "threading.Timer(0.3, b.stop).start()\n"
        "b.run()\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "void_server" in loaded
    assert not loaded & {
        "numpy",
        "cv2",
        "torch",
        "OpenEXR",
        "OpenImageIO",
        "av",
        "PyOpenColorIO",
        "ocio",
    }


def test_prompts_are_not_logged(served, settings, asker, request_for, caplog):
    caplog.set_level("INFO", logger="void_server")
    ask = asker(served(settings).endpoint)
    ask.wait(ask.submit(request_for({"secret-of-the-plot": 1})))
    assert "sh010" in caplog.text
    assert "secret-of-the-plot" not in caplog.text
    assert json.dumps({}) not in caplog.text
