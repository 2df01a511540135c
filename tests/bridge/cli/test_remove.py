"""``void remove`` against a real server whose workers are scripted, and where it ends before."""

import json
import signal
import socket
import subprocess
import sys

import pytest


def frames(folder):
    return sorted(path.name for path in folder.glob("*.exr"))


FOUR = [f"sh010_void_v001.{n}.exr" for n in range(1001, 1005)]


def test_json_prints_one_object_with_the_promised_keys(void, shot, tmp_path):
    void.serve("--roots", tmp_path)
    record = json.loads(void.run("remove", *shot, "--json"))
    assert list(record) == [
        "job",
        "state",
        "engine",
        "first_frame",
        "last_frame",
        "out",
        "patterns",
        "report",
        "changed_outside",
        "seconds",
        "warnings",
    ]
    assert (record["state"], record["first_frame"], record["last_frame"]) == ("done", 1001, 1004)
    assert record["out"] == str(tmp_path / "out" / "sh010_void_v001")
    assert record["patterns"] == {"comp": f"{record['out']}/sh010_void_v001.%04d.exr"}
    assert frames(tmp_path / "out" / "sh010_void_v001") == FOUR


def test_every_kind_lands_as_a_sequence_of_its_own_and_is_resumed(void, shot, tmp_path):
    void.serve("--roots", tmp_path)
    record = json.loads(void("remove", *shot, "--output", "matte,both,straight", "--json"))
    folder = tmp_path / "out" / "sh010_void_v001"
    kinds = ("", "_patch", "_straight", "_matte")
    assert list(record["patterns"].values()) == [
        f"{folder}/sh010_void_v001{kind}.%04d.exr" for kind in kinds
    ]
    assert frames(folder) == sorted(
        f"sh010_void_v001{kind}.{n}.exr" for kind in kinds for n in range(1001, 1005)
    )
    whole = {path.name: path.read_bytes() for path in folder.glob("*.exr")}
    for name in ("sh010_void_v001_matte.1002.exr", "sh010_void_v001.1003.exr"):
        (folder / name).unlink()
    again = json.loads(void("remove", *shot, "--output", "matte,both,straight", "--json"))
    assert again["patterns"] == record["patterns"]
    assert {path.name: path.read_bytes() for path in folder.glob("*.exr")} == whole
    elsewhere = json.loads(void("fetch", record["job"], "--out", tmp_path / "b", "--json"))
    assert list(elsewhere["patterns"]) == ["comp", "patch", "straight", "matte"]
    assert len(list((tmp_path / "b" / "sh010_void_v001").glob("*.exr"))) == 16


@pytest.mark.parametrize("transport", ["auto", "stream"])
def test_files_that_the_server_may_not_read_are_sent(void, shot, tmp_path, transport):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    void.serve("--roots", elsewhere)
    void("remove", *shot, "--transport", transport)
    assert frames(tmp_path / "out" / "sh010_void_v001") == FOUR


@pytest.mark.parametrize("roots", [[], ["--roots", "data"]], ids=["no roots", "other roots"])
def test_path_alone_does_not_do_outside_the_servers_roots(void, shot, tmp_path, roots):
    void.data.mkdir()
    void.serve(*(tmp_path / r if r == "data" else r for r in roots))
    line, error = void.refused("remove", *shot, "--transport", "path")
    assert error["code"] == "outside_roots"
    assert "--roots" in line
    assert list((tmp_path / "out").iterdir()) == []


def test_only_the_wanted_frames_are_asked_for(void, shot, tmp_path):
    void.serve("--roots", tmp_path)
    (tmp_path / "plate" / "plate.1004.exr").unlink()
    void("remove", *shot, "--frames", "1002-1003")
    assert frames(tmp_path / "out" / "sh010_void_v001") == FOUR[1:3]


def test_ctrl_c_cancels_keeps_frames_and_the_same_command_resumes(void, shot, tmp_path):
    void.serve("--roots", tmp_path)
    slow = ("remove", *shot, "--prompt", '{"pause": 0.3}')
    out = tmp_path / "out" / "sh010_void_v001"
    process = void.start(*slow)
    void.wait_for(lambda: frames(out), "the first frame")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Cancelled." in said
    assert "kept in sh010_void_v001" in said
    kept = frames(out)
    assert json.loads((out / "sh010_void_v001.json").read_text())["state"] == "partial"
    assert json.loads(void("status", "--json"))["state"] == "cancelled"

    before = (out / kept[0]).stat().st_mtime_ns
    void(*slow)
    assert frames(out) == FOUR
    assert (out / kept[0]).stat().st_mtime_ns == before
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["sh010_void_v001"]


def test_a_job_that_fails_says_why_and_keeps_its_frames(void, shot, tmp_path):
    void.serve("--roots", tmp_path)
    line, error = void.refused("remove", *shot, "--prompt", '{"fail": "the matte is black"}')
    assert line == "sh010: the matte is black."
    assert error == {
        "kind": "request",
        "code": "told_to",
        "subject": "sh010",
        "text": "the matte is black",
        "hint": "",
    }
    assert frames(tmp_path / "out" / "sh010_void_v001") == FOUR


def test_detach_prints_the_job_and_leaves_it_to_the_server(void, shot, tmp_path):
    void.serve("--roots", tmp_path)
    job = void("remove", *shot, "--detach").strip()
    assert len(job) == 32
    assert not (tmp_path / "out").exists()
    void("fetch", job[:6], "--out", "out")
    assert frames(tmp_path / "out" / "sh010_void_v001") == FOUR


