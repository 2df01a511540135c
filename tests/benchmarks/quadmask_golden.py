"""Quadmasks of the public VOID samples, as the model sees them, beside the reference's.

    python tests/benchmarks/quadmask_golden.py FOLDER

FOLDER holds the samples' folders (github.com/Netflix/void-model, ``sample/``), each with its mask
as ``quadmask_0.mp4``. Every mask is decoded, brought to 672x384 by the reference's way and padded
to 85 frames by the engine's own code. Compared are how many values have each level, and the hash
of what the autoencoder is given in each pass. Exit code 1 when a clip differs, 2 when there is
none.

The expected figures are measured on the reference.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from bridge.shot import Sequence, SourceFile
from void_server import quadmask
from void_server.engines.void import padding
from void_server.engines.void.conditioning import levels_reference, vae_mask
from void_server.images.movie import MovieSource

HEIGHT, WIDTH = 384, 672
MASK = "quadmask_0.mp4"


@dataclass(frozen=True)
class Figures:
    """How often each level occurs (0, 63, 127, 255), and a hash of what each pass is given."""

    counts: tuple[int, ...]
    pass_1: str
    pass_2: str


EXPECTED = {
    "lime": Figures((1085103, 659238, 769124, 19420615), "7b0c89c50659f5e7", "60bb6efa453ae2dc"),
    "moving_ball": Figures(
        (139486, 76107, 869344, 20849143), "0993645c1b6a6d25", "f3240b029775ff45"
    ),
    "pillow": Figures((541718, 433814, 5957602, 15000946), "6c53e31c3930eeb9", "a22474fdd1dd600d"),
    "BigBen": Figures((408680, 4335, 713320, 20807745), "b5486b79aeaefd8c", "78472c78f2d9b8e6"),
    "ducky-float": Figures(
        (2723153, 2721528, 2278547, 14210852), "1631b329fd8e54f6", "86f6da64274df4f4"
    ),
    "trampoline": Figures(
        (411331, 77105, 3848901, 17596743), "6afa0f67f6e4b504", "8cd322031093dfef"
    ),
    "spinner": Figures(
        (1985387, 936735, 3763436, 15248522), "bf6adf9ca4a1b275", "22997906d8113464"
    ),
}


def measure(movie: Path) -> Figures:
    levels = torch.stack(
        [levels_reference(frame, height=HEIGHT, width=WIDTH) for frame in read(movie)]
    )
    length = padding.padded_length(len(levels))
    padded = levels[padding.source_indices(len(levels), length), 0]
    counts = torch.bincount(padded.flatten().int(), minlength=256)
    return Figures(
        tuple(int(counts[level]) for level in quadmask.LEVELS),
        *(seen(padded, number) for number in (1, 2)),
    )


def read(movie: Path):
    """Each frame's levels, (1, H, W) uint8."""
    file = SourceFile(
        movie.name, movie.stat().st_size, hashlib.sha256(movie.read_bytes()).hexdigest()
    )
    source = MovieSource(Sequence(movie.name, "movie", (file,), (0,)), lambda _: movie)
    try:
        for frame in source.frames:
            picture = source.read(frame)
            planes = quadmask.read_planes(
                np.ascontiguousarray(picture.planes["Y"]), picture.subject
            )
            yield torch.from_numpy(quadmask.levels_of(*planes))[None]
    finally:
        source.close()


def seen(levels: torch.Tensor, number: int) -> str:
    values = vae_mask(levels, pass_number=number, semantics="reference")
    return hashlib.sha256((values * 255).round().to(torch.uint8).numpy().tobytes()).hexdigest()[:16]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder of the samples' folders")
    folder = parser.parse_args().folder
    clips = [name for name in EXPECTED if (folder / name / MASK).is_file()]
    wrong = 0
    for name in clips:
        found = measure(folder / name / MASK)
        same = found == EXPECTED[name]
        wrong += not same
        print(
            f"{name:12} {found.counts} {found.pass_1} {found.pass_2} {'equal' if same else 'OFF'}"
        )
        if not same:
            print(f"{'expected':12} {EXPECTED[name]}")
    if not clips:
        print(f"{folder}: none of the samples is there", file=sys.stderr)
        return 2
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
