"""kill -9 of the worker, then of the server, in the middle of a real job; are the frames right?

    python tests/benchmarks/kill_nine.py [--size 960x540] [--frames 24]

Films the demo's shot, has it removed undisturbed, then twice more with a kill in between, each
time with a server of its own, and compares every delivered file with the undisturbed one.
"""

import argparse
import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from void_server.demo import footage
from void_server.demo.scene import Scene

PATIENCE = 600.0


class Bench:
    """A shot on disk and ``void`` commands against a data folder."""

    def __init__(self, shot: Path, data: Path, out: Path) -> None:
        self.shot, self.data, self.out = shot, data, out
        self.environ = os.environ | {"VOID_DATA_DIR": str(data)}

    def serve(self) -> subprocess.Popen:
        command = [sys.executable, "-m", "void_server", "--port", "0", "--roots", str(self.shot)]
        server = subprocess.Popen(command, env=self.environ, stdout=subprocess.DEVNULL)
        until(lambda: self.void("jobs", "--json", check=False).returncode == 0)
        return server

    def void(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess:
        command = [sys.executable, "-m", "bridge.cli", *arguments]
        done = subprocess.run(command, env=self.environ, capture_output=True, text=True)
        if check and done.returncode:
            raise SystemExit(f"{' '.join(arguments)}: {done.returncode}\n{done.stderr}")
        return done

    def submit(self) -> str:
        return self.void("remove", *self.arguments(), "--detach").stdout.split()[0]

    def remove(self) -> subprocess.Popen:
        command = [sys.executable, "-m", "bridge.cli", "remove", *self.arguments()]
        return subprocess.Popen(command, env=self.environ, stderr=subprocess.DEVNULL)

    def arguments(self) -> list[str]:
        plate, boom, shadow = (
            str(footage.pattern(self.shot, what)) for what in ("plate", "boom", "shadow")
        )
        return [plate, "--matte", boom, "--affected", shadow, "--name", "shot", "--out",
                str(self.out)]  # fmt: skip

    def jobs(self) -> list[dict]:
        return json.loads(self.void("jobs", "--json").stdout)["jobs"]

    def digests(self) -> dict[str, str]:
        return {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.out.glob("shot_void_v001/*.exr"))
        }


def until(condition) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit("waited too long")
        time.sleep(0.1)


def in_the_middle(bench: Bench, frames: int) -> None:
    until(lambda: (jobs := bench.jobs()) and frames // 4 <= jobs[0]["finished"] < frames)


def workers(server: subprocess.Popen) -> list[int]:
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    return [int(pid) for pid in children]


def undisturbed(bench: Bench, frames: int) -> None:
    with ended(bench.serve()):
        assert bench.remove().wait() == 0


def worker_killed(bench: Bench, frames: int) -> None:
    server = bench.serve()
    with ended(server):
        remove = bench.remove()
        in_the_middle(bench, frames)
        (pid,) = workers(server)
        os.kill(pid, signal.SIGKILL)
        print(f"worker {pid} killed after {bench.jobs()[0]['finished']} frames")
        assert remove.wait() == 0
        job = bench.jobs()[0]
        print(f"job is {job['state']} after attempt {job['attempt']}")


def server_killed(bench: Bench, frames: int) -> None:
    server = bench.serve()
    job = bench.submit()
    in_the_middle(bench, frames)
    server.kill()
    server.wait()
    print("server killed in mid-job")
    with ended(bench.serve()):
        bench.void("fetch", job, "--out", str(bench.out))
        last = bench.jobs()[0]
        print(f"job is {last['state']} after attempt {last['attempt']}")


@contextlib.contextmanager
def ended(server: subprocess.Popen):
    try:
        yield
    finally:
        server.send_signal(signal.SIGTERM)
        began = time.monotonic()
        code = server.wait()
        print(f"server ended with {code} in {time.monotonic() - began:.1f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="960x540")
    parser.add_argument("--frames", type=int, default=24)
    given = parser.parse_args()
    width, height = map(int, given.size.split("x"))
    with tempfile.TemporaryDirectory() as folder:
        shot = Path(folder) / "shot"
        scene = Scene(width=width, height=height, frames=given.frames, camera="slow")
        footage.write(scene, shot, advanced=lambda count: None)
        expected: dict[str, str] = {}
        for run in (undisturbed, worker_killed, server_killed):
            name = run.__name__
            bench = Bench(shot, Path(folder) / name / "data", Path(folder) / name / "out")
            bench.out.mkdir(parents=True)
            run(bench, given.frames)
            digests = bench.digests()
            expected = expected or digests
            wrong = sum(expected.get(file) != digest for file, digest in digests.items())
            print(f"{name}: {len(digests)} of {given.frames} frames, {wrong} differ")
            assert len(digests) == given.frames
            assert not wrong


if __name__ == "__main__":
    main()
