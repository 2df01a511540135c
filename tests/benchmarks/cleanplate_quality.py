"""How close the `cleanplate` engine comes to the truth, against per-frame inpainting.

Run it with ``python -m tests.benchmarks.cleanplate_quality``; it prints a markdown table. Every
shot is the synthetic set of `void_server.demo`, whose truth is known:

- ``static``, ``handheld``, ``slow``: a boom swings through, its shadow after it; ``slow`` is the
  shot of `void demo`;
- ``floor``: a handheld camera that sways, and a hole that runs along where floor and wall meet,
  which move differently; ``floor, no flow`` is the same with `dense_flow` off.

All figures are taken inside the hole, nothing feathered, on values clipped to 0..1 and put through
the sRGB curve, peak 1:

- PSNR of the fill, and of ``cv2.inpaint`` (Telea, 8-bit sRGB, frame by frame) on the same holes;
- floor: the PSNR that a perfect copy of another frame's pixels would have, whose grain is as
  strong as the truth's but another;
- flicker: median (and ratio of means) over the pixels that are filled in at least `_LEAST_TIMES`
  frames of the standard deviation of the error over time, by the deviation of the plate's grain;
- seconds per frame of the shot, tracking and filling, without making the plates.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache, partial

import cv2
import numpy as np
import numpy.typing as npt

from bridge.shot import Parameter
from void_server.demo.camera import Move
from void_server.demo.scene import Scene
from void_server.engines.cleanplate import CleanPlate
from void_server.engines.engine import Fill

Image = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

_GROW = 8  # pixels, the default of a request
_LEAST_TIMES = 8


class _Silence:
    """What the engine notes is not measured."""

    def note(self, key: str, value: object) -> None:
        pass

    def warn(self, text: str) -> None:
        pass


class SceneFootage:
    """A scene as an engine sees it, as many frames kept as a server keeps in HD.

    Args:
        scene: The shot.
        hole: Gives each frame's hole; None takes it from the scene's mattes.
    """

    def __init__(self, scene: Scene, hole: Callable[[int], Mask] | None = None) -> None:
        self._scene = scene
        self._kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * _GROW + 1, 2 * _GROW + 1))
        self.plate = lru_cache(maxsize=15)(self._made)
        self.hole = lru_cache(maxsize=64)(hole or self._from_mattes)
        self.foreign = self.hole
        self.making = 0.0

    @property
    def frames(self) -> tuple[int, ...]:
        return self._scene.frames

    @property
    def size(self) -> tuple[int, int]:
        return self._scene.size

    def quadmask(self, frame: int) -> tuple[Mask, Mask]:
        return self._scene.remove(frame) > 0, self._scene.affected(frame) > 0

    def _made(self, frame: int) -> Image:
        start = time.perf_counter()
        plate = self._scene.plate(frame)
        self.making += time.perf_counter() - start
        return plate

    def _from_mattes(self, frame: int) -> Mask:
        alpha = np.maximum(self._scene.remove(frame), self._scene.affected(frame))
        return cv2.dilate((alpha > 0).astype(np.uint8), self._kernel) > 0


@dataclass
class Score:
    """Errors of one shot, gathered frame by frame."""

    shape: tuple[int, int]
    squares: float = 0.0
    floor_squares: float = 0.0
    inpaint_squares: float = 0.0
    values: int = 0
    seconds: float = 0.0
    times: npt.NDArray[np.int32] = field(init=False)
    total: Image = field(init=False)
    total_squares: Image = field(init=False)
    grain_squares: Image = field(init=False)

    def __post_init__(self) -> None:
        self.times = np.zeros(self.shape, np.int32)
        self.total = np.zeros((*self.shape, 3), np.float32)
        self.total_squares = np.zeros((*self.shape, 3), np.float32)
        self.grain_squares = np.zeros((*self.shape, 3), np.float32)

    def add(self, scene: Scene, frame: int, hole: Mask, comp: Image, inpainted: Image) -> None:
        truth = srgb(scene.truth(frame))
        light = scene.light(frame)
        sigma = scene.grain_sigma(frame)
        grain = (srgb(light + sigma) - srgb(light - sigma)) / 2
        error = (srgb(comp) - truth) * hole[..., None]
        self.squares += float((error[hole].astype(np.float64) ** 2).sum())
        self.floor_squares += 2 * float((grain[hole].astype(np.float64) ** 2).sum())
        self.inpaint_squares += float(((inpainted - truth)[hole].astype(np.float64) ** 2).sum())
        self.values += 3 * int(hole.sum())
        self.times += hole
        self.total += error
        self.total_squares += error**2
        self.grain_squares += (grain * hole[..., None]) ** 2

    def psnr(self, squares: float) -> float:
        return float(-10 * np.log10(max(squares, 1e-30) / max(self.values, 1)))

    def flicker(self) -> tuple[float, float]:
        """(median ratio, ratio of means) of the error's deviation over time to the grain's."""
        often = self.times >= _LEAST_TIMES
        if not often.any():
            return float("nan"), float("nan")
        n = self.times[often][:, None].astype(np.float64)
        mean = self.total[often] / n
        deviation = np.sqrt(np.maximum(self.total_squares[often] / n - mean**2, 0) * n / (n - 1))
        grain = np.sqrt(self.grain_squares[often] / n)
        ratio = deviation[grain > 1e-4] / grain[grain > 1e-4]
        return float(np.median(ratio)), float(deviation.mean() / grain.mean())


def srgb(light: Image) -> Image:
    """Clipped to 0..1 and sRGB-encoded. Source: IEC 61966-2-1."""
    x = np.clip(light, 0, 1)
    return np.where(x <= 0.0031308, 12.92 * x, 1.055 * np.maximum(x, 1e-8) ** (1 / 2.4) - 0.055)


def inpainted(plate: Image, hole: Mask) -> Image:
    """(H, W, 3) sRGB picture with the hole filled by `cv2.inpaint` (Telea, radius 5)."""
    code = (srgb(plate) * 255 + 0.5).astype(np.uint8)
    return cv2.inpaint(code, hole.astype(np.uint8), 5, cv2.INPAINT_TELEA).astype(np.float32) / 255


def composed(plate: Image, hole: Mask, fill: Fill) -> Image:
    """The plate with the fill in the hole, nothing feathered."""
    comp = plate.copy()
    rows = slice(fill.top, fill.top + fill.rgb.shape[0])
    columns = slice(fill.left, fill.left + fill.rgb.shape[1])
    inside = hole[rows, columns]
    comp[rows, columns][inside] = fill.rgb[inside]
    return comp


def measured(scene: Scene, footage: SceneFootage, **changed: Parameter) -> Score:
    """Fill a shot and compare."""
    score = Score(scene.size)
    for frame in footage.frames:
        footage.hole(frame)
    engine = CleanPlate()
    parameters = {p.name: p.default for p in engine.describe().parameters} | changed
    fills = engine.fill(
        footage,
        frames=footage.frames,
        prompt="",
        seed=0,
        parameters=parameters,
        progress=lambda *_args, **_named: None,
        record=_Silence(),
    )
    while True:
        start, made = time.perf_counter(), footage.making
        fill = next(fills, None)
        score.seconds += time.perf_counter() - start - (footage.making - made)
        if fill is None:
            return score
        plate, hole = footage.plate(fill.frame), footage.hole(fill.frame)
        other = inpainted(plate, hole)
        score.add(scene, fill.frame, hole, composed(plate, hole, fill), other)


def boom_shot(camera: Move, width: int, frames: int) -> tuple[Scene, SceneFootage]:
    """A boom in front of the wall."""
    scene = Scene(width=width, height=width * 9 // 16, frames=frames, camera=camera)
    return scene, SceneFootage(scene)


def floor_shot(width: int, frames: int) -> tuple[Scene, SceneFootage]:
    """A hole that runs along the skirting, under a swaying camera."""
    height = width * 9 // 16
    scene = Scene(width=width, height=height, frames=frames, camera="handheld", boom=False)

    def hole(frame: int) -> Mask:
        mask = np.zeros((height, width), bool)
        left = round(width * (0.05 + 0.70 * (frame - scene.frames[0]) / max(frames - 1, 1)))
        mask[round(height * 0.72) : round(height * 0.96), left : left + width // 6] = True
        return mask

    return scene, SceneFootage(scene, hole)


SHOTS: dict[str, tuple[Callable[[int, int], tuple[Scene, SceneFootage]], dict[str, Parameter]]] = {
    "static": (partial(boom_shot, "static"), {}),
    "handheld": (partial(boom_shot, "handheld"), {}),
    "slow": (partial(boom_shot, "slow"), {}),
    "floor": (floor_shot, {}),
    "floor, no flow": (floor_shot, {"dense_flow": False}),
}


def main() -> None:
    """Measure the shots named on the command line and print the table."""
    parser = argparse.ArgumentParser(description="How close the cleanplate engine comes.")
    parser.add_argument("--width", type=int, default=1920)
    parser.add_argument("--frames", type=int, default=48)
    parser.add_argument("--shots", nargs="*", choices=SHOTS, default=list(SHOTS))
    arguments = parser.parse_args()
    print(
        "| shot | PSNR, dB | cv2.inpaint, dB | gain, dB | floor, dB | flicker / grain | s/frame |"
    )
    print("|---|---|---|---|---|---|---|")
    for name in arguments.shots:
        print(_row(name, arguments.width, arguments.frames), flush=True)


def _row(name: str, width: int, frames: int) -> str:
    shot, changed = SHOTS[name]
    scene, footage = shot(width, frames)
    score = measured(scene, footage, **changed)
    ours, theirs = score.psnr(score.squares), score.psnr(score.inpaint_squares)
    median, mean = score.flicker()
    floor = score.psnr(score.floor_squares)
    return (
        f"| {name} | {ours:.2f} | {theirs:.2f} | {ours - theirs:+.2f} | {floor:.2f} "
        f"| {median:.2f} ({mean:.2f}) | {score.seconds / frames:.2f} |"
    )


if __name__ == "__main__":
    main()
