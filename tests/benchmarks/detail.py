"""How sharp a fill is, with and without real pixels of other frames.

Run it with ``python -m tests.benchmarks.detail``; it prints a markdown table. A real clip may be
named with ``--clip``: a matte of our own runs over its background, so that the truth is known.

The model is a stand-in that returns the truth at its grid (``identity``), the truth blurred by 1.5
model pixels (``blur``), in another colour (``tint``), or with something else in the middle of the
hole (``other``), which must win over the real pixels.

Figures are taken in the hole and in model space:

- HF / around, HF / truth: energy above the frequencies of a Gaussian of 1.5 plate pixels, median
  over the shot's frames; around is within 32 pixels of the hole. The row ``truth`` says how far
  hole and surroundings differ by themselves;
- PSNR against the truth, whose grain no other frame has; ``other`` is compared with what the model
  shows in the middle third, at low frequencies, everywhere else with the truth;
- flicker: deviation over time of the error's low frequencies (a Gaussian of 4 plate pixels), on
  pixels that are filled at least three times; the median, in thousandths of code;
- share: how much of the hole's detail is real; its flicker: mean change from frame to frame;
- s: seconds for finding the real pixels, and for putting them in, per frame.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import time
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from bridge.shot import Sequence, SourceFile
from ocio.model_space import ModelSpace
from tests.benchmarks.cleanplate_quality import SceneFootage
from void_server.demo.scene import Scene
from void_server.engines.cleanplate.box import Box
from void_server.engines.cleanplate.real_pixels import RealPixels
from void_server.finish.agreement import compared, steadied
from void_server.finish.detail import Detailed, detailed
from void_server.images.movie import MovieSource
from void_server.model_view.region import Region
from void_server.model_view.resample import to_grid, to_plate

Image = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

GRID = (384, 672)
_FINE, _COARSE = 1.5, 4.0


class ClipFootage:
    """Background of a clip under a made matte that runs along a line.

    Args:
        movie: The clip.
        frames: How many of its frames.
        way: Where the matte's middle begins and ends, and its row, as shares of the picture.
    """

    def __init__(self, movie: Path, frames: int, way: tuple[float, float, float]) -> None:
        self._way = way
        data = movie.read_bytes()
        file = SourceFile(movie.name, len(data), hashlib.sha256(data).hexdigest())
        self._source = MovieSource(Sequence(movie.name, "movie", (file,), (0,)), lambda _: movie)
        self.frames = self._source.frames[:frames]
        window = self._source.facts(0).data_window
        self.size = window.shape
        self.plate = lru_cache(maxsize=12)(self._made)
        self.hole = lru_cache(maxsize=64)(self._hole)
        self.foreign = self.hole
        self.truth = self.plate

    def _made(self, frame: int) -> Image:
        picture = self._source.read(frame)
        code = np.stack([picture.channel(c) for c in picture.rgb_names()], -1)
        top = np.iinfo(code.dtype).max
        x = code.astype(np.float32) / np.float32(top)
        return np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4).astype(np.float32)

    def _hole(self, frame: int) -> Mask:
        height, width = self.size
        mask = np.zeros(self.size, np.uint8)
        along = (frame - self.frames[0]) / max(len(self.frames) - 1, 1)
        x = int(width * (self._way[0] + (self._way[1] - self._way[0]) * along))
        y, size = int(height * self._way[2]), (width // 16, height // 24)
        cv2.ellipse(mask, (x, y), size, 5, 0, 360, 1, -1)
        return mask > 0


class SceneTruth(SceneFootage):
    """The demo's scene with its truth."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self.truth = lru_cache(maxsize=2)(scene.truth)


def model_of(kind: str, small: Image, hole: Mask) -> Image:
    """(H, W, 3) code on the grid, of what a stand-in makes of the truth on the grid."""
    if kind == "blur":
        return cv2.GaussianBlur(small, (0, 0), 1.5)
    if kind == "tint":
        return np.clip(small * np.float32([1.03, 1.0, 0.98]) + np.float32(0.004), 0, 1)
    if kind == "other":
        place = other_place(hole).astype(np.float32)
        cells = cv2.resize(place, GRID[::-1], interpolation=cv2.INTER_AREA)[..., None]
        return small + cells * (np.float32([0.7, 0.5, 0.2]) - small)
    return small


