"""How close grain that is put onto a smooth fill comes to the plate's own.

Run it with ``python -m tests.benchmarks.grain``; it prints a markdown table. The made plate is HD,
with light from .03 to .6 across it, texture on half of it, and grain of known strength, size and
correlation of the channels; the real one, with ``--clip FILE``, is a movie in sRGB.

- none, white: nothing, and independent numbers of the known strength, as a measure of the measures;
- synthesis, transplant: both ways of `Grain.onto`;
- sigma ratio: deviation of the grain in the hole over that of the truth's (the root of the mean
  over channels of the ratio of the variances);
- PSD: mean over frequencies and channels of the difference in dB, 64 pixels square, in rings, of
  those within 30 dB of the strongest;
- temporal: correlation of the grain with that of the next frame;
- ms of processor time: for a hole of 1000 x 1000 in a 4K frame, one thread; beside it the same
  area's Gaussian blur of sigma 4, for a measure of the machine.

In a real clip the truth is the plate itself, in its most even window: what a Gaussian of sigma 3
takes off it, which is also what is compared of ours. It holds what is no grain too, such as blocks
of a codec.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass

import av
import cv2
import numpy as np
import numpy.typing as npt

from void_server.finish.grain import Grain, frames_to_measure, measured

Image = npt.NDArray[np.float32]
Way = Callable[[int, Image], Image]

_TERMS = np.array([2e-5, 6e-4, 1e-4], np.float32)
"""a, b, c of the made grain. Source: the field notes' own measurement, section 4.5."""

_MIX = np.array([[1, 0, 0], [0.5, 0.87, 0], [0.3, 0.3, 0.9]], np.float32)
_FAINT = 1e-3
_FRAMES = 6
_SIDE = 64


@dataclass(frozen=True)
class Clip:
    """A hole in a few frames: what is around it, what was in it."""

    plates: list[Image]
    light: list[Image]
    truth: list[Image]
    window: tuple[slice, slice]


