"""A model's pictures of a shot, or of its tiles, in the plate's colours."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from statistics import mean

import numpy as np

from void_server.engines.engine import Footage, Progress, Record
from void_server.engines.modelled.order import Code
from void_server.finish.clean import cleaned
from void_server.finish.match import Match, match
from void_server.model_view.frames import Frames
from void_server.model_view.masks import foreign_on_grid, hole_on_grid
from void_server.model_view.shot import ModelShot


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
        self._pictures = pictures
        self._record = record
        self._progress: Progress | None = progress
        self._matches = [
            self._matched(shot, got) for shot, got in zip(shots, pictures, strict=True) if wanted
        ]
        self._progress = None
        for found in self._matches[:1]:
            for key, value in found.facts.items():
                record.note(key, value)

    def picture(self, part: int, index: int) -> Code:
        """(H, W, 3) code of one tile and frame."""
        if self._matches:
            return self._matches[part].picture(index)
        return cleaned(np.asarray(self._pictures[part][index], np.float32)).picture

    def measures(self, index: int) -> dict[str, float]:
        """What was measured on a frame, the mean over the tiles."""
        found = [match.measures(index) for match in self._matches]
        names = {name: None for measures in found for name in measures}
        return {
            name: mean(measures[name] for measures in found if name in measures) for name in names
        }

    def conclude(self) -> None:
        """Give the warnings, when every frame has been looked at."""
        for found in self._matches:
            for text in found.warnings:
                self._record.warn(text)

    def _matched(self, shot: ModelShot, got: Frames) -> Match:
        count = len(shot.numbers)

        def returned(index: int) -> Code:
            if self._progress is not None:  # only the first look at a shot takes time at a stretch
                self._progress("matching colour", index + 1, count, frame=shot.numbers[index])
            return np.asarray(got[index], np.float32)

        def sent(index: int) -> Code:
            return np.ascontiguousarray(np.asarray(shot.plate[index]).transpose(1, 2, 0))

        hole = partial(hole_on_grid, self._footage)
        foreign = partial(foreign_on_grid, self._footage)
        return match(
            shot.numbers,
            sent=sent,
            got=returned,
            hole=lambda index: hole(shot.numbers[index], shot.region),
            foreign=lambda index: foreign(shot.numbers[index], shot.region),
            decode=shot.color.decode,
        )