def other_place(hole: Mask) -> Mask:
    """The middle of the largest piece of a hole."""
    away = cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, 5)
    y, x = np.unravel_index(away.argmax(), away.shape)
    mask = np.zeros(hole.shape, np.uint8)
    cv2.circle(mask, (int(x), int(y)), int(away.max() * 0.4), 1, -1)
    return mask > 0


def high(picture: Image) -> Image:
    """(H, W) what is finer than a Gaussian of `_FINE` pixels, of the mean of the channels."""
    gray = picture.mean(axis=2)
    return gray - cv2.GaussianBlur(gray, (0, 0), _FINE)


class Score:
    """Errors of one way over a shot."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self.around: list[float] = []
        self.truth: list[float] = []
        self.squares = self.values = 0.0
        self.times = np.zeros(shape, np.uint8)
        self.total = np.zeros(shape, np.float32)
        self.total_squares = np.zeros(shape, np.float32)
        self.won: list[float] = []

    def add(self, box: Box, code: Image, truth: Image, hole: Mask, keep: Mask, other: Mask) -> None:
        inner = cv2.erode(hole.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
        comp = np.where(hole[..., None], code, truth)
        fine, true = high(comp), high(truth)
        energy = float((fine[inner] ** 2).mean())
        self.around.append(energy / float((true[keep] ** 2).mean()))
        self.truth.append(energy / float((true[inner] ** 2).mean()))
        where = hole & ~other
        error = comp - truth
        self.squares += float((error[where].astype(np.float64) ** 2).sum())
        self.values += 3.0 * np.count_nonzero(where)
        low = cv2.GaussianBlur(error.mean(axis=2), (0, 0), _COARSE) * where
        self.times[box.slices] += where
        self.total[box.slices] += low
        self.total_squares[box.slices] += low**2

    @property
    def flicker(self) -> float:
        often = self.times >= 3
        if not often.any():
            return float("nan")
        n = self.times[often].astype(np.float64)
        mean = self.total[often] / n
        variance = np.maximum(self.total_squares[often] / n - mean**2, 0) * n / (n - 1)
        return float(np.median(np.sqrt(variance)))

    @property
    def psnr(self) -> float:
        return float(-10 * np.log10(self.squares / self.values))


def run(footage: SceneTruth | ClipFootage, kinds: list[str]) -> None:
    """Measure a shot and print its rows."""
    clock = time.perf_counter()
    for frame in footage.frames:
        footage.hole(frame)
    pixels = RealPixels.tracked(footage, lambda *_a, **_k: None)
    print(f"<!-- tracked in {(time.perf_counter() - clock) / len(footage.frames):.2f} s/frame -->")
    scale = footage.size[0] / GRID[0], footage.size[1] / GRID[1]
    peak = max(float(np.quantile(footage.plate(f)[::8, ::8], 0.9995)) for f in footage.frames[::8])
    space = ModelSpace.of_shot(0.18, peak)
    ways = ("model", "each frame", "steadied")
    scores = {(k, w): Score(footage.size) for k in kinds for w in ways}
    found = [_Found(footage, pixels, space, f) for f in footage.frames]
    found = [f for f in found if f.real is not None]
    shares: dict[tuple[str, str], list[tuple[Box, Image, Mask]]] = {}
    putting: list[float] = []
    for kind in kinds:
        models = [f.model(kind) for f in found]
        agreements = [
            compared(m, f.code, f.real.seen, f.real.valid, scale=scale, origin=f.origin)
            for m, f in zip(models, found, strict=True)
        ]
        for index, (f, model) in enumerate(zip(found, models, strict=True)):
            other = other_place(f.hole) if kind == "other" else np.zeros_like(f.hole)
            scores[kind, "model"].add(f.box, model, f.truth, f.hole, f.keep, other)
            for way in ways[1:]:
                clock = time.perf_counter()
                agreement = agreements[index]
                if way == "steadied":
                    agreement = steadied(agreements, index)
                put: Detailed = detailed(
                    model, f.code, f.real.seen, f.hole, scale=scale, agreement=agreement,
                    origin=f.origin,
                )  # fmt: skip
                putting.append(time.perf_counter() - clock)
                scores[kind, way].add(f.box, put.code, f.truth, f.hole, f.keep, other)
                shares.setdefault((kind, way), []).append((f.box, put.share, f.hole))
                if kind == "other":
                    low = cv2.GaussianBlur(put.code - model, (0, 0), _COARSE)
                    scores[kind, way].won.append(float(np.abs(low[other]).max()))
    seconds = np.mean([f.seconds for f in found]), np.mean(putting)
    true = Score(footage.size)
    for f in found:
        true.add(f.box, f.truth + np.float32(1e-9), f.truth, f.hole, f.keep, np.zeros_like(f.hole))
    print(f"| truth | | {np.median(true.around):.2f} | 1.00 | | | | | |")
    for (kind, way), score in scores.items():
        print(_row(kind, way, score, shares.get((kind, way), []), seconds), flush=True)


class _Found:
    """One frame's real pixels and truth in model space."""

    def __init__(
        self, footage: SceneTruth | ClipFootage, pixels: RealPixels, space: ModelSpace, frame: int
    ) -> None:
        clock = time.perf_counter()
        self.real = pixels.of(frame)
        self.seconds = time.perf_counter() - clock
        if self.real is None:
            return
        self.box = self.real.box
        self.origin = self.box.top, self.box.left
        self.code = space.encode(self.real.rgb)
        self.hole = footage.hole(frame)[self.box.slices]
        ring = cv2.dilate(self.hole.astype(np.uint8), np.ones((65, 65), np.uint8)) > 0
        self.keep = ring & ~footage.foreign(frame)[self.box.slices]
        self._whole = footage.hole(frame)
        full = space.encode(footage.truth(frame))
        self.truth = full[self.box.slices].copy()
        self._region = Region(0, 0, *footage.size, grid=GRID)
        self._small = to_grid(full, self._region, footage.size)

    def model(self, kind: str) -> Image:
        """The stand-in's picture in the box."""
        picture = np.clip(model_of(kind, self._small, self._whole), 0, 1)
        return np.clip(to_plate(picture, self._region, self.box.slices), 0, 1)


