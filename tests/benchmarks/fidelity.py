"""Whole shots through ``void remove`` with stand-ins for the model, and with a tiny checkpoint.

    python tests/benchmarks/fidelity.py --out fidelity [--lime FOLDER] [--weights tests/golden]

Makes an HDR shot of a boom microphone in a lit room, once with the boom and once bare, i.e. with
the boom's mattes over what the room really looks like. On the bare shot the truth in the hole is
the plate, so what the chain around a model does to it can be measured; each row of the table
carries the ID that docs/fidelity.md lists. Reports and contact strips stay in the folder.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import mean, median, pstdev

import fidelity_measures as measures
import numpy as np
import OpenEXR

from void_server.demo import footage
from void_server.demo.scene import Scene

STANDINS = ("identity", "blur", "shift")
PLAIN = ("detail=false", "grain=none")


class Bare(Scene):
    """The room without the boom, under the boom's mattes."""

    def plate(self, frame: int) -> np.ndarray:
        return self.truth(frame)


def read(path: Path) -> dict[str, np.ndarray]:
    with OpenEXR.File(str(path), separate_channels=True) as file:
        return {name: np.asarray(c.pixels) for name, c in file.channels().items()}


def rgb(path: Path) -> np.ndarray:
    planes = read(path)
    return np.stack([planes[name] for name in "RGB"], axis=-1).astype(np.float32)


def remove(plate: Path, out: Path, name: str, *, engine: str, parameters: tuple[str, ...],
           mattes: tuple[str, ...] = (), weights: str = "") -> tuple[Path, dict]:  # fmt: skip
    """Run the command; returns the version folder and its sidecar."""
    command = [sys.executable, "-m", "bridge.cli", "remove", str(plate), "--engine", engine]
    command += ["--name", name, "--out", str(out), "--output", "comp,matte", "--json"]
    command += [*mattes, *(["--weights", weights] if weights else [])]
    for parameter in parameters:
        command += ["--param", parameter]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{name}: {done.stderr}")
    folder = Path(json.loads(done.stdout.splitlines()[-1])["out"])
    return folder, json.loads((folder / f"{folder.name}.json").read_text())


def film(scene: Scene, folder: Path) -> tuple[Path, tuple[str, ...]]:
    """The plate's pattern and the options that name its mattes."""
    if not folder.exists():
        footage.write(scene, folder, advanced=lambda done: None)
    mattes = ("--matte", str(footage.pattern(folder, "boom")),
              "--affected", str(footage.pattern(folder, "shadow")))  # fmt: skip
    return footage.pattern(folder, "plate"), mattes


def frames_of(folder: Path, plate: Path) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """(result, plate, hole) of each frame that has a hole."""
    for path in sorted(folder.glob(f"{folder.name}.*.exr")):
        frame = int(path.name.split(".")[-2])
        alpha = read(folder / f"{folder.name}_matte.{frame:04d}.exr")["A"]
        if (alpha > 0).any():
            yield rgb(path), rgb(Path(str(plate) % frame)), alpha > 0


def measured(folder: Path, plate: Path) -> dict[str, float]:
    """What a run on the bare shot has done to the truth, over all frames."""
    cores, edges, steps, means, inside, sharp, relative = ([] for _ in range(7))
    for result, truth, hole in frames_of(folder, plate):
        error = measures.stops(result, truth)
        core, edge = measures.core_and_edge(error, hole)
        cores.append(core)
        edges.append(edge)
        steps.append(measures.boundary_step(result, truth, hole))
        means.append(measures.mean_stops(error, hole))
        fine = measures.sharpness(result, hole)
        inside.append(fine / max(measures.sharpness(truth, hole), 1e-12))
        sharp.append(fine / max(measures.sharpness(truth, measures.around(hole)), 1e-12))
        away = np.abs(result - truth)[hole] / np.maximum(np.abs(truth[hole]), 1e-3)
        relative.append(float(np.quantile(away, 0.999)))
    return {
        "core": mean(cores),
        "edge": mean(edges),
        "step": mean(steps),
        "flicker": pstdev(means),
        "HF/truth": median(inside),
        "HF/around": median(sharp),
        "relative": max(relative),
    }


def tell(name: str, record: dict, found: dict[str, float] | None) -> None:
    cells = [f"{name:34s}", f"{record['changed_outside']:3d}", f"{record['seconds']:7.1f}"]
    if found:
        cells += [f"{value:.4f}" for value in found.values()]
    print("  ".join(cells), flush=True)
    for warning in record["warnings"]:
        print(f"      {warning}", flush=True)


def size(text: str) -> tuple[int, int]:
    width, height = text.split("x")
    return int(width), int(height)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--size", type=size, default=(1920, 1080))
    parser.add_argument("--frames", type=int, default=16)
    parser.add_argument("--lime", type=Path)
    parser.add_argument("--weights", default="")
    parser.add_argument("--only", default="", help="runs whose name contains this")
    given = parser.parse_args()
    made = {"width": given.size[0], "height": given.size[1], "frames": given.frames}
    shots = {
        "boom": film(Scene(**made, camera="slow"), given.out / "boom"),
        "bare": film(Bare(**made, camera="slow"), given.out / "bare"),
    }
    if given.lime:
        shots["lime"] = (given.lime, ())
    runs = [("standin", (f"model={m}",), f"{shot}_{m}") for shot in shots for m in STANDINS]
    runs += [("standin", (f"model={m}", *PLAIN), f"bare_{m}_plain") for m in STANDINS]
    if given.weights:
        small = ("width=96", "height=64", "steps=2", "refine_steps=2", "quality=best")
        runs += [("void", small, f"{shot}_void") for shot in shots]
    print("run                                 out  seconds  core    edge    step    flicker "
          "HF/truth HF/around relative")  # fmt: skip
    for engine, parameters, name in runs:
        if given.only not in name:
            continue
        plate, mattes = shots[name.split("_")[0]]
        folder, record = remove(plate, given.out / "results", name, engine=engine, mattes=mattes,
                                parameters=parameters, weights=given.weights)  # fmt: skip
        tell(name, record, measured(folder, plate) if name.startswith("bare") else None)


if __name__ == "__main__":
    main()
