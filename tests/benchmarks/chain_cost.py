"""What the whole chain around a model costs on 4096x2160 frames, on one core.

    OMP_NUM_THREADS=1 taskset -c 0 python tests/benchmarks/chain_cost.py [--frames 12] [--detail]

Mattes and plates are read, the shot is brought to model space and size, a stand-in returns it as
it is, colours and seam are matched, the patch is enlarged and grained, put over the plate, written
and read back. Next to it OpenImageIO reads and writes the same frames. Prints a table for
docs/benchmarks.md, by what the artist would see as the stage.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import cv2
import numpy as np
import OpenImageIO as oiio
from pixel_cost import FIRST, HEIGHT, WIDTH, Stopwatch, deliver, make_files, oiio_alone, sequence
from stages import Stages

from bridge.shot import Matte, Shot
from void_server.engines import catalog
from void_server.engines.standin.engine import StandIn
from void_server.footage import ShotFootage
from void_server.images import exr


def chain(footage: ShotFootage, folder: Path, parameters: dict[str, object]) -> tuple[Stages, int]:
    """All frames all the way; the stages, and how many values outside the alpha changed."""
    stages, changed, unused = Stages(), 0, Stopwatch()
    engine = StandIn()
    footage.prepare(stages)
    fills = engine.fill(
        footage,
        frames=footage.frames,
        prompt="",
        seed=1,
        parameters=catalog.complete(engine.describe(), parameters),
        progress=stages,
        record=stages,
    )
    for fill in fills:
        stages.lap("finishing")
        patch = footage.patch(fill)
        changed += deliver(footage.picture(fill.frame), patch, folder, footage.color, unused)
        stages.lap("composite, write, read back")
    return stages, changed


def run(folder: Path, frames: int, *, detail: bool) -> None:
    plates, mattes = make_files(folder)
    shot = Shot(
        "benchmark",
        sequence(plates, frames),
        (Matte("remove", sequence(mattes, frames)),),
        FIRST,
        FIRST + frames - 1,
        colorspace="ACEScg",
    )
    watch = Stopwatch()
    for path in plates:
        oiio_alone(path, folder, watch)
    with ShotFootage(shot, locate=lambda f: Path(f.path), grow=8, feather=6) as footage:
        stages, changed = chain(footage, folder, {"model": "identity", "detail": detail})
    for path in plates:
        oiio_alone(path, folder, watch)
    report(stages, changed, watch, frames)


def report(stages: Stages, changed: int, watch: Stopwatch, frames: int) -> None:
    alone = watch.median("OIIO read") + watch.median("OIIO write")
    model = stages.seconds.pop("standing in")
    whole = sum(stages.seconds.values()) / frames
    print(f"\n{WIDTH}x{HEIGHT} half ZIP, {frames} frames, one core, s a frame; "
          f"{stages.facts['fitted']}\n")  # fmt: skip
    print("| stage | s |\n|---|---|")
    for stage, seconds in stages.seconds.items():
        print(f"| {stage} | {seconds / frames:.2f} |")
    print(f"| **whole chain without the model** | **{whole:.2f}** |")
    print(f"| OIIO read + write | {alone:.2f} |\n| ratio | {whole / alone:.2f} |")
    print(f"\nvalues changed outside the alpha: {changed}")
    print(f"the stand-in itself: {model / frames:.2f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=12)
    parser.add_argument("--detail", action="store_true", help="with real pixels of other frames")
    parser.add_argument("--folder", type=Path, default=None)
    given = parser.parse_args()
    cv2.setNumThreads(1)
    oiio.attribute("threads", 1)
    oiio.attribute("exr_threads", -1)
    exr.set_threads(0)
    np.seterr(all="ignore")
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        run(Path(folder), given.frames, detail=given.detail)


if __name__ == "__main__":
    main()
