"""What everything but the engine costs, next to OpenImageIO reading and writing the same frames.

    python tests/benchmarks/pixel_cost.py [--frames 200] [--threads 1] [--behind] [--folder DIR]

Makes 4096x2160 half ZIP plates with grain and roto mattes, takes them through reading, hole,
composite, write and read-back with a constant fill in place of an engine, and prints a table for
docs/benchmarks.md. Both sides run in one process, on one disk, with the same number of threads,
in turns. With ``--behind``, writing and read-back run beside the next frame on a thread of their
own, which is fair only next to OIIO with two threads.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import OpenEXR
import OpenImageIO as oiio

from bridge.shot import Matte, Sequence, Shot, SourceFile
from void_server.composite import write_comp
from void_server.engines.engine import Fill
from void_server.footage import ShotFootage
from void_server.images import exr
from void_server.images.picture import Picture
from void_server.matte import bounds
from void_server.patch import Patch
from void_server.plate import PlateColor
from void_server.read_back import changed_outside
from void_server.worker.writer import Writer

WIDTH, HEIGHT, FIRST, DISTINCT, BLOCK = 4096, 2160, 1001, 4, 5
MIB = 1 << 20


class Stopwatch:
    """Seconds by step."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = defaultdict(list)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        begin = time.perf_counter()
        yield
        self.seconds[name].append(time.perf_counter() - begin)

    def median(self, name: str) -> float:
        return float(np.median(self.seconds[name]))


def make_files(folder: Path) -> tuple[list[Path], list[Path]]:
    """A few plates and mattes, used over and over."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    plates, mattes = [], []
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    for index in range(DISTINCT):
        base = 0.2 + 0.15 * np.sin(x / 37 + index) * np.cos(y / 53) + 0.3 * (x / WIDTH)
        planes = {
            name: (base * gain + rng.normal(0, 0.01, base.shape)).astype(np.float16)
            for name, gain in zip("RGB", (1.0, 0.8, 0.6), strict=True)
        }
        plates.append(folder / f"plate.{FIRST + index}.exr")
        OpenEXR.File(header, planes).write(str(plates[-1]))
        radius = np.hypot((x - 1600 - 60 * index) / 420, (y - 1100) / 620)
        alpha = np.clip((1.0 - radius) * 60, 0, 1).astype(np.float16)
        channels = dict.fromkeys("RGBA", alpha)
        mattes.append(folder / f"roto.{FIRST + index}.exr")
        OpenEXR.File(header, channels).write(str(mattes[-1]))
    return plates, mattes


def sequence(paths: list[Path], frames: int) -> Sequence:
    files = []
    for path in paths:
        data = path.read_bytes()
        files.append(SourceFile(path.name, len(data), hashlib.sha256(data).hexdigest(), str(path)))
    numbers = tuple(range(FIRST, FIRST + frames))
    label = paths[0].name.replace(str(FIRST), "%04d")
    return Sequence(label, "stills", tuple(files[i % DISTINCT] for i in range(frames)), numbers)


def constant_fill(footage: ShotFootage, frame: int) -> Fill:
    """What stands in for an engine: the hole's box in one colour."""
    box = bounds(footage.hole(frame))
    assert box is not None
    rgb = np.full((*box.shape, 3), 0.18, np.float32)
    seen = np.ones(box.shape, np.uint16)
    return Fill(frame=frame, top=box.y_min, left=box.x_min, rgb=rgb, seen=seen)


def make(footage: ShotFootage, frame: int, watch: Stopwatch) -> tuple[Picture, Patch]:
    with watch.step("read matte, hole"):
        footage.hole(frame)
    with watch.step("read plate (hash, decode)"):
        picture = footage.picture(frame)
    with watch.step("scene-linear float for the engine"):
        footage.plate(frame)
    with watch.step("stand-in"):
        fill = constant_fill(footage, frame)
    with watch.step("alpha, patch"):
        return picture, footage.patch(fill)


def deliver(picture: Picture, patch: Patch, out: Path, color: PlateColor, watch: Stopwatch) -> int:
    path = out / f"comp.{patch.frame}.exr"
    with watch.step("composite, write, fsync"):
        write_comp(picture, patch, path, color=color, attributes={"job": "benchmark"})
    with watch.step("read back, compare"):
        changed = changed_outside(path, picture, patch)
    path.unlink()
    return changed


