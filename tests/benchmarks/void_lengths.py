"""Both passes of the engine ``void`` through a real server, for shots of every awkward length.

    python tests/benchmarks/void_lengths.py --weights tests/golden [--size 96x64] [LENGTH ...]

Makes EXR plates whose every frame shows its own number, has a square removed from each with
``void remove --engine void``, and reads the numbers back from the result, where nothing may have
changed. Prints a row for each length and fails if a frame is missing, moved or touched.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import OpenEXR

LENGTHS = (1, 4, 5, 84, 85, 86, 197, 198, 400)
SIZE = (120, 200)
FIRST = 1001
BITS = 12


def write(path: Path, channels: dict[str, np.ndarray]) -> None:
    header = {"type": OpenEXR.scanlineimage, "compression": OpenEXR.ZIP_COMPRESSION}
    OpenEXR.File(header, channels).write(str(path))


def make_shot(folder: Path, count: int) -> None:
    """Plates with the frame's number as stripes along the top, and a roto further down."""
    ramp = np.linspace(0, 1, SIZE[1], dtype=np.float32)[None, :, None]
    for frame in range(FIRST, FIRST + count):
        picture = np.broadcast_to(ramp, (*SIZE, 3)).astype(np.float16, order="C")
        bits = [(frame >> bit) & 1 for bit in range(BITS)]
        picture[:10, : 10 * BITS] = np.repeat(bits, 10)[None, :, None]
        roto = np.zeros(SIZE, np.float16)
        roto[60:90, 40 + frame % 20 : 90 + frame % 20] = 1
        write(folder / f"plate.{frame}.exr", {"RGB": picture})
        write(folder / f"roto.{frame}.exr", {"A": roto})


def mark(path: Path) -> int:
    """The number that a frame shows."""
    with OpenEXR.File(str(path), separate_channels=True) as file:
        stripes = file.channels()["R"].pixels[5, 5 : 10 * BITS : 10]
    return sum(1 << bit for bit, light in enumerate(stripes) if light > 0.5)


def remove(folder: Path, count: int, options: argparse.Namespace) -> dict[str, object]:
    """Run the command; returns what it says."""
    width, height = options.size.split("x")
    command = [
        *(sys.executable, "-m", "bridge.cli", "remove", str(folder / "plate.%04d.exr")),
        *("--matte", str(folder / "roto.%04d.exr"), "--engine", "void"),
        *("--weights", options.weights, "--quality", "best", "--prompt", "an empty table"),
        *("--param", f"width={width}", "--param", f"height={height}"),
        *("--param", "steps=2", "--param", "refine_steps=2", "--param", "fit=crop"),
        *("--colorspace", "lin_rec709_scene"),
        *("--name", f"shot{count}", "--out", str(folder / "out"), "--json"),
    ]
    environ = os.environ | {"VOID_DATA_DIR": str(folder / "data"), "VOID_DEVICES": options.device}
    done = subprocess.run(command, env=environ, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{count} frames: {done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def check(folder: Path, count: int) -> dict[str, object]:
    """The sidecar, once every frame is there and shows its own number."""
    stem = f"shot{count}_void_v001"
    out = folder / "out" / stem
    wanted = list(range(FIRST, FIRST + count))
    found = sorted(int(path.name.split(".")[-2]) for path in out.glob("*.exr"))
    if found != wanted:
        raise SystemExit(f"{count} frames: {len(found)} came back")
    shown = [mark(out / f"{stem}.{frame}.exr") for frame in wanted]
    if shown != wanted:
        raise SystemExit(f"{count} frames: they show {shown}")
    return json.loads((out / f"{stem}.json").read_text())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lengths", nargs="*", type=int, default=LENGTHS)
    parser.add_argument("--weights", required=True)
    parser.add_argument("--size", default="96x64", help="of the model, e.g. 672x384")
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    print("frames  back  in order  changed outside  seconds  passes, flow, memory")
    for count in options.lengths:
        with tempfile.TemporaryDirectory(prefix="void-lengths-") as name:
            folder = Path(name)
            make_shot(folder, count)
            begin = time.perf_counter()
            remove(folder, count, options)
            seconds = time.perf_counter() - begin
            record = check(folder, count)
            if record["changed_outside"]:
                raise SystemExit(f"{count} frames: {record['changed_outside']} values changed")
            facts = record["engine_facts"]
            print(f"{count:6d}  {count:4d}       yes  {0:15d}  {seconds:7.1f}  "
                  f"2, {facts['flow']}, {facts['memory']}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
