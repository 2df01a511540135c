"""Measures a shot's grain, within frames or between frames that show the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import cv2
import numpy as np
import numpy.typing as npt

from void_server.finish import Mask
from void_server.finish.grain import response, spectrum
from void_server.finish.grain.blocks import (
    Blocks,
    Float,
    Rgb,
    apart,
    clipped,
    corners,
    taken,
)
from void_server.finish.grain.model import Grain
from void_server.finish.grain.recurrence import again

_LOOKED_AT = 1024
"""Blocks of a frame that are looked at."""

_KEPT = 256
"""Blocks of a frame that are measured."""

_FEWEST = 8
"""Blocks without which nothing is measured."""

_AGREED = 0.25
"""Share of the blocks that must lie on one curve for what is measured to be grain. Of grain nearly
all do; of what a codec left of it between a quarter and a half, as measured on web video."""

_RARE = 0.05
"""Share of the blocks in which a channel is not still below which it has no grain: all of blue,
say, under red light. Above, the blocks where it is still are passed over instead."""

_EVEN = 5.0
"""Percentile of roughness that is taken for grain's own: so much of a picture must be even."""

_ROUGH = 2.2
"""How much rougher a block may be than that; of grain alone 19 blocks of 20 are not."""

_SOUGHT = 320
"""Blocks of a frame that are looked for in the next."""

_PAIRS = 3
"""Pairs of frames of a shot that are measured."""

_CUT = 1e-4
"""Share of the pixels of a frame that hold its extreme number where the plate was cut off."""

_FAINTEST = 4e-4
"""Deviation over light below which it is not grain but the steps of a half float, which are
2**-11 of the light at the most, or of a mild filter's rounding."""

_BLACK = 0.01
"""Added to the light before that, scene-linear."""


def frames_to_measure(frames: Sequence[int]) -> tuple[int, ...]:
    """The frames of a shot that `measured` should be given, in that order.

    Args:
        frames: File numbers of the shot, ascending.

    Returns:
        Pairs of neighbours, evenly spread.
    """
    if len(frames) <= 2:
        return tuple(frames)
    starts = np.unique(np.linspace(0, len(frames) - 2, _PAIRS).round().astype(int))
    return tuple(frames[start + more] for start in starts for more in (0, 1))


def measured(samples: Iterable[tuple[Rgb, Mask]]) -> Grain | None:
    """Measure grain where the picture is even, or where it is there again in the next frame.

    Of two frames that lie together, each block of the first is looked for in the second. One that
    is there again has texture: what differs is grain, of each frame a half. One that is not is
    grain alone, if it is no more uneven than the most even of them. In both ways the bulk lies on
    one curve of variance over light; what does not is passed over. A channel that is still all
    over the plate has no grain, whatever the others have.

    Args:
        samples: The frames named by `frames_to_measure`, two and two: (H, W, 3) scene-linear,
            finite, and (H, W) bool where it shows background. Four are held at a time at most.
            Frames far from each other do where the camera stands; with a moving one, texture may
            then be taken for grain.

    Returns:
        The grain, or None when it could not be told from texture, or there is none.
    """
    # The choice of blocks need not be different from shot to shot, only the same for the same.
    rng = np.random.Generator(np.random.SFC64(0))
    found: list[Blocks] = []
    extent = _Extent()
    for (rgb, keep), other in _by_two(samples):
        extent.add(rgb, keep)
        at = corners(keep, most=_LOOKED_AT, rng=rng)
        pieces = taken(rgb, at)
        blocks = apart(pieces)
        good = np.flatnonzero(np.isfinite(blocks.roughness) & ~clipped(pieces))
        if len(good) == 0:
            continue
        if other is None or other[0].shape != rgb.shape:
            found.append(_even(blocks.of(good)).first(_KEPT))
        else:
            rng.shuffle(good)
            found += _told_apart(rgb, *other, at, pieces, blocks, good[:_SOUGHT])
    return _grain(found, extent)


def _told_apart(
    rgb: Rgb,
    other: Rgb,
    other_keep: Mask,
    at: npt.NDArray[np.intp],
    pieces: Float,
    blocks: Blocks,
    chosen: npt.NDArray[np.intp],
) -> list[Blocks]:
    """Of the ``chosen`` blocks of a frame those of grain alone, and those less their texture."""
    there = again(rgb, other, ~other_keep, at[chosen])
    new, same = chosen[~there.found & ~there.lost], chosen[there.found]
    differences = (pieces[same] - there.blocks) * np.float32(np.sqrt(0.5))
    differences[blocks.still[same]] = 0  # moving it by part of a pixel rounds
    return [
        _even(blocks.of(new)).first(_KEPT),
        _even(apart(differences, blocks.light[same])).first(_KEPT),
    ]


