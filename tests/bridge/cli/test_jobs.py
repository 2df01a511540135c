"""``status``, ``jobs``, ``cancel``, ``fetch`` and ``purge`` against a real server."""

import json
import os
import signal
import time
from dataclasses import replace

import pytest

from bridge.cli.prepare import Order, prepared
from bridge.client import Client


def frames(folder):
    return sorted(path.name for path in folder.glob("*.exr"))


def detached(void, shot, *arguments):
    return void("remove", *shot, *arguments, "--detach").strip()


def test_a_job_is_known_by_the_beginning_of_its_name(void, shot, tmp_path):
    void.serve("--roots", tmp_path)
    job = detached(void, shot)
    void("fetch", job[:5])
    assert json.loads(void("status", job[:5], "--json"))["job"] == job
    line = void("status", job[:5].upper())
    assert f"sh010 {job[:8]}: done, 4 of 4 frames" in line
    assert json.loads(void("jobs", "--json"))["jobs"][0]["job"] == job
    table = void("jobs")
    assert job[:8] in table
    assert "1001-1004 (4/4)" in table


def test_a_beginning_that_fits_no_job_or_several_is_refused(void, shot, tmp_path):
    void.serve("--roots", tmp_path)
    assert void.refused("status")[1]["code"] == "no_such_job"
    endpoint = json.loads((void.data / "server.json").read_text())["endpoint"]
    order = Order(plate=str(tmp_path / "plate"), matte=(str(tmp_path / "roto"),))
    with Client(endpoint) as client:  # of seventeen, two share their first digit
        requests = [prepared(replace(order, seed=n)).with_paths() for n in range(17)]
        digits = [client.submit(request).job[0] for request in requests]
    assert void.refused("status", "x")[1]["code"] == "no_such_job"
    shared = next(digit for digit in digits if digits.count(digit) > 1)
    line, error = void.refused("cancel", shared)
    assert error["code"] == "no_such_job"
    assert "jobs begin so" in line


def test_cancel_stops_a_job_and_fetch_brings_what_it_had(void, shot, tmp_path):
    void.serve("--roots", tmp_path)
    job = detached(void, shot, "--prompt", '{"pause": 0.3}')
    void.wait_for(lambda: json.loads(void("status", job, "--json"))["finished"], "the first frame")
    assert json.loads(void("cancel", job, "--json"))["state"] == "cancelled"
    line, error = void.refused("fetch", job, "--out", "out")
    assert error["code"] == "cancelled"
    assert "frames are in" in line
    assert frames(tmp_path / "out" / "sh010_void_v001")


def test_ctrl_c_in_fetch_leaves_the_job_running(void, shot, tmp_path):
    void.serve("--roots", tmp_path)
    job = detached(void, shot, "--prompt", '{"pause": 0.4}')
    process = void.start("fetch", job, "--out", "out")
    void.wait_for(lambda: frames(tmp_path / "out" / "sh010_void_v001"), "the first frame")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "The job goes on" in said
    assert json.loads(void("status", job, "--json"))["state"] in ("running", "done")
    void("fetch", job, "--out", "out")
    assert len(frames(tmp_path / "out" / "sh010_void_v001")) == 4
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["sh010_void_v001"]


def test_after_the_server_was_killed_and_restarted_fetch_completes(void, shot, tmp_path):
    killed = void.serve("--roots", tmp_path)
    job = detached(void, shot, "--prompt", '{"pause": 0.2}')
    process = void.start("fetch", job, "--out", "out")
    void.wait_for(lambda: frames(tmp_path / "out" / "sh010_void_v001"), "the first frame")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    line, error = void.refused("fetch", job)
    assert error["code"] == "server_down"
    assert "none is running" in line

    void.serve("--roots", tmp_path)
    assert "is there already" not in void("fetch", job, "--out", "out")
    assert len(frames(tmp_path / "out" / "sh010_void_v001")) == 4
    assert "is there already" in void("fetch", job, "--out", "out")


def test_purge_deletes_finished_jobs_and_leaves_the_artists_frames(void, shot, tmp_path):
    void.serve("--roots", tmp_path)
    void("remove", *shot)
    assert json.loads(void("purge", "--older", 1, "--json"))["jobs"] == 0
    gone = json.loads(void("purge", "--json"))
    assert gone["jobs"] == 1
    assert gone["bytes"] > 0
    assert json.loads(void("jobs", "--json")) == {"jobs": []}
    assert len(frames(tmp_path / "out" / "sh010_void_v001")) == 4


def test_purge_deletes_what_private_servers_left(void, tmp_path):
    leftover = void.data / "private" / ("f" * 32)
    (leftover / "spool").mkdir(parents=True)
    (leftover / "spool" / "frame").write_bytes(b"x" * 1000)
    two_days_ago = time.time() - 2 * 86400
    os.utime(leftover, (two_days_ago, two_days_ago))
    assert json.loads(void("purge", "--older", 3, "--json")) == {"jobs": 0, "bytes": 0}
    assert json.loads(void("purge", "--json")) == {"jobs": 1, "bytes": 1000}
    assert not leftover.exists()


@pytest.mark.parametrize("command", [["status"], ["jobs"], ["cancel", "ab"], ["fetch", "ab"]])
def test_without_a_server_there_is_nothing_to_ask(void, command):
    line, error = void.refused(*command)
    assert error["code"] == "server_down"
    assert "void-server" in line


def test_a_file_that_outlived_its_server_is_not_believed(void, tmp_path):
    void.data.mkdir()
    notice = {"endpoint": "tcp://127.0.0.1:9", "pid": 2**22 + 1, "epoch": "x", "version": "1"}
    (void.data / "server.json").write_text(json.dumps(notice))
    assert void.refused("jobs")[1]["code"] == "server_down"
