"""How well a model's shift of colour, its seam and its flicker are undone, against simpler ways.

Run it with ``python -m tests.benchmarks.color_match [CLIP ...]``; it prints a markdown table for a
made shot and one for each movie that is given. A model is simulated that changes the background
in known ways: 3 x 3 crosstalk, offsets up to .012, a gain that drifts by 1.5 % across the picture,
1.2 % of flicker, blur, noise of .01 and 8-bit rounding. The plate has grain; in its hole, an
ellipse that travels, it shows an object.

Figures are stops between composite and truth, both low-passed in light (sigma 6 pixels). The truth
is as soft as the model in the hole: sharpness is another step's matter. A movie's codes are taken
for sRGB's, the made shot's for those of a curve with a peak of 8.

- core: mean of the absolute error more than 10 pixels inside the hole;
- edge: the same within 8 pixels of its edge; the worst frame's in the next column;
- flicker: standard deviation over the frames of the core's mean error, worst channel;
- ms: a frame's share of gathering and correcting, one thread; reading and blending not counted.
"""

from __future__ import annotations

import argparse
import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from bridge.shot import Sequence as Pictures
from bridge.shot import SourceFile
from ocio.model_space import ModelSpace
from tests.void_server.finish.conftest import (
    CROSSTALK,
    SPACE,
    Clip,
    Fault,
    core_of,
    soft_alpha,
    stops_of,
)
from void_server.finish.color_fit import ColorFit, fit_of
from void_server.finish.match import match
from void_server.finish.membrane import membrane
from void_server.finish.pairs import Pairs, pairs_of
from void_server.images.movie import MovieSource

Image = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

GRID = (384, 672)
FEATHER = 12.0
MODEL = Fault(
    gain=(0.98, 1.02, 1.03), cross=CROSSTALK, offset=(0.012, -0.008, 0.010),
    drift=0.015, flicker=0.012, blur=1.0, noise=0.01, levels=255,
)  # fmt: skip


@dataclass(frozen=True)
class Shot:
    """Curve, and truth, plate, model and hole of every frame."""

    space: ModelSpace
    truth: list[Image]
    sent: list[Image]
    got: list[Image]
    hole: list[Mask]


class MovieClip(Clip):
    """A movie's own pictures as the background."""

    def __init__(self, pictures: list[Image]) -> None:
        super().__init__(size=GRID, count=len(pictures), grain=0.0)
        object.__setattr__(self, "pictures", pictures)

    def truth(self, index: int) -> Image:
        return self.pictures[index]


Method = Callable[[Shot], Callable[[int], Image]]


def uncorrected(shot: Shot) -> Callable[[int], Image]:
    return shot.got.__getitem__


def means(shot: Shot) -> Callable[[int], Image]:
    """AdaIN: mean and deviation of each channel, all that is kept, frame by frame."""

    def picture(index: int) -> Image:
        keep = ~shot.hole[index]
        sent, got = shot.sent[index][keep], shot.got[index][keep]
        gain = sent.std(axis=0) / got.std(axis=0)
        return (shot.got[index] - got.mean(axis=0)) * gain + sent.mean(axis=0)

    return picture


def affine(shot: Shot) -> Callable[[int], Image]:
    """Gain and offset of each channel by least squares on cells, frame by frame."""

    def picture(index: int) -> Image:
        pair = _pairs(shot, index)
        fits = [np.polyfit(pair.got[:, c], pair.sent[:, c], 1) for c in range(3)]
        gain, offset = np.float32(fits).T
        return shot.got[index] * gain + offset

    return picture


def each_3x4(shot: Shot) -> Callable[[int], Image]:
    return lambda index: _fit([_pairs(shot, index)]).apply(shot.got[index])


def clip_3x4(shot: Shot) -> Callable[[int], Image]:
    fit = _fit([_pairs(shot, index) for index in range(len(shot.got))])
    return lambda index: fit.apply(shot.got[index])


def each_3x4_membrane(shot: Shot) -> Callable[[int], Image]:
    return _with_membrane(shot, each_3x4(shot))


def membrane_alone(shot: Shot) -> Callable[[int], Image]:
    return _with_membrane(shot, uncorrected(shot))


def ours(shot: Shot) -> Callable[[int], Image]:
    found = match(
        range(len(shot.got)),
        sent=shot.sent.__getitem__,
        got=shot.got.__getitem__,
        hole=shot.hole.__getitem__,
        foreign=shot.hole.__getitem__,
        decode=shot.space.decode,
    )
    return found.picture