class _Extent:
    """Where the plate is cut off, channel by channel; infinite where it is not."""

    def __init__(self) -> None:
        self._darkest = np.full((2, 3), np.inf)
        self._brightest = np.full((2, 3), -np.inf)

    def add(self, rgb: Rgb, keep: Mask) -> None:
        """Look at the kept pixels of a frame."""
        kept = np.count_nonzero(keep)
        if kept == 0:
            return
        for channel in range(3):
            plane = cv2.extractChannel(rgb, channel)
            low, high, _, _ = cv2.minMaxLoc(plane, mask=keep.view(np.uint8))
            many = max(_CUT * kept, 1)
            if low < self._darkest[0, channel]:
                piled = np.count_nonzero(keep & (plane == low)) > many
                self._darkest[:, channel] = low, low if piled else -np.inf
            if high > self._brightest[0, channel]:
                piled = np.count_nonzero(keep & (plane == high)) > many
                self._brightest[:, channel] = high, high if piled else np.inf

    @property
    def lowest(self) -> Float:
        """(3,) float32, what no number is below because it was cut off."""
        return np.asarray(self._darkest[1], np.float32)

    @property
    def highest(self) -> Float:
        """(3,) float32, what no number is above because it was cut off."""
        return np.asarray(self._brightest[1], np.float32)


def _by_two(
    samples: Iterable[tuple[Rgb, Mask]],
) -> Iterator[tuple[tuple[Rgb, Mask], tuple[Rgb, Mask] | None]]:
    """Two and two; a last one may be left over."""
    rest = iter(samples)
    for first in rest:
        yield first, next(rest, None)


def _even(blocks: Blocks) -> Blocks:
    """The blocks that are no rougher than grain is."""
    if len(blocks.roughness) == 0:
        return blocks
    return blocks.of(blocks.roughness <= _ROUGH * np.percentile(blocks.roughness, _EVEN))


def _grain(found: list[Blocks], extent: _Extent) -> Grain | None:
    """What the blocks say together."""
    if sum(len(blocks.light) for blocks in found) < _FEWEST:
        return None
    blocks, grainy = _of_one_kind(_joined(found))
    if not grainy.any() or len(blocks.light) < _FEWEST:
        return None
    light = blocks.light[:, grainy]
    transform = spectrum.transformed(blocks.rest[:, grainy])
    power = spectrum.fine_power(transform)
    curve = response.fitted(light, power)
    grain = response.near(curve, light, power)
    if np.count_nonzero(grain) < max(_FEWEST, _AGREED * len(grain)):
        return None
    deviation = np.sqrt(curve.variance(light[grain]))
    fine, share = spectrum.averaged(transform[grain], deviation)
    if np.median(deviation / np.sqrt(share) / (np.maximum(light[grain], 0) + _BLACK)) < _FAINTEST:
        return None
    whole = curve.scaled(np.reciprocal(share))
    if not (np.isfinite(whole.terms).all() and np.isfinite(fine.power).all()):
        return None
    return Grain(
        response=whole.among(grainy),
        spectrum=fine.among(grainy),
        roughness=float(np.median(blocks.roughness[grain])),
        lowest=extent.lowest,
        highest=extent.highest,
        blocks=int(np.count_nonzero(grain)),
        agreement=float(grain.mean()),
    )


def _joined(found: list[Blocks]) -> Blocks:
    return Blocks(
        light=np.concatenate([blocks.light for blocks in found]),
        rest=np.concatenate([blocks.rest for blocks in found]),
        still=np.concatenate([blocks.still for blocks in found]),
        roughness=np.concatenate([blocks.roughness for blocks in found]),
    )


def _of_one_kind(blocks: Blocks) -> tuple[Blocks, npt.NDArray[np.bool_]]:
    """Blocks that are still in no channel that has grain, and (3,) bool, which those are."""
    moving = ~blocks.still
    grainy = np.count_nonzero(moving, axis=0) >= max(_FEWEST, _RARE * len(moving))
    return blocks.of(np.asarray(moving[:, grainy].all(axis=1))), grainy
