import hashlib
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from void_server.engines.void.weights import lock
from void_server.engines.void.weights.__main__ import app

COMMIT = "0123456789abcdef0123456789abcdef01234567"
MODULE = [sys.executable, "-m", "void_server.engines.void.weights"]


@pytest.fixture
def void_weights(capsys):
    """Runs the command in this process; returns what it says on standard output and error."""

    def run(*arguments, code=0):
        with pytest.raises(SystemExit) as ended:
            app([str(argument) for argument in arguments], prog_name="void weights")
        said = capsys.readouterr()
        assert (ended.value.code or 0) == code, said.out + said.err
        return said

    return run


def test_where_names_the_folder_and_each_file(void_weights, layout):
    out = void_weights("where", "--weights", layout.root).out
    assert str(layout.root) in out
    assert "Apache-2.0, https://huggingface.co/netflix/void-model" in out
    assert "781.7 kB  void_pass1.safetensors" in out
    assert "optional  raft_large.safetensors" in out
    assert "missing" not in out


def test_where_says_what_is_missing(void_weights, layout):
    layout.checkpoint(1).unlink()
    out = void_weights("where", "--weights", layout.root).out
    assert "missing  void_pass1.safetensors" in out
    assert "Run 'void weights fetch'" in out
    found = json.loads(void_weights("where", "--weights", layout.root, "--json").out)
    assert found["missing"] == ["pass 1 of VOID (void_pass1.safetensors)"]


def test_the_folder_comes_from_the_environment(void_weights, layout, monkeypatch):
    monkeypatch.setenv("VOID_WEIGHTS", str(layout.root))
    assert json.loads(void_weights("where", "--json").out)["folder"] == str(layout.root)


def test_verify_ends_with_0_when_all_is_well_and_with_1_when_not(void_weights, layout):
    assert "all is well" in void_weights("verify", "--weights", layout.root).out
    layout.checkpoint(1).write_bytes(b"")
    out = void_weights("verify", "--weights", layout.root, code=1).out
    assert "void_pass1.safetensors: it is not a safetensors file" in out
    answer = json.loads(void_weights("verify", "--weights", layout.root, "--json", code=1).out)
    assert answer["ok"] is False
    assert answer["problems"][0]["file"].endswith("void_pass1.safetensors")


def test_a_revision_that_names_no_repository_is_refused(void_weights, tmp_path):
    said = void_weights("fetch", "--weights", tmp_path, "--revision", "main", code=2)
    assert "expected REPOSITORY=REVISION" in said.err
    assert "Traceback" not in said.err


def test_an_error_is_one_json_object_when_asked_for(void_weights, tmp_path, monkeypatch):
    monkeypatch.setenv("VOID_NO_NETWORK", "1")
    said = void_weights("fetch", "--weights", tmp_path, "--json", code=2)
    assert json.loads(said.out)["error"]["code"] == "no_network"


def test_a_fetch_through_the_command_fills_the_layout(hub, tmp_path):
    base = "alibaba-pai/CogVideoX-Fun-V1.5-5b-InP"
    hub.add("netflix/void-model", COMMIT, {"void_pass1.safetensors": b"1" * 99, "README.md": b""})
    hub.add(base, COMMIT, {"vae/config.json": b"{}", "LICENSE": b"", "model_index.json": b"{}"})
    command = [*MODULE, "fetch", "--weights", tmp_path, "--revision", f"{base}=main", "--json"]
    environ = {**os.environ, "HF_ENDPOINT": hub.endpoint}
    ran = subprocess.run(command, capture_output=True, text=True, env=environ, check=False)
    assert ran.returncode == 0, ran.stderr
    answer = json.loads(ran.stdout)
    assert answer["sources"]["netflix/void-model"]["revision"] == COMMIT
    assert lock.read(tmp_path).files.keys() == {
        "void_pass1.safetensors",
        "CogVideoX-Fun-V1.5-5b-InP/vae/config.json",
        "CogVideoX-Fun-V1.5-5b-InP/model_index.json",
    }
    assert f"netflix/void-model at {COMMIT} (Apache-2.0)" in ran.stderr


def test_a_fetch_that_is_stopped_says_so_and_goes_on_next_time(hub, tmp_path):
    base, name = "alibaba-pai/CogVideoX-Fun-V1.5-5b-InP", "void_pass1.safetensors"
    data = b"1" * 2**22
    hub.add("netflix/void-model", COMMIT, {name: data})
    hub.add(base, COMMIT, {"model_index.json": b"{}"})
    hub.stalled[name] = 2**21
    command = [*MODULE, "fetch", "--weights", tmp_path, "--revision", f"{base}=main"]
    environ = {**os.environ, "HF_ENDPOINT": hub.endpoint}
    part = tmp_path / ".fetch" / f"{hashlib.sha256(data).hexdigest()}.part"
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environ) as process:
        deadline = time.monotonic() + 60
        while not (part.exists() and part.stat().st_size >= 2**21):
            assert process.poll() is None, process.stderr.read()
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.splitlines()[-1] == "Stopped."
    assert "Traceback" not in said
    subprocess.run(command, capture_output=True, env=environ, check=True)
    assert [asked.split()[-1] for asked in hub.asked if "bytes=" in asked] == ["bytes=2097152-"]
    assert (tmp_path / name).read_bytes() == data
