"""The colour that a model is shown: its errors (C1 to C5, C7) and what a 4K frame costs.

    python tests/benchmarks/model_color.py [--quick]

One core. Times are the best of some runs; the last column sets them in relation to a plain copy
of the frame in the same run.
"""

from __future__ import annotations

import argparse
import time

import cv2
import numpy as np

from ocio.convert import LINEAR_REC709, ColorConfig
from ocio.model_space import ModelSpace
from void_server.model_view.color import ModelColor
from void_server.model_view.color_settings import ColorSettings
from void_server.model_view.lights import Lights
from void_server.plate import PlateColor, plate_color

SIZE = (2160, 4096, 3)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="errors only")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    errors()
    if not given.quick:
        times()


def errors() -> None:
    print("peak   C1 rel (x > 1e-3)   C1 abs (x <= 0)   C3 |f(peak) - 1|")
    for peak in (1.0, 2.0, 8.0, 64.0, 1024.0):
        space = ModelSpace(0.0, peak)
        light = np.geomspace(1e-3, peak, 300_000).astype(np.float32)
        code = space.encode(light)
        relative = np.abs(space.decode(code) / light - 1).max()
        print(f"{peak:5g}  {relative:17.1e}   {_below_zero(space):15.1e}   {1 - code[-1]:.1e}")
    light = np.linspace(0, 1, 1_000_001).astype(np.float32)
    x = light.astype(np.float64)
    srgb = np.where(x <= 0.0031308, 12.92 * x, 1.055 * x ** (1 / 2.4) - 0.055)
    print(f"C7 sRGB when P <= 1: {np.abs(ModelSpace().encode(light) - srgb).max():.1e}")
    space = ModelSpace(0.0, 64.0)
    for low, high in ((0.01, 64), (0.001, 0.01)):
        light = np.geomspace(low, high, 300_000).astype(np.float32)
        codes = np.rint(space.encode(light) * 65535).astype(np.uint16)
        back = space.decode(codes.astype(np.float32) / 65535)
        print(f"C5 uint16, {low} to {high}: {np.abs(back / light - 1).max():.1e}")
    _matrix_errors()


def _below_zero(space: ModelSpace) -> float:
    """The curve without its limits, as `encode` cuts what is below 0."""
    light = np.linspace(-0.05, 0, 10_001).astype(np.float32)[:, None]
    values, *spare = light.astype(np.float64), np.empty(light.shape), np.empty(light.shape)
    space._law.to_code(values, spare)
    values = values.astype(np.float32).astype(np.float64)
    space._law.to_light(values, spare)
    return float(np.abs(values.astype(np.float32) - light).max())


def _matrix_errors() -> None:
    config = ColorConfig()
    there, back = config.to_known(config.find("ACEScg"), LINEAR_REC709)
    light = _colors((400, 400, 3))
    ocio = light.copy()
    there._processor.applyRGB(ocio)
    ours = there.apply(light.copy())
    largest = np.abs(light).max(axis=-1, keepdims=True)
    print(f"C4 matrix against OCIO's: {(np.abs(ours - ocio) / largest).max():.1e} of the largest")
    round_trip = back.apply(ours.copy())
    same = round_trip.astype(np.float16).view(np.uint16) == light.astype(np.float16).view(np.uint16)
    print(
        f"C4 there and back: {(np.abs(round_trip - light) / largest).max():.1e} of the largest, "
        f"{same.mean():.4%} of halves equal"
    )


def times() -> None:
    rgb = _colors(SIZE)
    unit = _best(rgb.copy)
    print(f"\n4096x2160, one core; a copy takes {unit * 1e3:.0f} ms")
    _show("ModelSpace.encode, peak 1", unit, lambda: ModelSpace().encode(rgb))
    _show("ModelSpace.encode, peak 64", unit, lambda: ModelSpace(0.0, 64.0).encode(rgb))
    code = ModelSpace(0.0, 64.0).encode(rgb)
    _show("ModelSpace.decode, peak 64", unit, lambda: ModelSpace(0.0, 64.0).decode(code))
    plate = PlateColor("lin_ap1_scene", "lin_ap1_scene")
    color = _color(plate, rgb)
    _show("ModelColor.encode, ACEScg", unit, lambda: color.encode(rgb))
    _show("ModelColor.decode, ACEScg", unit, lambda: color.decode(code))
    keep = np.ones(SIZE[:2], np.bool_)[::4, ::4]
    _show("Lights.add, every 4th", unit, lambda: Lights(plate).add(rgb[::4, ::4], keep))
    log = plate_color(tag="ARRI LogC4", wanted="", untagged="ask", config=ColorConfig(),
                      subject="plate")  # fmt: skip
    camera = _color(log, rgb, curve="camera-log")
    _show("ModelColor.encode, camera-log", unit, lambda: camera.encode(rgb))
    acescct = _color(plate, rgb, curve="acescct")
    _show("ModelColor.encode, acescct", unit, lambda: acescct.encode(rgb))
    _show("matrix", unit, lambda: color.there.apply(rgb))
    _show("the same by OCIO", unit, lambda: color.there._processor.applyRGB(rgb))
    _show("encode as it was, float64", unit, lambda: _plain(rgb), runs=1)


def _color(plate: PlateColor, rgb: np.ndarray, **wishes: str) -> ModelColor:
    lights = Lights(plate)
    lights.add(rgb[::16, ::16], np.ones(SIZE[:2], np.bool_)[::16, ::16])
    return ModelColor.of(plate, lights, ColorSettings(**wishes))


def _plain(rgb: np.ndarray) -> np.ndarray:
    """The shaper with peak 64, step by step over the whole frame."""
    x = rgb.astype(np.float64)
    code = np.where(
        x <= 0.0031308, x * 12.92, 1.055 * np.maximum(x, 0.0031308) ** (1 / 2.4) - 0.055
    )
    over = x > 0.18
    code[over] = 0.46136 + 1.19527 * 0.06547 * np.log1p((x[over] - 0.18) / 0.06547)
    return np.clip(code, 0, 1).astype(np.float32)


def _colors(shape: tuple[int, int, int]) -> np.ndarray:
    """Light over 18 stops, of the colours that Rec.709 can show."""
    rng = np.random.default_rng(0)
    light = np.exp2(rng.uniform(-12, 6, (*shape[:2], 1)))
    return (light * rng.uniform(0.5, 1.0, shape)).astype(np.float32)


def _best(work: object, runs: int = 4) -> float:
    found = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return min(found)


def _show(name: str, unit: float, work: object, runs: int = 4) -> None:
    took = _best(work, runs)
    print(f"{name:32} {took * 1e3:7.0f} ms   {took / unit:5.1f}")


if __name__ == "__main__":
    main()
