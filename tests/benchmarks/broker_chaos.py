"""Kills brokers and workers at random while clients submit jobs, and counts what got lost.

    python tests/benchmarks/broker_chaos.py --seed 11

Every frame's expected content is known without the server, so a lost, wrong or doubled frame
shows. ``--sabotage`` breaks the server on purpose, to show that the count can be other than 0:
``recover`` leaves jobs of a killed server where they were (seen as lost after a minute), ``swap``
records another frame's file now and then (seen as wrong).
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from bridge.client import Client
from bridge.errors import ConnectionLost
from bridge.messages import Result
from bridge.shot import Matte, Request, Sequence, Shot, SourceFile, job_id

WORKER = Path(__file__).parents[1] / "void_server" / "scripted_worker.py"
PATIENCE = 60.0
"""Seconds after which a client gives up on a job that does not move."""

SABOTAGE = {
    "none": "",
    "recover": "Store.recover = lambda self: 0",
    "swap": (
        "import msgspec\n"
        "deliver = Store.deliver\n"
        "def swapped(self, job, attempt, frame, results):\n"
        "    if frame and frame % 7 == 0 and (before := self.results(job)):\n"
        "        results = [msgspec.structs.replace(before[0][1], frame=frame)]\n"
        "    return deliver(self, job, attempt, frame, results)\n"
        "Store.deliver = swapped\n"
    ),
}

SERVER = """
import sys
from void_server.broker.store import Store
{sabotage}
from void_server.__main__ import main
sys.exit(main(worker_command=(sys.executable, {worker!r})))
"""


class Server:
    """A server on a fixed port that can be killed and comes back."""

    def __init__(self, folder: Path, footage: Path, devices: int, sabotage: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        code = SERVER.format(sabotage=SABOTAGE[sabotage], worker=str(WORKER))
        self.data = folder / "data"
        self._command = [
            sys.executable, "-c", code, "--data-dir", str(self.data), "--port", str(self.port),
            "--roots", str(footage.resolve()), "--devices", ",".join(["cpu"] * devices),
            "--silence", "5", "--attempts", "1000",
        ]  # fmt: skip
        self._log = (folder / "server.out").open("wb")
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(self._command, stdout=self._log, stderr=self._log)

    def workers(self) -> list[int]:
        children = Path(f"/proc/{self.process.pid}/task")
        pids = []
        for task in children.glob("*/children"):
            with contextlib.suppress(OSError):
                pids += [int(pid) for pid in task.read_text().split()]
        return pids

    def close(self) -> int:
        self.process.terminate()
        code = self.process.wait(10.0)
        self._log.close()
        return code


class Nemesis(threading.Thread):
    """Does harm at random until told to stop."""

    def __init__(self, server: Server, rng: random.Random, pause: float) -> None:
        super().__init__()
        self.done = Counter()
        self._server = server
        self._rng = rng
        self._pause = pause
        self._stopping = threading.Event()

    def run(self) -> None:
        while not self._stopping.wait(self._rng.expovariate(1 / self._pause)):
            harm = self._rng.choice(
                ["kill broker", "kill worker", "kill worker", "stop broker", "stop worker"]
            )
            with contextlib.suppress(ProcessLookupError, IndexError):
                self._harm(harm)
                self.done[harm] += 1

    def stop(self) -> None:
        self._stopping.set()
        self.join()

    def _harm(self, harm: str) -> None:
        verb, noun = harm.split()
        if noun == "worker":
            pid = self._rng.choice(self._server.workers())
        else:
            pid = self._server.process.pid
        if verb == "stop":
            os.kill(pid, signal.SIGSTOP)
            time.sleep(0.5 if noun == "worker" else 1.2)
            os.kill(pid, signal.SIGCONT)
            return
        os.kill(pid, signal.SIGKILL)
        if noun == "broker":
            self._server.process.wait()
            self._server.start()


def footage(folder: Path, frames: int) -> tuple[Sequence, Sequence]:
    sequences = []
    for kind in ("plate", "matte"):
        files = []
        for frame in range(1001, 1001 + frames):
            file = folder / f"{kind}.{frame}.exr"
            file.write_bytes(f"{kind} {frame}".encode())
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            files.append(SourceFile(file.name, file.stat().st_size, digest, str(file)))
        numbers = tuple(range(1001, 1001 + frames))
        sequences.append(Sequence(f"{kind}.%04d.exr", "stills", tuple(files), numbers))
    return sequences[0], sequences[1]


def submit_and_watch(
    port: int, requests: list[Request], rng: random.Random, seen: Counter, outcome: dict
) -> None:
    """What one client does: each job once or twice, then wait for all."""
    with Client(f"tcp://127.0.0.1:{port}", timeout=2.0) as client:
        for request in requests:
            for _ in range(rng.choice([1, 1, 2])):
                insist(lambda request=request: client.submit(request))
                seen["submissions"] += 1
        for request in requests:
            job, results = job_id(request), []
            until = time.monotonic() + PATIENCE
            for status in client.watch(job, interval=0.05, patience=PATIENCE):
                if status.results:
                    results += status.results
                    until = time.monotonic() + PATIENCE
                if time.monotonic() > until:
                    break
            outcome[job] = (status.status, results)


def insist(ask) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            ask()
        except ConnectionLost:
            if time.monotonic() > until:
                raise
        else:
            return


def verdict(outcome: dict, frames: int) -> Counter:
    """Lost, wrong and doubled frames, by comparison with what each should be."""
    count = Counter()
    for job, (status, results) in outcome.items():
        count["jobs not done"] += status.state != "done"
        count["attempts"] = max(count["attempts"], status.attempt)
        told: dict[int, set[str]] = {}
        for result in results:
            if result.frame is not None:
                told.setdefault(result.frame, set()).add(result.sha256)
                count["wrong"] += not right(job, result)
        count["frames"] += len(told)
        count["lost"] += frames - len(told)
        count["committed twice"] += status.finished != frames
        count["told under two numbers"] += len(results) - len({(r.frame, r.kind) for r in results})
    return count


def right(job: str, result: Result) -> bool:
    content = Path(result.path).read_bytes()
    return content == f"{job} {result.frame}".encode() and len(content) == result.size


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--jobs", type=int, default=14, help="per client")
    parser.add_argument("--frames", type=int, default=32, help="per job")
    parser.add_argument("--devices", type=int, default=3)
    parser.add_argument("--pause", type=float, default=0.6, help="mean seconds between faults")
    parser.add_argument("--sabotage", choices=sorted(SABOTAGE), default="none")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        count, faults, seconds = play(options, Path(folder))
    report = {"seed": options.seed, "seconds": round(seconds, 1), **faults, **count}
    sys.stdout.write(json.dumps(report) + "\n")
    bad = ("lost", "wrong", "committed twice", "jobs not done", "exit code", "duplicate jobs")
    return int(any(count[name] for name in bad))


def play(options: argparse.Namespace, folder: Path) -> tuple[Counter, Counter, float]:
    plate, matte = footage(folder, options.frames)
    last = 1000 + options.frames
    server = Server(folder, folder, options.devices, options.sabotage)
    nemesis = Nemesis(server, random.Random(options.seed), options.pause)
    outcome: dict = {}
    seen = Counter()
    clients = []
    for number in range(options.clients):
        shots = [
            Shot(f"sh{number}_{n}", plate, (Matte("remove", matte),), 1001, last)
            for n in range(options.jobs)
        ]
        requests = [Request(shot, prompt='{"pause": 0.02}') for shot in shots]
        rng = random.Random(options.seed * 100 + number)
        clients.append(
            threading.Thread(
                target=submit_and_watch, args=(server.port, requests, rng, seen, outcome)
            )
        )
    begun = time.monotonic()
    for thread in (nemesis, *clients):
        thread.start()
    for client in clients:
        client.join()
    seconds = time.monotonic() - begun
    nemesis.stop()
    count = verdict(outcome, options.frames)
    count["lost"] += (options.clients * options.jobs - len(outcome)) * options.frames
    count["submissions"] = seen["submissions"]
    with Client(f"tcp://127.0.0.1:{server.port}", timeout=10.0) as client:
        jobs = client.jobs()
        count["duplicate jobs"] = len(jobs) - options.clients * options.jobs
    count["exit code"] = server.close()
    count["leftover files"] = len(list((server.data / "spool" / "incoming").iterdir()))
    return count, nemesis.done, seconds


if __name__ == "__main__":
    sys.exit(main())
