"""One shot's denoising on one device and on several: seconds per step, ratio, largest difference.

    python tests/benchmarks/gpu_spread.py               all GPUs of the machine, under 2 minutes
    python tests/benchmarks/gpu_spread.py --tiny        two processes on the CPU, seconds

The published architecture with random weights, the same on every device; nothing is downloaded.
Also cancels a shot half way, runs another, and at last kills a rank, with the seconds of each.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from diffusers import CogVideoXTransformer3DModel

from bridge.errors import ServerError
from void_server.engines.void.conditioning import Conditioning
from void_server.engines.void.denoise import denoise
from void_server.engines.void.layout import Layout
from void_server.engines.void.models import fast_forward
from void_server.engines.void.passes import PASS_1, PASS_2, Pass, build_scheduler
from void_server.engines.void.predict import Text
from void_server.engines.void.seams import Forward
from void_server.engines.void.spread import rank
from void_server.engines.void.spread.schedule import timeline
from void_server.engines.void.spread.spread import Spread
from void_server.engines.void.transformer import EagerForward
from void_server.engines.void.windows import windows

GOLDEN = Layout(Path(__file__).parents[1] / "golden")
ARCHITECTURE = {"num_attention_heads": 48, "num_layers": 42, "time_embed_dim": 512}
TEXT_WIDTH = {"full": 4096, "tiny": 32}
CASES = {"pass 1, 197 frames": (PASS_1, 50), "pass 2, 85 frames": (PASS_2, 22)}


class Random:
    """Transformers of normally distributed weights; mode ``full`` or ``tiny``."""

    def __init__(self, *, layout: Layout, device: torch.device, mode: str) -> None:
        self._layout, self._device, self._mode = layout, device, mode
        self._forward: Forward | None = None

    def forward(self, pass_number: int) -> Forward:
        """The same for both passes."""
        if self._forward is None:
            self._forward = self._made()
        return self._forward

    def _made(self) -> Forward:
        if self._device.type != "cuda":
            return EagerForward(self._model(self._device))
        with torch.cuda.device(self._device):
            return fast_forward(self._model, device=self._device, mode="full")

    def _model(self, device: torch.device) -> CogVideoXTransformer3DModel:
        config = json.loads((self._layout.transformer / "config.json").read_text())
        config |= {"in_channels": 48, "text_embed_dim": TEXT_WIDTH[self._mode]}
        if self._mode == "full":
            config |= ARCHITECTURE
        del config["add_noise_in_inpaint_model"]
        known = {name: value for name, value in config.items() if name[0] != "_"}
        torch.set_default_dtype(torch.bfloat16 if device.type == "cuda" else torch.float32)
        with torch.device(device):
            model = CogVideoXTransformer3DModel(**known).eval().requires_grad_(False)
        torch.set_default_dtype(torch.float32)
        generator = torch.Generator(device).manual_seed(0)
        for parameter in model.parameters():
            parameter.normal_(0.0, 0.02, generator=generator)
        return model


@dataclass(frozen=True)
class Case:
    """A pass over a shot of random latents."""

    stage: Pass
    latents: int
    mode: str

    def arguments(self, steps: int) -> tuple[Conditioning, dict[str, object]]:
        """For `denoise`."""
        size = (48, 84) if self.mode == "full" else (4, 6)
        generator = torch.Generator().manual_seed(1)
        shape = (1, self.latents, 16, *size)
        mask, plate, noise = (torch.randn(shape, generator=generator) for _ in range(3))
        words = (1, 226, TEXT_WIDTH[self.mode])
        prompt, negative = (torch.randn(words, generator=generator) for _ in range(2))
        config = json.loads((GOLDEN.scheduler / "scheduler_config.json").read_text())
        stage = replace(self.stage, steps=steps)
        return Conditioning(mask=mask, plate=plate), {
            "stage": stage,
            "scheduler": build_scheduler(stage, config),
            "text": Text(prompt=prompt, negative=negative),
            "noise": noise,
        }


def timed(work, device: torch.device) -> tuple[torch.Tensor, float]:
    """Latents on the CPU, and seconds."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    begin = time.monotonic()
    latents = torch.cat([final.latents.cpu() for final in work()], dim=1)
    return latents, time.monotonic() - begin


