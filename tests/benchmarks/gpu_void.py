"""Speed, memory and error of the engine ``void``: the published architecture, random weights.

    python tests/benchmarks/gpu_void.py                 one GPU, under 9 minutes
    python tests/benchmarks/gpu_void.py --tiny          the CPU, seconds

Needs no download: makes a checkpoint of random numbers in a temporary folder (12 GB) and runs the
engine's own code on it. The text encoder has no part in it, as in the reference's figures.
"""

from __future__ import annotations

import argparse
import copy
import gc
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch
from random_checkpoint import Scale, make_checkpoint

from void_server.engines.void.checkpoint import load_transformer, load_vae, scheduler_config
from void_server.engines.void.conditioning import (
    Conditioning,
    encode_mask,
    encode_plate,
    plate_noise,
)
from void_server.engines.void.decoding import decoded
from void_server.engines.void.denoise import denoise, initial_noise
from void_server.engines.void.fast import attention
from void_server.engines.void.fast.residency import resident
from void_server.engines.void.fast.transformer import FastForward
from void_server.engines.void.layout import Layout
from void_server.engines.void.models import Models, faster
from void_server.engines.void.passes import PASS_1, PASS_2, Pass, build_scheduler
from void_server.engines.void.predict import Text
from void_server.engines.void.transformer import EagerForward
from void_server.engines.void.vae import Vae

REFERENCE = {
    "forward": 0.474,
    "encode": 1.31,
    "decode": 2.95,
    "pass 1, 85 frames": 23.6,
    "pass 1, 197 frames": 56.2,
    "pass 2, 85 frames": 55.8,
}
"""Seconds of the public reference on one H200, bf16, random weights, 384 x 672."""


