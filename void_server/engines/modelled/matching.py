"""A model's pictures of a shot, or of its tiles, in the plate's colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from statistics import mean

import numpy as np

from void_server.engines.engine import Fact, Footage, Mask, Progress, Record
from void_server.engines.modelled.mending import Mended
from void_server.finish import Code
from void_server.finish.match import Match, match
from void_server.model_view.frames import Frames
from void_server.model_view.masks import foreign_on_grid, hole_on_grid
from void_server.model_view.shot import ModelShot

_WORST = frozenset({"ring_residual", "seam_step"})
"""Measures of which the worst tile counts: one bad seam is seen however good the others are."""


class Matching:
    """Gives the model's pictures, corrected where that is wanted.

    Args:
        footage: The shot.
        shots: What the model was shown, one for each tile.
        pictures: What it returned.
        wanted: Whether colour and seam are corrected; what is broken is mended either way.
        progress: Told after each frame that is looked at.
        record: Takes what was found.
    """

    def __init__(
        self,
        footage: Footage,
        shots: Sequence[ModelShot],
        pictures: Sequence[Frames],
        *,
        wanted: bool,
        progress: Progress,
        record: Record,
    ) -> None:
        self._footage = footage
        self._shots = shots
        self._wanted = wanted
        self._progress: Progress | None = progress
        self._found = [self._looked_at(*pair) for pair in zip(shots, pictures, strict=True)]
        self._progress = None
        self._measured: dict[tuple[int, int], dict[str, float]] = {}
        for key, value in _facts([found.facts for found in self._found]).items():
            record.note(key, value)
        for found in self._found:
            for text in found.warnings:
                record.warn(text)

    def picture(self, part: int, index: int) -> Code:
        """(H, W, 3) code of one tile and frame."""
        picture = self._found[part].picture(index)
        # Kept now: a match remembers one frame, and the next is looked at before this is told.
        self._measured[part, index] = self._found[part].measures(index)
        return picture

    def measures(self, index: int) -> dict[str, float]:
        """What was measured on a frame, over the tiles that the hole reaches."""
        found = [self._measures(part, index) for part in self._parts_with_hole(index)]
        names = dict.fromkeys(name for measures in found for name in measures)
        return {
            name: (max if name in _WORST else mean)(m[name] for m in found if name in m)
            for name in names
        }

    def _measures(self, part: int, index: int) -> dict[str, float]:
        kept = self._measured.get((part, index))
        return self._found[part].measures(index) if kept is None else kept

    def _parts_with_hole(self, index: int) -> list[int]:
        if len(self._shots) == 1:
            return [0]
        number = self._shots[0].numbers[index]
        parts = enumerate(self._shots)
        return [i for i, shot in parts if hole_on_grid(self._footage, number, shot.region).any()]

    def _looked_at(self, shot: ModelShot, pictures: Frames) -> Match | Mended:
        numbers, count = shot.numbers, len(shot.numbers)
        stage = "matching colour" if self._wanted else "checking pictures"

        def got(index: int) -> Code:
            if self._progress is not None:  # only the first look at a shot takes time at a stretch
                self._progress(stage, index + 1, count, frame=numbers[index])
            return np.asarray(pictures[index], np.float32)

        def hole(index: int) -> Mask:
            return hole_on_grid(self._footage, numbers[index], shot.region)

        def foreign(index: int) -> Mask:
            return foreign_on_grid(self._footage, numbers[index], shot.region)

        sent = partial(_sent, shot)
        if not self._wanted:
            return Mended(numbers, sent=sent, got=got, foreign=foreign)
        decode = shot.color.decode
        return match(numbers, sent=sent, got=got, hole=hole, foreign=foreign, decode=decode)


def _sent(shot: ModelShot, index: int) -> Code:
    return np.ascontiguousarray(np.asarray(shot.plate[index], np.float32).transpose(1, 2, 0))


def _facts(tiles: Sequence[Mapping[str, Fact]]) -> dict[str, Fact]:
    """Of all tiles: those of the one that fits worst, and how many pixels were mended in all."""
    worst = max(tiles, key=lambda facts: float(facts.get("color_fit_residual", 0.0)))
    mended = "model_pixels_cleaned"
    return {**worst, mended: sum(int(facts.get(mended, 0)) for facts in tiles)}