def alone(case: Case, forward: Forward, device: torch.device, steps: int):
    """On one device, warmed up."""
    for count in (2, steps):
        conditioning, arguments = case.arguments(count)
        found = timed(
            lambda c=conditioning, a=arguments: denoise(forward, c, device=device, **a), device
        )
    return found


def spread(case: Case, ranks: Spread, device: torch.device, steps: int):
    """On all of them, warmed up."""
    for count in (2, steps):
        conditioning, arguments = case.arguments(count)
        found = timed(lambda c=conditioning, a=arguments: ranks.denoise(c, **a), device)
    return found


def possible(case: Case, devices: int, steps: int) -> float:
    """The ratio of the plan itself."""
    entries = timeline(
        windows(case.latents),
        branches=2 if case.stage.guided else 1,
        steps=steps,
        ranks=devices,
        join=8,
    )
    return sum(e.end - e.begin for e in entries) / max(e.end for e in entries)


class Interrupted(Exception):
    """Raised by a callback."""


def interrupted(case: Case, ranks: Spread, act) -> tuple[str, float]:
    """What became of a shot in whose third step ``act`` is called, and seconds from there."""
    at = 0.0

    def on_step(step, *_):
        nonlocal at
        if step == 3:
            at = time.monotonic()
            act()

    conditioning, arguments = case.arguments(8)
    try:
        list(ranks.denoise(conditioning, on_step=on_step, **arguments))
    except (Interrupted, ServerError) as error:
        return getattr(error, "code", "cancelled"), time.monotonic() - at
    return "it ended as if nothing had happened", time.monotonic() - at


def cancel() -> None:
    """As a cancelled job does."""
    raise Interrupted


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--steps", type=int, default=6)
    given = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    mode = "tiny" if given.tiny else "full"
    count = 2 if given.tiny else torch.cuda.device_count()
    devices = ["cpu"] * count if given.tiny else [f"cuda:{n}" for n in range(count)]
    device = torch.device(devices[0])
    if given.tiny:
        torch.set_num_threads(1)
    transformers = Random(layout=GOLDEN, device=device, mode=mode)
    cases = {name: Case(stage, latents, mode) for name, (stage, latents) in CASES.items()}
    before = {
        name: alone(case, transformers.forward(1), device, given.steps)
        for name, case in cases.items()
    }
    for name, (latents, seconds) in before.items():
        say(f"{name}: one device {seconds / given.steps:.4f} s a step", values=latents)
    begin = time.monotonic()
    with Spread(
        devices,
        layout=GOLDEN,
        mode=mode,
        forward_of=transformers.forward,
        command=(sys.executable, __file__, "--rank"),
    ) as ranks:
        for name, case in cases.items():
            latents, seconds = spread(case, ranks, device, given.steps)
            wanted, one = before[name]
            say(
                f"{name}: {count} devices, {seconds / given.steps:.4f} s a step, "
                f"x{one / seconds:.3f} (the plan: x{possible(case, count, given.steps):.3f}), "
                f"largest difference {(latents - wanted).abs().max():.3e} "
                f"of {wanted.abs().max():.3f}"
            )
        case = cases["pass 1, 197 frames"]
        say("{}: {} after {:.2f} s".format("cancel", *interrupted(case, ranks, cancel)))
        latents, _ = spread(case, ranks, device, given.steps)
        wanted = before["pass 1, 197 frames"][0]
        say(f"after a cancel: largest difference {(latents - wanted).abs().max():.3e}")
        pid = ranks.pids[-1]
        found = interrupted(case, ranks, lambda pid=pid: os.kill(pid, signal.SIGKILL))
        say("{}: {} after {:.2f} s".format("kill", *found))
    say(f"{time.monotonic() - begin:.0f} s in all")


def say(text: str, *, values: torch.Tensor | None = None) -> None:
    """A line at once."""
    finite = "" if values is None or bool(torch.isfinite(values).all()) else " NOT FINITE"
    print(text + finite, flush=True)


if __name__ == "__main__":
    if "--rank" in sys.argv:
        sys.exit(rank.main(Random))
    main()
