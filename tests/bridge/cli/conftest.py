"""The ``void`` command, and servers for it."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from bridge.cli.commands import app

SCRIPTED = Path(__file__).parents[2] / "void_server" / "serve_scripted.py"
PATIENCE = 90.0


class Void:
    """The ``void`` command with a data folder of the test's own.

    Called, it runs inside the test's process, which is quick; `run` and `start` make a process.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.said = ""
        self._started = []

    def __call__(self, *arguments, code=0):
        """Run to the end; returns standard output and keeps standard error in `said`."""
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
            app([str(argument) for argument in arguments], prog_name="void")
        self.said = err.getvalue()
        assert (ended.value.code or 0) == code, self.said + out.getvalue()
        return out.getvalue()

    def run(self, *arguments):
        """Run in a process of its own until it succeeds; returns standard output."""
        process = self.start(*arguments)
        out, self.said = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, self.said + out
        return out

    def refused(self, *arguments, code=2):
        """Run a command that has to fail; returns the one line it says and its error record."""
        record = json.loads(self(*arguments, "--json", code=code))
        assert list(record) == ["error"]
        return self.said.splitlines()[-1], record["error"]

    def start(self, *arguments):
        """Start and return the process."""
        process = subprocess.Popen(
            [sys.executable, "-m", "bridge.cli", *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._started.append(process)
        return process

    def serve(self, *arguments):
        """A server with scripted workers that this folder's commands find by themselves."""
        log = (self.folder / "server.log").open("ab")
        process = subprocess.Popen(
            [sys.executable, str(SCRIPTED), "--port", "0", *map(str, arguments)],
            stdout=log,
            stderr=log,
        )
        log.close()
        self._started.append(process)
        notice = self.data / "server.json"

        def up():
            assert process.poll() is None, (self.folder / "server.log").read_text()
            return notice.exists() and json.loads(notice.read_text())["pid"] == process.pid

        self.wait_for(up, "the server")
        return process

    @staticmethod
    def wait_for(condition, what):
        deadline = time.monotonic() + PATIENCE
        while not (found := condition()):
            assert time.monotonic() < deadline, f"waited for {what}"
            time.sleep(0.02)
        return found

    def close(self):
        for process in self._started:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self._started:
            process.communicate(timeout=PATIENCE)


@pytest.fixture
def void(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith("VOID_") or name == "OCIO"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("VOID_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("VOID_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("VOID_WEIGHTS", str(tmp_path / "weights"))  # not those of this user
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    running = Void(tmp_path)
    yield running
    running.close()


@pytest.fixture
def shot(tmp_path):
    """Arguments of ``void remove`` for files that only a scripted worker takes for pictures."""
    for folder in ("plate", "roto"):
        (tmp_path / folder).mkdir()
        for frame in range(1001, 1005):
            (tmp_path / folder / f"{folder}.{frame}.exr").write_bytes(f"{folder} {frame}".encode())
    return ("plate", "--matte", "roto", "--out", "out", "--name", "sh010")
