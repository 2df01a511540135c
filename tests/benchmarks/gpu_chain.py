"""The engine ``void`` from plates to fills on a GPU, with random weights at full size.

    python tests/benchmarks/gpu_chain.py [--device cuda:0+cuda:1] [--frames 24] [--quality best]

Films a shot of a boom microphone in a lit room, has the engine fill its hole as a job would, and
prints the seconds of each stage: what the networks take, and what everything around them takes.
The pictures are noise, since the weights are; times, memory and the engine's way are real. With
``--tiny`` all of it runs on the CPU.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

import cv2
import numpy as np
import torch
from random_checkpoint import GOLDEN, Scale, make_checkpoint
from stages import Stages
from transformers import T5Config, T5EncoderModel

from ocio.convert import ColorConfig
from void_server.demo.scene import Scene
from void_server.engines import catalog
from void_server.engines.void.engine import Void
from void_server.engines.void.layout import Layout
from void_server.plate import PlateColor, plate_color


class Filmed:
    """A `Footage` that is held in memory."""

    pixel_aspect = 1.0

    def __init__(self, width: int, height: int, frames: int) -> None:
        scene = Scene(width=width, height=height, frames=frames, camera="slow")
        self.frames, self.size = scene.frames, scene.size
        self.color: PlateColor = plate_color(
            tag="lin_ap1_scene", wanted="", untagged="linear", config=ColorConfig(), subject="plate"
        )
        self._plates = {f: scene.plate(f).astype(np.float32) for f in scene.frames}
        self._remove = {f: scene.remove(f) > 0.5 for f in scene.frames}
        self._affected = {f: scene.affected(f) > 0.5 for f in scene.frames}

    def plate(self, frame: int) -> np.ndarray:
        return self._plates[frame]

    def hole(self, frame: int) -> np.ndarray:
        matte = (self._remove[frame] | self._affected[frame]).astype(np.uint8)
        return cv2.dilate(matte, np.ones((17, 17), np.uint8)) > 0

    def foreign(self, frame: int) -> np.ndarray:
        return self.hole(frame)

    def quadmask(self, frame: int) -> tuple[np.ndarray, np.ndarray]:
        return self._remove[frame], self._affected[frame]


def make_text_encoder(layout: Layout, scale: Scale) -> None:
    """Random too, as wide as the transformer wants it and no deeper than the golden one."""
    T5EncoderModel(T5Config(**scale.text)).save_pretrained(layout.base / "text_encoder")
    shutil.copytree(GOLDEN / "tokenizer", layout.base / "tokenizer")


def fill(engine: Void, footage: Filmed, quality: str, scale: Scale) -> Stages:
    """One job; every fill must be there, finite and over its hole."""
    stages = Stages()
    wanted = {"quality": quality, "width": scale.width, "height": scale.height}
    if scale.tiny:
        wanted |= {"steps": 2, "refine_steps": 2}
    found = 0
    for made in engine.fill(
        footage,
        frames=footage.frames,
        prompt="an empty room",
        seed=1,
        parameters=catalog.complete(engine.describe(), wanted),
        progress=stages,
        record=stages,
    ):
        if not np.isfinite(made.rgb).all():
            raise SystemExit(f"frame {made.frame} is not finite")
        found += 1
    holes = sum(bool(footage.hole(frame).any()) for frame in footage.frames)
    if found != holes:
        raise SystemExit(f"{found} fills came for {holes} holes")
    return stages


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--frames", type=int, default=24)
    parser.add_argument("--quality", default="standard")
    parser.add_argument("--size", default="1920x1080")
    parser.add_argument("--tiny", action="store_true")
    given = parser.parse_args()
    scale = Scale(given.tiny)
    width, height = (int(side) for side in given.size.split("x"))
    device = "cpu" if given.tiny else given.device
    with tempfile.TemporaryDirectory(prefix="void-chain-") as folder:
        root = Path(folder) / "weights"
        layout = make_checkpoint(root, scale, torch.device(device.split("+")[0]))
        make_text_encoder(layout, scale)
        footage = Filmed(width, height, given.frames)
        engine = Void(device=device, weights=root, cache=Path(folder) / "cache")
        for run in ("first job", "second job"):
            stages = fill(engine, footage, given.quality, scale)
            print(f"\n{run}, {given.frames} frames {given.size}, {given.quality}, {device}:")
            for stage, seconds in stages.seconds.items():
                print(f"  {stage:24s} {seconds:8.2f} s")
            print(f"  {'all':24s} {sum(stages.seconds.values()):8.2f} s")
        print({k: v for k, v in stages.facts.items() if not k.startswith("grain")})


if __name__ == "__main__":
    main()
