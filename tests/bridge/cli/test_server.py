import json
import os
import signal

import pytest

from bridge.cli import server
from bridge.errors import ConnectionLost, ServerError


def gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.fixture
def start(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))

    def private(**options):
        return server.private(
            tmp_path / "data", **({"roots": (), "keys": tmp_path / "keys"} | options)
        )

    return private


def pid_in(folder):
    return json.loads((folder / "server.json").read_text())["pid"]


def test_a_private_server_answers_and_is_gone_after(start, tmp_path):
    with start() as client:
        pid = pid_in(tmp_path / "data")
        assert client.hello().shares_paths is False
        assert server.in_use(tmp_path / "data")
    assert gone(pid)
    assert not server.in_use(tmp_path / "data")


def test_a_private_server_reads_only_what_it_was_told_to(start, tmp_path):
    with start(roots=(tmp_path,)) as client:
        assert client.hello().shares_paths is True


def test_a_folder_with_a_comma_in_its_name_is_not_split_into_two_roots(start, tmp_path):
    (tmp_path / "a,b").mkdir()
    with start(roots=(tmp_path / "a,b",)) as client:
        assert client.hello().shares_paths is False


def test_a_private_server_that_died_is_called_so(start, tmp_path):
    def lose():
        pid = pid_in(tmp_path / "data")
        os.kill(pid, signal.SIGKILL)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        raise ConnectionLost("server", "it does not answer", code="server_down")

    with pytest.raises(ConnectionLost) as caught, start():
        lose()
    assert caught.value.code == "server_gone"
    assert "exit code -9" in str(caught.value)


def test_a_private_server_that_cannot_start_says_why(start, tmp_path):
    with start(), pytest.raises(ServerError) as caught, start():
        pass
    assert caught.value.code == "private_server"
    assert "another server is using it" in str(caught.value)


def test_keys_are_used_where_the_settings_ask_for_them(void):
    void("keys", "new")
    void.serve("--require-keys")
    assert json.loads(void("jobs", "--json")) == {"jobs": []}
    notice = json.loads((void.data / "server.json").read_text())
    address = ("--server", notice["endpoint"], "--server-key", notice["server_key"])
    assert json.loads(void("jobs", *address, "--json")) == {"jobs": []}
