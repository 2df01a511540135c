"""What everything but the engine costs, next to OpenImageIO reading and writing the same frames.

    python tests/benchmarks/pixel_cost.py [--frames 200] [--threads 1] [--folder DIR]

Makes 4096x2160 half ZIP plates with grain and roto mattes, takes them through reading, hole,
composite, write and read-back with a constant fill in place of an engine, and prints a table for
docs/benchmarks.md. Both sides run in one process, on one disk, with the same number of threads,
in turns.
"""

from __future__ import annotations

import argparse
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
from void_server.composite import changed_outside, write_comp
from void_server.engines.engine import Fill
from void_server.footage import ShotFootage
from void_server.images import exr
from void_server.matte import bounds

WIDTH, HEIGHT, FIRST, DISTINCT = 4096, 2160, 1001, 4
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


def ours(footage: ShotFootage, frame: int, out: Path, watch: Stopwatch) -> int:
    begin = time.perf_counter()
    with watch.step("read matte, hole"):
        footage.hole(frame)
    with watch.step("read plate (hash, decode)"):
        picture = footage.picture(frame)
    with watch.step("scene-linear float for the engine"):
        footage.plate(frame)
    fill = constant_fill(footage, frame)
    with watch.step("alpha, patch"):
        patch = footage.patch(fill)
    path = out / f"comp.{frame}.exr"
    with watch.step("composite, write, fsync"):
        write_comp(picture, patch, path, color=footage.color, attributes={"job": "benchmark"})
    with watch.step("read back, compare"):
        changed = changed_outside(path, picture, patch)
    watch.seconds["ours"].append(time.perf_counter() - begin)
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


def run(folder: Path, frames: int, threads: int) -> None:
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
    with ShotFootage(shot, locate=lambda f: Path(f.path), grow=8, feather=6) as footage:
        for index, frame in enumerate(footage.frames):
            changed += ours(footage, frame, folder, watch)
            if index < 20:
                oiio_alone(plates[index % DISTINCT], folder, watch)
            memory.append(resident())
    report(watch, memory, changed, frames=frames, threads=threads)


def report(watch: Stopwatch, memory: list[int], changed: int, *, frames: int, threads: int) -> None:
    alone = watch.median("OIIO read") + watch.median("OIIO write")
    print(f"\n{WIDTH}x{HEIGHT} half ZIP, {frames} frames, {threads} thread(s), median ms a frame\n")
    print("| step | ms |\n|---|---|")
    for name, seconds in watch.seconds.items():
        if name != "ours" and not name.startswith("OIIO"):
            print(f"| {name} | {np.median(seconds) * 1e3:.0f} |")
    print(f"| **all but the engine** | **{watch.median('ours') * 1e3:.0f}** |")
    print(f"| OIIO read | {watch.median('OIIO read') * 1e3:.0f} |")
    print(f"| OIIO write | {watch.median('OIIO write') * 1e3:.0f} |")
    print(f"| **OIIO alone** | **{alone * 1e3:.0f}** |")
    print(f"| **ratio (target <= 1.5)** | **{watch.median('ours') / alone:.2f}** |")
    settled = memory[min(20, len(memory) // 2) :]
    print(f"\nvalues changed outside the alpha: {changed}")
    print(
        f"resident memory: {memory[0] // MIB} MiB after frame 1, {settled[0] // MIB} MiB settled, "
        f"{max(settled) // MIB} MiB at most, {memory[-1] // MIB} MiB at the end"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=None)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        run(Path(folder), arguments.frames, arguments.threads)


if __name__ == "__main__":
    main()