def made(height: int = 1080, width: int = 1920, *, size: float = 0.7) -> Clip:
    """A still picture under fresh grain."""
    rng = np.random.default_rng(1)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    light = 0.03 + 0.57 * (x / width) * (0.7 + 0.3 * y / height)
    cells = (rng.uniform(-1, 1, (height // n + 2, width // n + 2)) for n in (24, 8, 3))
    texture = sum(cv2.resize(c.astype(np.float32), (width, height)) for c in cells)
    light = light * (1 + 0.2 * texture * (y < height / 2))
    rgb = np.stack([light, 0.8 * light, 0.6 * light], axis=-1).astype(np.float32)
    plates = [rgb + sigma(rgb) * field((height, width), seed, size) for seed in range(_FRAMES)]
    window = slice(height * 5 // 8, height * 7 // 8), slice(width // 4, width * 3 // 4)
    return Clip(
        plates,
        [rgb[window]] * _FRAMES,
        [plate[window] - rgb[window] for plate in plates],
        window,
    )


def sigma(rgb: Image) -> Image:
    """Deviation of the made grain at ``rgb``."""
    a, b, c = _TERMS
    y = np.maximum(rgb, 0)
    return np.sqrt(a + b * y + c * y * y)


def field(shape: tuple[int, int], seed: int, size: float) -> Image:
    """(h, w, 3) grain of variance 1, ``size`` the sigma of its softness in pixels."""
    white = np.random.default_rng(seed).standard_normal((*shape, 3), dtype=np.float32)
    kernel = cv2.getGaussianKernel(9, size, cv2.CV_32F)
    kernel /= np.sqrt((kernel**2).sum())
    mix = _MIX / np.linalg.norm(_MIX, axis=1, keepdims=True)
    return cv2.sepFilter2D(white, -1, kernel, kernel) @ mix.T


def real(path: str) -> Clip:
    """The most even window of a movie, 128 pixels square."""
    with av.open(path) as movie:
        wanted = frames_to_measure(range(movie.streams.video[0].frames))
        plates = [
            linear(frame.to_ndarray(format="rgb24").astype(np.float32) / 255)
            for number, frame in enumerate(movie.decode(video=0))
            if number in wanted
        ]
    window = _most_even(plates[0])
    light = [cv2.GaussianBlur(plate, (0, 0), 8)[window] for plate in plates]
    truth = [high_passed(plate)[window] for plate in plates]
    return Clip(plates, light, truth, window)


def linear(code: Image) -> Image:
    """Source: IEC 61966-2-1."""
    high = ((code + 0.055) / 1.055) ** 2.4
    return np.where(code <= 0.04045, code / 12.92, high).astype(np.float32)


def high_passed(picture: Image) -> Image:
    """What a Gaussian of sigma 3 takes off: grain, and little shading."""
    return picture - cv2.GaussianBlur(picture, (0, 0), 3)


def _most_even(plate: Image) -> tuple[slice, slice]:
    """Where a Gaussian takes off least, for the light there is; neither black nor white."""
    luma = plate.mean(axis=-1)
    window = (2 * _SIDE, 2 * _SIDE)
    mean = cv2.blur(luma, window)
    score = cv2.blur((luma - cv2.GaussianBlur(luma, (0, 0), 8)) ** 2, window) / mean
    score[(mean < 0.03) | (mean > 0.8)] = np.inf
    inner = score[_SIDE:-_SIDE, _SIDE:-_SIDE]
    top, left = np.unravel_index(int(inner.argmin()), inner.shape)
    return slice(int(top), int(top) + window[0]), slice(int(left), int(left) + window[1])


def ways(clip: Clip, grain: Grain) -> dict[str, Way]:
    """Each way to grain the light of a frame, by name."""
    keep = np.ones(clip.plates[0].shape[:2], bool)
    keep[clip.window] = False
    full = np.ones(clip.light[0].shape[:2], np.float32)

    def white(n: int, light: Image) -> Image:
        noise = np.random.default_rng(99 + n).standard_normal(light.shape, dtype=np.float32)
        return light + noise * np.sqrt(grain.response.variance(light))

    def put(n: int, light: Image, where: npt.NDArray[np.bool_]) -> Image:
        return grain.onto(light, full, plate=clip.plates[n], keep=where, seed=1, frame=n)

    return {
        "none": lambda _n, light: light,
        "white": white,
        "synthesis": lambda n, light: put(n, light, np.zeros_like(keep)),
        "transplant": lambda n, light: put(n, light, keep),
    }


def row(clip: Clip, way: Way, *, high_pass: bool) -> tuple[float, float, float]:
    """(sigma ratio, PSD distance in dB, temporal correlation) of a way."""
    ours = []
    for n, light in enumerate(clip.light):
        added = way(n, light) - light
        ours.append(high_passed(added) if high_pass else added)
    ratio = np.sqrt(np.mean(np.var(ours, axis=(0, 1, 2)) / np.var(clip.truth, axis=(0, 1, 2))))
    a, b = spectrum(ours), spectrum(clip.truth)
    heard = b > _FAINT * b.max(axis=0)
    distance = np.mean(np.abs(10 * np.log10(np.maximum(a, 1e-8 * b) / b))[heard])
    pairs = zip(ours[1:], ours[:-1], strict=True)
    temporal = [np.mean(x * y) / max(x.std() * y.std(), 1e-12) for x, y in pairs]
    return float(ratio), float(distance), float(np.mean(temporal))


def spectrum(pictures: list[Image]) -> npt.NDArray[np.float64]:
    """(rings, 3) power in rings of equal width, of squares faded to their edges."""
    fade = np.outer(np.hanning(_SIDE), np.hanning(_SIDE))[..., None]
    total = np.zeros((_SIDE, _SIDE, 3))
    for picture in pictures:
        for top in range(0, picture.shape[0] - _SIDE + 1, _SIDE):
            for left in range(0, picture.shape[1] - _SIDE + 1, _SIDE):
                square = picture[top : top + _SIDE, left : left + _SIDE]
                total += (
                    np.abs(np.fft.fft2((square - square.mean((0, 1))) * fade, axes=(0, 1))) ** 2
                )
    cycles = np.fft.fftfreq(_SIDE) * _SIDE
    ring = np.hypot(cycles[:, None], cycles).astype(int) // 2
    return np.array([total[ring == n].mean(axis=0) for n in range(1, _SIDE // 4)])


def seconds(grain: Grain, plate: Image) -> dict[str, float]:
    """Time for a 1000 x 1000 hole in a 4K frame."""
    height, width = plate.shape[:2]
    plate = np.tile(plate, (-(-2160 // height), -(-4096 // width), 1))[:2160, :4096]
    light = np.full((1000, 1000, 3), 0.2, np.float32)
    full = np.ones((1000, 1000), np.float32)
    every, no = np.ones(plate.shape[:2], bool), np.zeros(plate.shape[:2], bool)

    def put(keep: npt.NDArray[np.bool_]) -> None:
        grain.onto(light, full, plate=plate, keep=keep, seed=1, frame=1)

    return {
        "transplant": _best(lambda: put(every)),
        "synthesis": _best(lambda: put(no)),
        "blur": _best(lambda: cv2.GaussianBlur(light, (0, 0), 4)),
    }


def _best(call: Callable[[], object], times: int = 5) -> float:
    taken = []
    for _ in range(times):
        start = time.process_time()
        call()
        taken.append(time.process_time() - start)
    return min(taken)


def main() -> None:
    """Measure the made plate, or a clip, and print the table."""
    parser = argparse.ArgumentParser(description="How close grain comes to the plate's own.")
    parser.add_argument("--clip", help="a movie in sRGB")
    parser.add_argument(
        "--size", type=float, default=0.7, help="softness of the made grain, pixels"
    )
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    clip = real(arguments.clip) if arguments.clip else made(size=arguments.size)
    keep = np.ones(clip.plates[0].shape[:2], bool)
    keep[clip.window] = False
    start = time.process_time()
    grain = measured((plate, keep) for plate in clip.plates)
    print(f"measured in {time.process_time() - start:.2f} s on {len(clip.plates)} frames")
    if grain is None:
        print("no grain")
        return
    print(grain.facts())
    print("| grain | sigma ratio | PSD, dB | temporal |\n|---|---|---|---|")
    for name, way in ways(clip, grain).items():
        ratio, distance, temporal = row(clip, way, high_pass=bool(arguments.clip))
        print(f"| {name} | {ratio:.3f} | {distance:.2f} | {temporal:+.3f} |")
    for name, taken in seconds(grain, clip.plates[0]).items():
        print(f"{name}: {1000 * taken:.0f} ms")


if __name__ == "__main__":
    main()
