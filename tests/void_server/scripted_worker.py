"""A worker that does what the prompt says, to see what the broker makes of it.

The prompt of a request is a JSON object; every key is optional:

    pause       seconds that each frame takes (0.01)
    kill_at     frame before which the process kills itself with SIGKILL ...
    attempts    ... in the attempts named here ([1])
    hang_at     frame before which it stops reading, sending and living, without exiting
    deaf        true: it goes on after Drop and Leave
    fail        text of the error that it ends with
    skip        frames that it forgets, and still says done
    outside     true: delivers a file from outside the job's folder
    size        bytes of each frame's file, at least those that name it
    twice       true: delivers every frame twice, the second time with other bytes
    previews    bytes of a preview of each frame, sent before the frame
    warn        text of a warning that it gives before the first frame
    page        text of a report page; with it comes a strip of each frame
"""

import hashlib
import json
import os
import signal
import sys
import time
from pathlib import Path

from bridge.errors import ErrorRecord
from bridge.messages import EngineInfo, ParameterInfo, Preview, Result
from bridge.shot import kinds_of
from bridge.wire import Dealer
from void_server.broker.parent import end_with_parent
from void_server.worker.worker_link import (
    BROKER_PID_VARIABLE,
    ENDPOINT_VARIABLE,
    TOKEN_VARIABLE,
    Alive,
    Delivered,
    Drop,
    Ended,
    Leave,
    Previewed,
    Progressed,
    Ready,
    Run,
    ToWorker,
    Warned,
)

ENGINE = EngineInfo(
    name="scripted",
    label="Scripted",
    help="Does what the prompt says.",
    device="cpu",
    parameters=(
        ParameterInfo("strength", "Strength", "How much.", 0.5, minimum=0.0, maximum=1.0),
        ParameterInfo("tries", "Tries", "How often.", 2, minimum=1, maximum=9),
        ParameterInfo("mode", "Mode", "How.", "soft", choices=("soft", "hard")),
        ParameterInfo("dense", "Dense", "Whether.", False),
    ),
)


class Worker:
    def __init__(self) -> None:
        self.dealer = Dealer(os.environ[ENDPOINT_VARIABLE], receives=ToWorker)
        self.broker = int(os.environ[BROKER_PID_VARIABLE])
        end_with_parent(self.broker)
        self.dropped: set[str] = set()
        self.leaving = False
        self.runs: list[Run] = []

    def serve(self) -> None:
        token = os.environ[TOKEN_VARIABLE]
        self.dealer.send(Ready(token, os.getpid(), sys.argv[1], (ENGINE,)))
        while not (self.leaving and not self.runs):
            self.listen(0.05)
            if self.runs:
                self.perform(self.runs.pop(0))
        self.dealer.close()

    def listen(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        self.dealer.send(Alive())
        while True:
            if os.getppid() != self.broker:
                os._exit(70)
            incoming = self.dealer.receive(max(0.0, until - time.monotonic()))
            if incoming is None:
                return
            if isinstance(incoming.message, Run):
                self.dropped.discard(incoming.message.job)
                self.dropped.discard(incoming.message.job)
                self.runs.append(incoming.message)
            elif isinstance(incoming.message, Drop):
                self.dropped.add(incoming.message.job)
            elif isinstance(incoming.message, Leave):
                self.leaving = True

    def perform(self, run: Run) -> None:
        script = json.loads(run.request.prompt or "{}")
        shot = run.request.shot
        wanted = [f for f in range(shot.first_frame, shot.last_frame + 1) if f not in run.finished]
        if "warn" in script:
            self.dealer.send(Warned(run.job, run.attempt, script["warn"]))
        for done, frame in enumerate(wanted):
            self.misbehave(script, run, frame)
            if not script.get("deaf"):
                if run.job in self.dropped:
                    self.end(run, "cancelled")
                    return
                if self.leaving:
                    self.dealer.send(Ended(run.job, run.attempt, None, interrupted=True))
                    time.sleep(0.1)  # what is not sent yet goes with the socket
                    return
            self.dealer.send(
                Progressed(run.job, run.attempt, "scripted", "filling", done, len(wanted), frame)
            )
            if "previews" in script:
                self.preview(run, frame, step=done + 1, size=script["previews"])
            self.listen(script.get("pause", 0.01))
            try:
                if frame not in script.get("skip", ()):
                    self.deliver(run, script, frame)
            except OSError as error:
                self.end(run, "failed", ErrorRecord("server", "disk_full", "disk", str(error)))
                return
        if "fail" in script:
            self.end(run, "failed", ErrorRecord("request", "told_to", shot.name, script["fail"]))
            return
        page = {"report": script["page"].encode()} if "page" in script else {}
        self.write(run, None, b"{}", **page)
        self.end(run, "done")

    def misbehave(self, script: dict, run: Run, frame: int) -> None:
        if frame == script.get("kill_at") and run.attempt in script.get("attempts", [1]):
            time.sleep(0.1)  # what was said before is on its way
            os.kill(os.getpid(), signal.SIGKILL)
        if frame == script.get("hang_at"):
            signal.pause()

    def deliver(self, run: Run, script: dict, frame: int) -> None:
        if script.get("outside"):
            stray = Path(run.results).parent / "stray.exr"
            stray.write_bytes(b"x")
            result = Result("comp", frame, hashlib.sha256(b"x").hexdigest(), 1, str(stray))
            self.dealer.send(Delivered(run.job, run.attempt, frame, (result,)))
            return
        kinds = [kind for kind in kinds_of(run.request.output) if kind != "comp"]
        kinds += ["strip"] if "page" in script else []
        others = {kind: f"{kind} {frame}".encode() for kind in kinds}
        self.write(run, frame, f"{run.job} {frame}".encode().ljust(script.get("size", 0)), **others)
        if script.get("twice"):
            self.write(run, frame, f"{run.job} {frame} again".encode())

    def preview(self, run: Run, frame: int, *, step: int, size: int) -> None:
        content = f"\x89PNG {run.job} {frame} ".encode().ljust(size, b".")
        file = Path(run.results) / f"preview.{frame}.png"
        file.write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        preview = Preview(frame, step, digest, len(content), str(file))
        self.dealer.send(Previewed(run.job, run.attempt, preview))

    def write(self, run: Run, frame: int | None, content: bytes, **others: bytes) -> None:
        kind = "sidecar" if frame is None else "comp"
        results = []
        for of, data in {kind: content, **others}.items():
            digest = hashlib.sha256(data).hexdigest()
            file = Path(run.results) / f"{digest[:8]}.{frame}.exr"
            file.write_bytes(data)
            results.append(Result(of, frame, digest, len(data), str(file)))
        self.dealer.send(Delivered(run.job, run.attempt, frame, tuple(results)))

    def end(self, run: Run, state: str, error: ErrorRecord | None = None) -> None:
        warnings = ("told to",) if state == "done" else ()
        self.dealer.send(Ended(run.job, run.attempt, state, error=error, warnings=warnings))


if __name__ == "__main__":
    Worker().serve()