def _row(
    kind: str, way: str, score: Score, shares: list[tuple[Box, Image, Mask]], s: tuple[float, float]
) -> str:
    share = np.mean([x[h].mean() for _, x, h in shares]) if shares else 0.0
    won = f", other kept to {max(score.won):.3f}" if score.won else ""
    return (
        f"| {kind} | {way}{won} | {np.median(score.around):.2f} | {np.median(score.truth):.2f} "
        f"| {score.psnr:.2f} | {1000 * score.flicker:.2f} | {share:.2f} | {_changes(shares):.4f} "
        f"| {s[0]:.2f} + {s[1]:.2f} |"
    )


def _changes(shares: list[tuple[Box, Image, Mask]]) -> float:
    """Mean change of the share between two frames, where both have a hole."""
    found = []
    for (a, x, h), (b, y, k) in itertools.pairwise(shares):
        top, left = max(a.top, b.top), max(a.left, b.left)
        bottom, right = min(a.bottom, b.bottom), min(a.right, b.right)
        if top >= bottom or left >= right:
            continue
        both = Box(top=top, left=left, bottom=bottom, right=right)
        one, two = both.inside(a), both.inside(b)
        common = h[one] & k[two]
        if common.any():
            found.append(float(np.abs(x[one] - y[two])[common].mean()))
    return float(np.mean(found)) if found else 0.0


def main() -> None:
    """Measure what the command line names and print the table."""
    parser = argparse.ArgumentParser(description="How sharp a fill is.")
    parser.add_argument("--width", type=int, default=3840)
    parser.add_argument("--frames", type=int, default=8)
    parser.add_argument("--camera", nargs="*", default=["static", "slow"])
    parser.add_argument("--clip", type=Path)
    parser.add_argument("--way", nargs=3, type=float, default=[0.08, 0.45, 0.93])
    parser.add_argument("--models", nargs="*", default=["identity", "blur", "tint", "other"])
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    shots: dict[str, Callable[[], SceneTruth | ClipFootage]] = {
        camera: lambda camera=camera: SceneTruth(
            Scene(
                width=arguments.width,
                height=arguments.width * 9 // 16,
                frames=arguments.frames,
                camera=camera,
            )
        )
        for camera in arguments.camera
    }
    if arguments.clip:
        clip = partial(ClipFootage, arguments.clip, arguments.frames, arguments.way)
        shots = {arguments.clip.stem: clip}
    for name, shot in shots.items():
        print(f"\n{name}\n")
        print("| model | way | HF / around | HF / truth | PSNR | flicker | share | changes | s |")
        print("|---|---|---|---|---|---|---|---|---|")
        run(shot(), arguments.models)


if __name__ == "__main__":
    main()