def oiio_alone(source: Path, out: Path, watch: Stopwatch) -> None:
    with watch.step("OIIO read"):
        opened = oiio.ImageInput.open(str(source))
        spec = opened.spec()
        pixels = opened.read_image(0, 0, 0, spec.nchannels, oiio.HALF)
        opened.close()
    target = out / "oiio.exr"
    with watch.step("OIIO write"):
        output = oiio.ImageOutput.create(str(target))
        output.open(str(target), spec)
        output.write_image(pixels)
        output.close()
    target.unlink()


def resident() -> int:
    """Resident memory of this process, bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def run(folder: Path, frames: int, threads: int, *, behind: bool) -> None:
    plates, mattes = make_files(folder)
    oiio.attribute("threads", threads)
    oiio.attribute("exr_threads", threads if threads > 1 else -1)
    exr.set_threads(threads if threads > 1 else 0)
    shot = Shot(
        "benchmark",
        sequence(plates, frames),
        (Matte("remove", sequence(mattes, frames)),),
        FIRST,
        FIRST + frames - 1,
        colorspace="ACEScg",
    )
    watch, memory, changed = Stopwatch(), [], 0
    with (
        ShotFootage(shot, locate=lambda f: Path(f.path), grow=8, feather=6) as footage,
        Writer(depth=2 if behind else 0) as writer,
    ):
        for start in range(0, frames, BLOCK):
            changed += block(footage, footage.frames[start : start + BLOCK], folder, writer, watch)
            for path in plates[:2]:
                oiio_alone(path, folder, watch)
            memory.append(resident())
    report(watch, memory, changed, frames=frames, threads=threads, behind=behind)


def block(
    footage: ShotFootage,
    frames: tuple[int, ...],
    folder: Path,
    writer: Writer[int],
    watch: Stopwatch,
) -> int:
    """Take a few frames all the way; one measurement, so that both sides share the noise."""
    changed, stood_in = 0, len(watch.seconds["stand-in"])
    begin = time.perf_counter()
    for frame in frames:
        made = make(footage, frame, watch)
        changed += sum(writer.push(functools.partial(deliver, *made, folder, footage.color, watch)))
    changed += sum(writer.drain())
    spent = time.perf_counter() - begin - sum(watch.seconds["stand-in"][stood_in:])
    watch.seconds["ours"].append(spent / len(frames))
    return changed


def report(
    watch: Stopwatch, memory: list[int], changed: int, *, frames: int, threads: int, behind: bool
) -> None:
    alone = watch.median("OIIO read") + watch.median("OIIO write")
    how = f"{threads} thread(s)" + (", writing behind" if behind else "")
    print(f"\n{WIDTH}x{HEIGHT} half ZIP, {frames} frames, {how}, median ms a frame\n")
    print("| step | ms |\n|---|---|")
    for name, seconds in watch.seconds.items():
        if name not in ("ours", "stand-in") and not name.startswith("OIIO"):
            print(f"| {name} | {np.median(seconds) * 1e3:.0f} |")
    print(f"| **all but the engine** | **{watch.median('ours') * 1e3:.0f}** |")
    print(f"| OIIO read | {watch.median('OIIO read') * 1e3:.0f} |")
    print(f"| OIIO write | {watch.median('OIIO write') * 1e3:.0f} |")
    print(f"| **OIIO alone** | **{alone * 1e3:.0f}** |")
    print(f"| **ratio (target <= 1.5)** | **{watch.median('ours') / alone:.2f}** |")
    settled = memory[min(4, len(memory) // 2) :]
    print(f"\nvalues changed outside the alpha: {changed}")
    print(
        f"resident memory: {memory[0] // MIB} MiB after {BLOCK} frames, "
        f"{settled[0] // MIB} MiB settled, "
        f"{max(settled) // MIB} MiB at most, {memory[-1] // MIB} MiB at the end"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--behind", action="store_true")
    parser.add_argument("--folder", type=Path, default=None)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        run(Path(folder), arguments.frames, arguments.threads, behind=arguments.behind)


if __name__ == "__main__":
    main()
