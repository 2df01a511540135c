"""Real background of other frames, laid where a frame's hole is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from void_server.engines.cleanplate import seam
from void_server.engines.cleanplate.box import Box
from void_server.engines.cleanplate.choose import Choice, choose, look
from void_server.engines.cleanplate.exposure import gain
from void_server.engines.cleanplate.gather import Sample, gather
from void_server.engines.cleanplate.invent import Ground
from void_server.engines.cleanplate.parallax import Parallax
from void_server.engines.cleanplate.settings import Settings
from void_server.engines.cleanplate.sources import Sight
from void_server.engines.cleanplate.track import Track, track
from void_server.engines.engine import Footage, Mask, Progress, Rgb

SURROUNDINGS = 48
"""Pixels around a hole that are gathered too: exposure and seam are matched there."""

_MOST_BYTES = 320 * 1024**2
"""Memory for the sources of one frame; a hole as large as a 4K frame gets fewer."""

_FEWEST = 3
_EXTRA = 6
"""Sources allowed beyond the votes wanted: a hole may need several frames to be seen whole."""

_SAME = 0.1
"""Difference in `tone.compressed`, a tenth of the light, up to which two frames show the same
background around a hole in other light; beyond, one of them shows something else."""

_SETTINGS = Settings(max_sources=3)
"""Fewer votes than for a fill that rests on them alone: a model's picture is one more."""


@dataclass(frozen=True)
class Real:
    """What other frames show of one frame's hole; nothing in it is invented.

    Attributes:
        box: Where on the canvas: around the hole, with a margin.
        rgb: (h, w, 3) float32, scene-linear. In the hole the pixels of other frames, in the light
            of this one; around it the frame's own. 0 where neither is `valid`.
        seen: (h, w) uint16, in how many other frames that agree a pixel of the hole was seen;
            0 where none shows it, and outside the hole.
        valid: (h, w) bool, where ``rgb`` shows background.
    """

    box: Box
    rgb: Rgb
    seen: npt.NDArray[np.uint16]
    valid: Mask


class RealPixels:
    """Finds the background of a shot's holes in its other frames; keeps no pictures.

    What it gives for a frame depends on the shot alone, not on what was asked before.

    Args:
        footage: The shot.
        motion: Its camera.
        settings: How far and how often is looked.
    """

    def __init__(self, footage: Footage, motion: Track, settings: Settings = _SETTINGS) -> None:
        self._footage = footage
        self._track = motion
        self._settings = settings
        self._frames = tuple(footage.frames)
        self.sight = Sight(footage, motion)

    @classmethod
    def tracked(
        cls, footage: Footage, progress: Progress, settings: Settings = _SETTINGS
    ) -> RealPixels:
        """The same, of a shot whose camera is not known yet; tells ``progress`` of each frame."""
        return cls(footage, track(footage, progress), settings)

    def of(self, frame: int, *, margin: int = SURROUNDINGS) -> Real | None:
        """The real pixels of one frame; None when it has no hole, or no frame shows any of it.

        That nothing is to be seen is known from the masks alone; no picture is read then.

        Args:
            frame: File number.
            margin: Pixels around the hole that belong to the box, `seam.RING` at least.
        """
        around = Box.around(self._footage.hole(frame))
        if around is None or not self._sources(frame, around):
            return None
        ground = self.bare(frame, around.grown(margin, self._footage.size))
        ring = seam.ring_of(ground.unseen) & ground.known
        choice = self.chosen(frame, ground, wanted=ground.unseen | ring)
        inside = ground.unseen & (choice.seen > 0)
        ring &= (choice.seen > 0) & _alike(ground, choice)
        rgb = seam.joined(choice.rgb, ground.rgb, hole=inside, ring=ring)
        valid = ground.known | inside
        rgb = np.where(inside[..., None], rgb, ground.rgb) * valid[..., None]
        seen = np.where(inside, choice.seen, np.uint16(0))
        return Real(ground.box, np.asarray(rgb, np.float32), seen, valid)

    def bare(self, frame: int, box: Box) -> Ground:
        """A box of a frame before anything is filled."""
        hole = self._footage.hole(frame)[box.slices]
        foreign = self._footage.foreign(frame)[box.slices]
        rgb = self._footage.plate(frame)[box.slices].copy()
        return Ground(box, rgb, ~foreign & ~hole, hole)

    def chosen(self, frame: int, ground: Ground, *, wanted: Mask) -> Choice:
        """Of the frames that show ``wanted``, the pixels that most agree on, as they are."""
        turn = self._frames.index(frame)
        sources = self._sources(frame, ground.box)
        # To and fro through the shot: what was read last for one frame is read first for the next.
        order = sorted(sources, reverse=turn % 2 == 1)
        samples = dict(self.samples(frame, order, ground))
        return choose([samples[source] for source in sources], wanted, turn=turn)

    def samples(
        self, frame: int, sources: Iterable[int], ground: Ground
    ) -> Iterator[tuple[int, Sample]]:
        """What each of ``sources`` shows in the box, as bright as the frame to be filled."""
        parallax = Parallax(ground.rgb, ground.known) if self._settings.dense_flow else None
        for source in sources:
            plate, foreign = self._footage.plate(source), self._footage.foreign(source)
            motion = self._track.between(frame, source)
            sample = _matched(ground, gather(plate, foreign, box=ground.box, motion=motion))
            flow = parallax.residual(sample) if parallax else None
            if flow is not None:
                sample = gather(plate, foreign, box=ground.box, motion=motion, flow=flow)
                sample = _matched(ground, sample)
            yield source, sample

    def nearest(self, frame: int) -> list[int]:
        """The other frames whose place is known, nearest first."""
        known = (f for f in self._frames if f != frame and self._track.confidence[f] > 0)
        return sorted(known, key=lambda other: (abs(other - frame), other))

    def _sources(self, frame: int, box: Box) -> tuple[int, ...]:
        """Frames to take a frame's hole from, nearest first."""
        wanted = self._settings.max_sources + _EXTRA
        most = max(min(wanted, _MOST_BYTES // (box.height * box.width * 12)), _FEWEST)
        votes, search = self._settings.max_sources, self._settings.search
        return self.sight.pick(frame, search=search, votes=votes, most=most)


def _matched(ground: Ground, sample: Sample) -> Sample:
    """The sample as bright as the ground."""
    factor = gain(ground.rgb, ground.known, sample)
    return Sample(sample.rgb * factor, sample.valid) if (factor != 1).any() else sample


def _alike(ground: Ground, choice: Choice) -> Mask:
    """(h, w) bool: where a frame and the others show the same but for the light."""
    here = look(Sample(ground.rgb, ground.known))
    there = look(Sample(choice.rgb, choice.seen > 0))
    return np.asarray(np.abs(here - there) <= _SAME)