class Bench:
    """Runs and times the parts; remembers what it found."""

    def __init__(self, layout: Layout, scale: Scale, device: torch.device) -> None:
        self.layout, self.scale, self.device = layout, scale, device
        self.cuda = device.type == "cuda"
        self.dtype = torch.bfloat16 if self.cuda else torch.float32
        self.found: dict[str, float | str] = {}
        self.subject = ""
        self.began = time.monotonic()

    def say(self, what: str, value: float | str, note: str = "") -> None:
        # An indented line belongs to the last one that is not.
        self.subject = self.subject if what.startswith(" ") else what
        self.found[what if what == self.subject else f"{self.subject}: {what.strip()}"] = value
        shown = f"{value:.4g}" if isinstance(value, float) else value
        print(f"[{time.monotonic() - self.began:5.0f} s] {what:52} {shown:>10}  {note}", flush=True)

    def seconds(self, run: Callable[[], object], times: int = 3) -> float:
        """Median wall time, the device waited for."""
        taken = []
        for _ in range(times):
            self._wait()
            begin = time.perf_counter()
            run()
            self._wait()
            taken.append(time.perf_counter() - begin)
        return statistics.median(taken)

    @contextmanager
    def peak(self, what: str) -> object:
        """Say the most device memory that is taken meanwhile."""
        clean()
        if self.cuda:
            torch.cuda.reset_peak_memory_stats()
        yield
        if self.cuda:
            self._wait()
            tensors = torch.cuda.max_memory_allocated() / 2**30
            self.say(
                what, torch.cuda.max_memory_reserved() / 2**30, f"GiB; {tensors:.1f} in tensors"
            )

    def _wait(self) -> None:
        if self.cuda:
            torch.cuda.synchronize()

    def window(self, batch: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
        generator = torch.Generator().manual_seed(1)
        shape = (batch, 22, 48, self.scale.height // 8, self.scale.width // 8)
        latents = torch.randn(shape, generator=generator).to(self.device)
        text = torch.randn(batch, 226, self.scale.text_width, generator=generator)
        return latents, text.to(self.device)


def clean() -> None:
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def error(found: torch.Tensor, right: torch.Tensor) -> float:
    """|found - right| / |right|, Frobenius."""
    return float((found.float() - right.float()).norm() / right.float().norm())


def matrix_peak(bench: Bench) -> float:
    """TFLOP/s of a large product in bf16, random numbers."""
    side = 8192 if bench.cuda else 512
    a = torch.randn(side, side, device=bench.device, dtype=torch.bfloat16)
    b = torch.randn(side, side, device=bench.device, dtype=torch.bfloat16)

    def ten() -> None:
        for _ in range(10):
            a @ b

    ten()
    rate = 10 * 2 * side**3 / bench.seconds(ten) / 1e12
    bench.say("matrix product, bf16, TFLOP/s", rate)
    return rate


def transformer(bench: Bench, peak: float) -> None:
    """Forward of a window: eager, fast with each attention, fp8; error against both."""
    host, (latents, text) = torch.device("cpu"), bench.window()
    exact = load_transformer(bench.layout, 1, device=bench.device, dtype=torch.float32)
    right = EagerForward(exact)(latents, text, 500)
    del exact
    clean()
    load = lambda device: load_transformer(bench.layout, 1, device=device, dtype=bench.dtype)  # noqa: E731
    model = load(bench.device)
    eager = EagerForward(model)
    plain = eager(latents, text, 500)
    seconds = bench.seconds(partial(eager, latents, text, 500))
    bench.say("forward, eager", seconds, f"reference {REFERENCE['forward']}")
    bench.say("  error against float32", error(plain, right))
    kernels = attention.candidates(bench.device) if bench.cuda else {"torch": attention.plain}
    chosen = attention.chosen(bench.device)[0]
    forward = FastForward(model, resident(model, device=bench.device, fp8=False))
    for name, attend in kernels.items():
        forward.attend = attend
        found = forward(latents, text, 500)
        seconds = bench.seconds(partial(forward, latents, text, 500), 5)
        rate = bench.scale.flops(22) / seconds / 1e12
        mark = ", the default" if name == chosen else ""
        bench.say(
            f"forward, fast, attention {name}",
            seconds,
            f"{rate:.0f} TFLOP/s, {rate / peak:.0%} of the product's{mark}",
        )
        bench.say("  error against float32", error(found, right))
        bench.say("  error against eager", error(found, plain))
    forward.attend = kernels[chosen]
    two, texts = bench.window(2)
    forward(two, texts, 500)
    bench.say("forward, fast, batch of 2", bench.seconds(partial(forward, two, texts, 500)))
    del forward, eager, model
    clean()
    if bench.cuda:
        model = load(host)
        blocks = resident(model, device=bench.device, fp8=True)
        model.to(bench.device)
        small = FastForward(model, blocks, attend=kernels[chosen])
        found = small(latents, text, 500)
        bench.say("forward, fp8", bench.seconds(lambda: small(latents, text, 500), 5))
        bench.say("  error against float32", error(found, right))
        bench.say("  error against eager", error(found, plain))


def autoencoder(bench: Bench) -> None:
    """Encode and decode of 85 frames, eager and fast, and their errors."""
    scale, dtype = bench.scale, bench.dtype
    generator = torch.Generator().manual_seed(2)
    pixels = torch.rand(1, 3, 85, scale.height, scale.width, generator=generator) * 2 - 1
    pixels = pixels.to(bench.device)
    latents = torch.randn(1, 16, 22, scale.height // 8, scale.width // 8, generator=generator)
    latents = latents.to(bench.device)
    exact = Vae(load_vae(bench.layout, device=bench.device, dtype=torch.float32))
    few = 6
    right = exact.encode(pixels[:, :, :21]), exact.decode(latents[:, :, :few])
    del exact
    clean()
    model = load_vae(bench.layout, device=bench.device, dtype=dtype)
    plain: dict[str, torch.Tensor] = {}
    for name, vae in (("eager", Vae(copy.deepcopy(model))), ("fast", Vae(faster(model)))):
        for part, run, whole, short, exactly in (
            ("encode", vae.encode, pixels, pixels[:, :, :21], right[0]),
            ("decode", vae.decode, latents, latents[:, :, :few], right[1]),
        ):
            run(whole)
            known = f"reference {REFERENCE[part]}"
            bench.say(f"{part} 85 frames, {name}", bench.seconds(partial(run, whole)), known)
            found = run(short)
            bench.say("  error against float32", error(found, exactly))
            if part in plain:
                bench.say("  error against eager", error(found, plain[part]))
            plain.setdefault(part, found)
        clean()


def denoised(bench: Bench, models: Models, stage: Pass, conditioning: Conditioning) -> torch.Tensor:
    """A pass's latents; in a function of its own, so that the transformer can be let go of."""
    scale, spread = bench.scale, models.spread()
    run = partial(denoise, models.forward(stage.number), device=bench.device)
    text = torch.randn(1, 226, scale.text_width, generator=torch.Generator().manual_seed(4))
    size = {"height": scale.height // 8, "width": scale.width // 8}
    finals = (spread.denoise if spread else run)(
        conditioning,
        stage=stage,
        scheduler=build_scheduler(stage, scheduler_config(bench.layout)),
        text=Text(prompt=text, negative=text),
        noise=initial_noise(seed=0, pass_number=stage.number, **size),
    )
    return torch.cat([final.latents.cpu() for final in finals], dim=1)


def whole_pass(
    bench: Bench,
    models: Models,
    number: int,
    frames: int,
    steps: int | None,
) -> tuple[float, dict[str, float]]:
    """Encode both, denoise, decode, as a job does; total seconds and the parts'."""
    scale = bench.scale
    stage = (PASS_1, PASS_2)[number - 1]
    stage = replace(stage, steps=scale.steps or steps or stage.steps)
    generator = torch.Generator().manual_seed(3)
    plate = torch.rand(8, 3, scale.height, scale.width, generator=generator)
    levels = torch.zeros(8, scale.height, scale.width, dtype=torch.uint8)
    parts: dict[str, float] = {}
    begin = time.perf_counter()

    def lap(name: str) -> None:
        bench._wait()
        parts[name] = time.perf_counter() - begin - sum(parts.values())

    vae = models.vae()
    noise = plate_noise(seed=0, height=scale.height, width=scale.width)
    take = lambda kept: lambda indices: kept[[i % 8 for i in indices]]  # noqa: E731
    encoded_plate = encode_plate(vae, take(plate), range(frames), noise=noise)
    encoded_mask = encode_mask(
        vae, take(levels), range(frames), pass_number=number, semantics="reference"
    )
    lap("encode")
    models.spread() or models.forward(number)
    lap("load")
    condition = Conditioning(mask=encoded_mask, plate=encoded_plate)
    latents = denoised(bench, models, stage, condition)
    lap("denoise")
    count = sum(len(pictures) for pictures in decoded(models.vae(), latents))
    lap("decode")
    if count != frames:
        raise SystemExit(f"{count} frames came out of {frames}")
    return sum(seconds for name, seconds in parts.items() if name != "load"), parts


def passes(
    bench: Bench,
    mode: str,
    cases: list[tuple[int, int, int | None]],
    others: tuple[str, ...] = (),
) -> None:
    """Whole passes in a memory mode; networks are loaded and warm, and said apart."""
    models = Models(layout=bench.layout, device=bench.device, mode=mode, others=others)
    if others:
        mode = f"{len(others) + 1} devices"
    with bench.peak(f"{mode}: peak memory"):
        for number, frames, steps in cases:
            name = f"pass {number}, {frames} frames"
            total, parts = whole_pass(bench, models, number, frames, steps)
            known = f"reference {REFERENCE[name]}, " if steps is None else ""
            shares = ", ".join(f"{part} {seconds:.2f}" for part, seconds in parts.items())
            few = f", {steps} steps" if steps else ""
            bench.say(f"{mode}: {name}{few}", total, known + shares)
    models.release()
    clean()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tiny", action="store_true", help="a tiny architecture on the CPU")
    parser.add_argument(
        "--only", default="", help="forward, vae, passes, spread, modes, or one mode"
    )
    parser.add_argument("--json", type=Path, help="write the figures there, too")
    parser.add_argument("--weights", type=Path, help="keep the random checkpoint in this folder")
    arguments = parser.parse_args()
    device = torch.device("cpu" if arguments.tiny else "cuda:0")
    scale = Scale(arguments.tiny)
    with tempfile.TemporaryDirectory(prefix="void-bench-") as folder:
        root = arguments.weights or Path(folder)
        layout = Layout(root)
        if not layout.checkpoint(2).exists():
            layout = make_checkpoint(root, scale, device)
        clean()
        bench = Bench(layout, scale, device)
        run(bench, arguments.only)
        if arguments.json:
            arguments.json.write_text(json.dumps(bench.found, indent=1))


def run(bench: Bench, only: str) -> None:
    """All tables, or one of them."""
    if not only or only == "forward":
        transformer(bench, matrix_peak(bench))
        clean()
    if not only or only == "vae":
        autoencoder(bench)
    everything = [(1, 85, None), (1, 197, None), (2, 85, None)]
    if not only or only == "passes":
        # The first run compiles kernels; it is said apart.
        passes(bench, "full", [(1, 85, 2), *everything])
        passes(bench, "fp8", [(1, 85, 2), *everything[:2]])
    if not only or only == "spread":
        count = 2 if bench.scale.tiny else torch.cuda.device_count()
        others = tuple("cpu" if bench.scale.tiny else f"cuda:{n}" for n in range(1, count))
        if others:
            warm = [(1, 197, 2), (2, 85, 2)]
            passes(bench, "full", [warm[0], everything[1], warm[1], everything[2]], others)
    for mode in ("full", "offload", "fp8", "sequential"):
        if only in ("", "modes", mode):
            passes(bench, mode, [(1, 197, 2)])


if __name__ == "__main__":
    main()
