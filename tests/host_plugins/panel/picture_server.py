"""A `void-server` process with scripted workers whose previews are pictures, and jobs for it."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from bridge.client import Client
from bridge.shot import Matte, Request, Sequence, Shot, SourceFile

SERVE = Path(__file__).with_name("serve_pictures.py")
PATIENCE = 30.0


class Served:
    """A `void-server` process of the tests' own."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "footage").mkdir(parents=True)
        self.process = None
        self.start()

    def start(self, port=0):
        """Start it, or start it again at the port where it was."""
        notice = self.folder / "data" / "server.json"
        notice.unlink(missing_ok=True)
        command = [sys.executable, str(SERVE), "--host", "127.0.0.1", "--port", str(port)]
        command += ["--data-dir", str(self.folder / "data"), "--roots", str(self.folder.resolve())]
        command += ["--parent-pid", str(os.getpid())]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        self.wait(lambda: notice.exists(), "the server")
        self.endpoint = json.loads(notice.read_bytes())["endpoint"]

    @property
    def port(self):
        return int(self.endpoint.rpartition(":")[2])

    def kill(self):
        self.process.kill()
        self.process.wait()

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE)

    def submit(self, name, last=1003, **script):
        """A job that does what the script says; returns its id."""
        plate, matte = (self._files(name, kind, last) for kind in ("plate", "matte"))
        shot = Shot(name, plate, (Matte("remove", matte),), 1001, last)
        with Client(self.endpoint) as client:
            return client.submit(Request(shot, prompt=json.dumps(script))).job

    def status(self, job):
        with Client(self.endpoint) as client:
            return client.status(job).status

    def reach(self, job, condition):
        """The job's status as soon as it fulfils a condition."""
        found = []

        def reached():
            found[:] = [self.status(job)]
            return condition(found[0])

        self.wait(reached, f"job {job}")
        return found[0]

    def cancel(self, job):
        """Stop a job; returns its last status."""
        with Client(self.endpoint) as client:
            client.cancel(job)
        return self.reach(job, lambda status: status.state == "cancelled")

    def empty(self):
        """Stop and forget all jobs; a worker may take a moment to let go of one."""
        with Client(self.endpoint) as client:
            for job in client.jobs():
                client.cancel(job.job)

            def gone():
                client.purge(before=time.time() + 1)
                return not client.jobs()

            self.wait(gone, "an empty server")

    @staticmethod
    def wait(condition, what):
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, f"waited for {what}"
            time.sleep(0.02)

    def _files(self, name, kind, last):
        files = []
        for frame in range(1001, last + 1):
            file = self.folder / "footage" / f"{name}.{kind}.{frame}.exr"
            file.write_bytes(f"{name} {kind} {frame}".encode())
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            files.append(SourceFile(file.name, file.stat().st_size, digest, str(file)))
        return Sequence(
            f"{name}.{kind}.%04d.exr", "stills", tuple(files), tuple(range(1001, last + 1))
        )
