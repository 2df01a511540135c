"""The scripted worker, with previews that are pictures. Further keys of the prompt:

picture     path of a PNG that every frame's preview is; else a small grey one
stage       what the stage is called
steps       denoising steps in all
eta         seconds that it says are left
warnings    texts of warnings
"""

import hashlib
import json
import struct
import sys
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "void_server"))

import scripted_worker
from msgspec.structs import replace

from bridge.messages import EngineInfo, Preview
from void_server.worker.worker_link import Previewed, Progressed, Ready, Warned

ENGINES = (
    EngineInfo("scripted", "Scripted", "Does what the prompt says.", "cpu"),
    EngineInfo("void", "VOID", "Two-pass diffusion.", "cpu", (), False, "there is no GPU"),
)


class Line:
    """The line to the broker; what is said over it is said as the script has it."""

    def __init__(self, dealer):
        self._dealer = dealer
        self.script = {}

    def __getattr__(self, name):
        return getattr(self._dealer, name)

    def send(self, message):
        if isinstance(message, Ready):
            message = replace(message, engines=ENGINES)
        elif isinstance(message, Progressed):
            said = {key: self.script[key] for key in ("stage", "eta") if key in self.script}
            if "steps" in self.script:
                said |= {"step": message.done + 1, "steps": self.script["steps"]}
            message = replace(message, **said)
        self._dealer.send(message)


class Worker(scripted_worker.Worker):
    def __init__(self):
        super().__init__()
        self.dealer = Line(self.dealer)

    def perform(self, run):
        self.dealer.script = self.script = json.loads(run.request.prompt or "{}")
        for text in self.script.get("warnings", ()):
            self.dealer.send(Warned(run.job, run.attempt, text))
        super().perform(run)

    def preview(self, run, frame, *, step, size):
        named = self.script.get("picture")
        content = Path(named).read_bytes() if named else grey(64, 36, frame % 256)
        content += bytes((frame % 256, step % 256))  # behind the end of a PNG nothing is read
        file = Path(run.results) / f"preview.{frame}.png"
        file.write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        told = Preview(frame, step, digest, len(content), str(file))
        self.dealer.send(Previewed(run.job, run.attempt, told))


def grey(width, height, level):
    """A PNG of one grey level."""
    rows = b"".join(b"\0" + bytes([level]) * width for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    chunks = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


if __name__ == "__main__":
    Worker().serve()