def test_nothing_can_be_left_to_a_server_that_is_not_there(void, shot):
    line, error = void.refused("remove", *shot, "--detach")
    assert error["code"] == "server_down"
    assert "void-server" in line


def test_a_named_server_that_does_not_answer_is_not_replaced_by_another(void, shot, tmp_path):
    with socket.socket() as taken:  # bound and not listening: nobody else answers there
        taken.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        line, error = void.refused("remove", *shot, "--server", address)
    assert error["kind"] == "connection"
    assert address in line
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        pytest.param(["plate"], "no_matte", "--matte", id="no matte"),
        pytest.param(["plate", "--matte", "nowhere"], "no_such_file", "matte", id="no such matte"),
        pytest.param(["plate.%q", "--matte", "roto"], "no_such_file", "plate.%q", id="pattern"),
        pytest.param(["empty", "--matte", "roto"], "no_pictures", "empty", id="empty folder"),
        pytest.param(
            ["plate", "--matte", "roto", "--frames", "1048-1001"],
            "bad_range",
            "1048-1001",
            id="backward range",
        ),
        pytest.param(
            ["plate", "--matte", "roto", "--frames", "1001..1004"],
            "bad_range",
            "1001-1048",
            id="range in other words",
        ),
        pytest.param(
            ["plate", "--matte", "roto", "--frames", "1001-1010"],
            "missing_frames",
            "1005-1010",
            id="frames that are not there",
        ),
        pytest.param(
            ["plate", "--matte", "short", "--frames", "1001-1004"],
            "missing_frames",
            "matte: frames 1003-1004 are missing in short.%04d.exr",
            id="matte too short",
        ),
        pytest.param(
            ["plate", "--matte", "roto", "--name", "a/b"], "bad_name", "Call it", id="name"
        ),
        pytest.param(
            ["plate", "--matte", "roto", "--param", "radius"],
            "bad_parameter",
            "name=value",
            id="parameter without value",
        ),
        pytest.param(
            ["plate", "--matte", "roto", "--output", "comp,ptach"],
            "bad_output",
            "'ptach' is no kind of picture (expected comp, patch, straight, degrained, matte",
            id="kind of picture",
        ),
        pytest.param(
            ["plate", "--matte", "roto", "--output", "comp", "--layers"],
            "bad_output",
            "nothing to put into layers",
            id="layers of nothing",
        ),
        pytest.param(
            ["plate", "--matte", "roto", "--out", "taken"], "not_writable", "--out", id="out"
        ),
    ],
)
def test_what_cannot_work_is_said_in_one_line_before_a_server_is_needed(
    void, shot, tmp_path, arguments, code, words
):
    (tmp_path / "empty").mkdir()
    (tmp_path / "taken").write_text("a file")
    (tmp_path / "short").mkdir()
    for frame in (1001, 1002):
        (tmp_path / "short" / f"short.{frame}.exr").write_bytes(b"x")
    line, error = void.refused("remove", *arguments)
    assert error["code"] == code
    assert words in line
    assert not (tmp_path / "data").exists()


def test_a_gap_is_held_when_asked_for(void, shot, tmp_path):
    void.serve("--roots", tmp_path)
    (tmp_path / "plate" / "plate.1002.exr").unlink()
    assert void.refused("remove", *shot)[1]["code"] == "missing_frames"
    void("remove", *shot, "--missing", "hold")
    assert frames(tmp_path / "out" / "sh010_void_v001") == FOUR


def test_without_the_extra_the_command_says_what_to_install():
    code = "import sys; sys.modules['typer'] = None; from bridge.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == "void: typer is not installed. Run: pip install 'void-bridge[server]'\n"


# --- the model -------------------------------------------------------------------------------


def test_a_server_that_runs_already_reads_weights_of_its_own(void, shot, tmp_path):
    (tmp_path / "mine").mkdir()
    void.serve("--roots", tmp_path)
    for more in ([], ["--detach"]):
        line, error = void.refused("remove", *shot, "--weights", "mine", *more)
        assert error["code"] == "other_weights"
        assert f"--weights {tmp_path / 'mine'}" in line
    assert json.loads(void("jobs", "--json"))["jobs"] == []


def test_weights_that_are_not_there_are_named(void, shot):
    line, error = void.refused("remove", *shot, "--weights", "nowhere")
    assert error["code"] == "no_weights"
    assert "nowhere" in line


def test_a_private_server_gets_the_weights(void, shot, tmp_path):
    (tmp_path / "mine").mkdir()
    line, error = void.refused("remove", *shot, "--engine", "void", "--weights", "mine")
    assert error["code"] == "engine"
    assert str(tmp_path / "mine") in line


def test_quality_is_short_for_a_parameter(void, shot, tmp_path):
    void.serve("--roots", tmp_path)
    void.wait_for(
        lambda: json.loads(void("doctor", "--json"))["engines"], "the workers to tell engines"
    )
    line, error = void.refused("remove", *shot, "--quality", "draft")
    assert error["code"] == "parameter"
    assert "parameter quality: there is none of that name" in line
    assert "expected one of dense, mode, strength, tries" in line
    _, error = void.refused("remove", *shot, "--quality", "draft", "--param", "quality=best")
    assert error["code"] == "bad_parameter"
