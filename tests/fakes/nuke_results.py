"""Results on disk as a run leaves them: version folders with patches, sidecar and page."""

from __future__ import annotations

import hashlib
import json
from types import SimpleNamespace

import numpy as np

from bridge.landing import begin
from void_server.worker.sidecar import ConfigRecord, Sidecar

BOX = (8, 4, 15, 11)
"""The hole of every frame: x_min, y_min, x_max, y_max."""


class Results:
    """Makes versions of one name in one folder.

    Args:
        studio: Writes EXR files.
        out: Folder that gets the version folders.
        name: Base of the names, without a view.
    """

    def __init__(self, studio, out, name="sh010_comp_VoidRemove1"):
        self._studio, self.out, self.name = studio, out, name
        self._jobs = 0

    def begin(self, *, view="", out=None, job=""):
        """A landing without a frame; its version is the next one."""
        self._jobs += 1
        job = job or hashlib.sha256(str(self._jobs).encode()).hexdigest()[:32]
        name = f"{self.name}_{view}" if view else self.name
        return begin(out or self.out, name=name, job=job, padding=4)

    def land(self, landing, *frames, value=0.5, size=(96, 64)):
        """Frames whose patch is ``value`` times the alpha, which is 1 in `BOX`."""
        height, width = BOX[3] - BOX[1] + 1, BOX[2] - BOX[0] + 1
        planes = dict.fromkeys("RGB", np.full((height, width), value, np.float16))
        planes["A"] = np.ones((height, width), np.float16)
        display = (0, 0, size[0] - 1, size[1] - 1)
        for frame in frames:
            target = landing.version.picture("patch", frame)
            made = self._studio.exr("landing.exr", planes, data=BOX, display=display)
            made.rename(target)
            landing.standing["patch"].add(frame)

    def finish(self, landing, *, page=True, **record):
        """The sidecar and the page that come last."""
        landing.record = sidecar(landing, **record)
        landing.complete = True
        landing.write_sidecar("done")
        if page:
            landing.version.page.write_text("<html></html>", "utf-8")

    def version(self, *frames, view="", out=None, value=0.5, **record):
        """A whole version."""
        landing = self.begin(view=view, out=out)
        self.land(landing, *frames, value=value)
        self.finish(landing, **record)
        return landing


def sidecar(landing, **changed):
    """What a server records of a job, as the client reads it."""
    frames = sorted(landing.standing["patch"])
    known = SimpleNamespace(
        job=landing.job, engine="cleanplate", device="cpu", first_frame=frames[0],
        last_frame=frames[-1], plate="plate.%04d.exr", colorspace="lin_rec709_scene",
        color_config=ConfigRecord("ocio://default", "default", "built in", ""), view="",
        mattes=(), prompt="", seed=7, grow=8.0, feather=6.0, output=("patch",), layers=False,
        missing="refuse", parameters={"search": 0}, engine_facts={}, changed_outside=None,
        seen=0.935, seconds=72.0, frames=(), warnings=(), versions={"void-bridge": "0.9.0"},
    )  # fmt: skip
    return json.loads(Sidecar(**{**vars(known), **changed}).to_json())
