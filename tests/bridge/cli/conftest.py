"""The ``void`` command as a process of its own, and servers for it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SCRIPTED = Path(__file__).parents[2] / "void_server" / "serve_scripted.py"
PATIENCE = 30.0


def wait_for(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited for {what}"
        time.sleep(0.02)
    return found


class Void:
    """Runs ``void`` with a data folder of the test's own; whatever it started ends with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.environ = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("VOID_") and name != "OCIO"
        } | {"VOID_DATA_DIR": str(self.data), "XDG_CONFIG_HOME": str(folder / "config")}
        self._started = []

    def __call__(self, *arguments, code=0, **environ):
        """Run to the end; returns standard output."""
        done = subprocess.run(
            self._command(arguments),
            capture_output=True,
            text=True,
            env=self.environ | environ,
            cwd=self.folder,
            timeout=PATIENCE * 2,
        )
        assert done.returncode == code, done.stderr + done.stdout
        assert "Traceback" not in done.stderr
        self.said = done.stderr
        return done.stdout

    def start(self, *arguments):
        """Start and return the process."""
        process = subprocess.Popen(
            self._command(arguments),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environ,
            cwd=self.folder,
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
            env=self.environ,
        )
        log.close()
        self._started.append(process)
        notice = self.data / "server.json"

        def up():
            assert process.poll() is None, (self.folder / "server.log").read_text()
            return notice.exists() and json.loads(notice.read_text())["pid"] == process.pid

        wait_for(up, "the server")
        return process

    def close(self):
        for process in self._started:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self._started:
            process.communicate(timeout=PATIENCE)

    def _command(self, arguments):
        return [sys.executable, "-m", "bridge.cli", *map(str, arguments)]


@pytest.fixture
def void(tmp_path):
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


def refused(void, *arguments, code=2):
    """Run a command that has to fail; returns the one line it says and its error record."""
    record = json.loads(void(*arguments, "--json", code=code))
    lines = [line for line in void.said.splitlines() if line]
    assert list(record) == ["error"]
    return lines[-1], record["error"]