METHODS: Sequence[tuple[str, Method, float]] = (
    ("hard paste", uncorrected, 0.0),
    ("feather only", uncorrected, FEATHER),
    ("mean and deviation, each frame", means, FEATHER),
    ("affine, each frame", affine, FEATHER),
    ("3x4, each frame", each_3x4, FEATHER),
    ("3x4, whole shot", clip_3x4, FEATHER),
    ("membrane alone", membrane_alone, FEATHER),
    ("3x4 and membrane, each frame", each_3x4_membrane, FEATHER),
    ("**shot's 3x4, frame's gain, seam**", ours, FEATHER),
)


def _pairs(shot: Shot, index: int) -> Pairs:
    hole = shot.hole[index]
    return pairs_of(shot.sent[index], shot.got[index], hole=hole, usable=~hole, most=1024)


def _fit(pairs: list[Pairs]) -> ColorFit:
    got, sent, share = (
        np.concatenate([getattr(pair, name) for pair in pairs]) for name in ("got", "sent", "share")
    )
    return fit_of(got, sent, share)


def _with_membrane(shot: Shot, plain: Callable[[int], Image]) -> Callable[[int], Image]:
    """The difference along the edge, each frame by itself, spread over the hole."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (25, 25))

    def picture(index: int) -> Image:
        hole, ours = shot.hole[index], plain(index)
        ring = (cv2.dilate(hole.astype(np.uint8), kernel) > 0) & ~hole
        return ours + membrane((shot.sent[index] - ours) * ring[..., None], ring, cell=4)

    return picture


def shot_of(clip: Clip, space: ModelSpace) -> Shot:
    truth = [clip.truth(index) for index in range(clip.count)]
    return Shot(
        space=space,
        truth=truth,
        sent=[clip.sent(index) for index in range(clip.count)],
        got=[MODEL.of(picture, index) for index, picture in enumerate(truth)],
        hole=[clip.hole(index) for index in range(clip.count)],
    )


def pictures_of(movie: Path, count: int) -> list[Image]:
    data = movie.read_bytes()
    file = SourceFile(movie.name, len(data), hashlib.sha256(data).hexdigest())
    source = MovieSource(Pictures(movie.name, "movie", (file,), (0,)), lambda _: movie)
    found = []
    for frame in source.frames[:count]:
        picture = source.read(frame)
        code = np.stack([picture.channel(name) for name in picture.rgb_names()], -1)
        whole = code.astype(np.float32) / np.float32(np.iinfo(code.dtype).max)
        found.append(cv2.resize(whole, GRID[::-1], interpolation=cv2.INTER_AREA))
    source.close()
    return found


def row(name: str, method: Method, feather: float, shot: Shot) -> str:
    begun = time.perf_counter()
    picture = method(shot)
    made = [picture(index) for index in range(len(shot.got))]
    spent = (time.perf_counter() - begun) / len(made) * 1e3
    core, edge, levels = [], [], []
    for ours, truth, hole in zip(made, shot.truth, shot.hole, strict=True):
        alpha = (soft_alpha(hole, feather) if feather else hole.astype(np.float32))[..., None]
        soft = truth * (1 - alpha) + cv2.GaussianBlur(truth, (0, 0), MODEL.blur) * alpha
        out = truth * (1 - alpha) + np.clip(ours, 0, 1) * alpha
        error = stops_of(out, soft, space=shot.space)
        deep, rim = core_of(hole), hole & ~core_of(hole, 8)
        core.append(np.abs(error[deep]).mean())
        edge.append(np.abs(error[rim]).mean())
        levels.append(error[deep].mean(axis=0))
    flicker = np.std(levels, axis=0).max()
    return (
        f"| {name} | {np.mean(core):.4f} | {np.mean(edge):.4f} | {np.max(edge):.4f} "
        f"| {flicker:.4f} | {spent:.0f} |"
    )


def table(title: str, clip: Clip, space: ModelSpace) -> None:
    shot = shot_of(clip, space)
    print(f"\n{title}, {clip.count} frames of {GRID[1]}x{GRID[0]}\n")
    print("| method | core | edge | worst edge | flicker | ms |\n|---|---|---|---|---|---|")
    for name, method, feather in METHODS:
        print(row(name, method, feather, shot), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clips", nargs="*", type=Path, help="movies")
    parser.add_argument("--frames", type=int, default=8)
    given = parser.parse_args()
    cv2.setNumThreads(1)
    table("made shot", Clip(size=GRID, count=given.frames), SPACE)
    for movie in given.clips:
        title = f"{movie.parent.name}/{movie.name}"
        table(title, MovieClip(pictures_of(movie, given.frames)), ModelSpace())


if __name__ == "__main__":
    main()
