"""A `void-server` process that a test may kill, and starts again at the same address."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from bridge.client import Client
from bridge.errors import ConnectionLost, RequestError

SERVE = Path(__file__).with_name("serve_patches.py")
PATIENCE = 30.0


class PatchServer:
    """The process, its data folder, and the states of its jobs.

    Args:
        folder: Its data folder.
        root: Whose files it may read in place.
    """

    def __init__(self, folder, root):
        with socket.create_server(("127.0.0.1", 0)) as reserved:
            self.port = reserved.getsockname()[1]
        self.endpoint = f"tcp://127.0.0.1:{self.port}"
        self.folder, self.root = folder, root
        self.start()

    def start(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, str(SERVE), "--port", str(self.port), "--grace", "0.5"]
        command += ["--data-dir", str(self.folder), "--roots", str(self.root)]
        command += ["--parent-pid", str(os.getpid())]
        with (self.folder / "output.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            assert self.process.poll() is None, (self.folder / "output.log").read_text()
            assert time.monotonic() < deadline, "waited for the server"

    @property
    def lives(self):
        return self.process.poll() is None

    def kill(self):
        self.process.kill()
        self.process.wait()

    def close(self):
        if self.lives:
            self.process.terminate()
        self.process.wait(PATIENCE)

    def state(self, job):
        """A job's state; "" for one that it does not know."""
        with Client(self.endpoint) as client:
            try:
                return client.status(job).status.state
            except RequestError:
                return ""

    def jobs(self):
        """The states of all jobs by id."""
        with Client(self.endpoint) as client:
            return {job.job: job.state for job in client.jobs()}

    def cancel_all(self):
        with Client(self.endpoint) as client:
            for job in client.jobs():
                client.cancel(job.job)

    def _answers(self):
        with Client(self.endpoint, timeout=0.2) as client, contextlib.suppress(ConnectionLost):
            return bool(client.hello().engines)
