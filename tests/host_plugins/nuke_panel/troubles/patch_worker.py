"""The scripted worker, whose frames are patches that a Read shows. Further keys of the prompt:

gate        path of a file; it waits at a frame until there is one
at          the frame that it waits at; a job that is cancelled meanwhile goes no further
"""

import hashlib
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3] / "void_server"))

import numpy as np
import OpenEXR
import scripted_worker

from bridge.messages import Result
from void_server.worker.worker_link import Delivered

SIZE = (64, 96)
RED = 4.0


class Worker(scripted_worker.Worker):
    def misbehave(self, script, run, frame):
        gate = script.get("gate")
        while gate and frame == script["at"] and not Path(gate).exists():
            if run.job in self.dropped or self.leaving:
                return
            self.listen(0.02)
        super().misbehave(script, run, frame)

    def deliver(self, run, script, frame):
        file = Path(run.results) / f"patch.{frame}.exr"
        content = patch(file)
        result = Result(
            "patch", frame, hashlib.sha256(content).hexdigest(), len(content), str(file)
        )
        self.dealer.send(Delivered(run.job, run.attempt, frame, (result,)))

    def write(self, run, frame, content, **others):
        """The record, which comes last, tells what any worker's does."""
        record = {"job": run.job, "engine": "scripted", "device": "cpu"}
        super().write(run, frame, json.dumps(record).encode(), **others)


def patch(file):
    """Write a patch that covers the whole picture; returns the file's bytes."""
    rgba = np.ones((*SIZE, 4), np.float16)
    rgba[..., 0] = RED
    header = {"type": OpenEXR.scanlineimage, "compression": OpenEXR.ZIP_COMPRESSION}
    OpenEXR.File(header, {"RGBA": rgba}).write(str(file))
    return file.read_bytes()


if __name__ == "__main__":
    Worker().serve()
