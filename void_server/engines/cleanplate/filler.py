"""Fills one frame after the other of a tracked shot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from void_server.engines.cleanplate import seam
from void_server.engines.cleanplate.box import Box
from void_server.engines.cleanplate.choose import Choice, choose
from void_server.engines.cleanplate.exposure import gain
from void_server.engines.cleanplate.gather import Sample, gather
from void_server.engines.cleanplate.invent import Ground, Inventor
from void_server.engines.cleanplate.parallax import Parallax
from void_server.engines.cleanplate.quiet import quieted
from void_server.engines.cleanplate.regrain import Grain, grown, measured
from void_server.engines.cleanplate.settings import Settings
from void_server.engines.cleanplate.sources import Sight
from void_server.engines.cleanplate.track import Track
from void_server.engines.engine import Fill, Footage, Mask, Rgb

_SURROUNDINGS = 48
"""Pixels around a hole that are gathered too: exposure and seam are matched there."""

_MOST_BYTES = 320 * 1024**2
"""Memory for the sources of one frame; a hole as large as a 4K frame gets fewer."""

_FEWEST = 3
_EXTRA = 6
"""Sources allowed beyond the votes wanted: a hole may need several frames to be seen whole."""


_QUIET = 8
"""Frames averaged for what is invented from: grain falls to a third."""

Seen = npt.NDArray[np.uint16]
"""(h, w) uint16: in how many other frames a pixel's background was seen."""


class Filler:
    """Knows a shot, its camera and what is seen where; keeps no pictures but the invented.

    Args:
        footage: The shot.
        motion: Its camera.
        settings: The engine's parameters.
        seed: Seed of the grain on what is invented.
    """

    def __init__(self, footage: Footage, motion: Track, settings: Settings, *, seed: int) -> None:
        self._footage = footage
        self._track = motion
        self._settings = settings
        self._seed = seed
        self._frames = tuple(footage.frames)
        self._sight = Sight(footage, motion)
        self._inventor = Inventor(
            self._sight,
            motion,
            frames=self._frames,
            search=settings.search,
            seed=seed,
            ground=self._quiet,
        )

    def fill(self, frame: int) -> Fill | None:
        """The pixels of one frame's hole; None when it has none."""
        box = Box.around(self._footage.hole(frame))
        if box is None:
            return None
        ground, seen = self._real(frame, surroundings=_SURROUNDINGS)
        rgb = self._invented(frame, ground) if ground.unseen.any() else ground.rgb
        inside = box.inside(ground.box)
        return Fill(
            frame=frame,
            top=box.top,
            left=box.left,
            rgb=np.ascontiguousarray(rgb[inside]),
            seen=np.ascontiguousarray(seen[inside]),
        )

    def _real(self, frame: int, *, surroundings: int) -> tuple[Ground, Seen]:
        """The box of a frame's hole with real pixels in it, and in how many frames each was seen.

        The frame must have a hole.
        """
        around = Box.around(self._footage.hole(frame))
        if around is None:
            raise ValueError(f"frame {frame} has no hole (expected at least one pixel)")
        ground = self._bare(frame, around.grown(surroundings, self._footage.size))
        hole = ground.unseen
        ring = seam.ring_of(hole) & ground.known
        choice = self._chosen(frame, ground, wanted=hole | ring)
        shown = choice.seen > 0
        fill = seam.joined(choice.rgb, ground.rgb, hole=hole & shown, ring=ring & shown)
        np.copyto(ground.rgb, fill, where=(hole & shown)[..., None])
        filled = replace(ground, known=ground.known | (hole & shown), unseen=hole & ~shown)
        return filled, np.where(hole, choice.seen, np.uint16(0))

    def _bare(self, frame: int, box: Box) -> Ground:
        """A box of a frame before anything is filled."""
        hole = self._footage.hole(frame)[box.slices]
        foreign = self._footage.foreign(frame)[box.slices]
        rgb = self._footage.plate(frame)[box.slices].copy()
        return Ground(box, rgb, ~foreign & ~hole, hole)

    def _quiet(self, frame: int) -> Ground:
        """The real pixels of a frame and of much around its hole, with little grain.

        What is continued from here gets new grain in each frame; it should bring none of its own.
        """
        hole = Box.around(self._footage.hole(frame))
        reach = max(_SURROUNDINGS, max(hole.height, hole.width) // 2) if hole else _SURROUNDINGS
        ground, _ = self._real(frame, surroundings=reach)
        nearest = self._nearest(frame)[:_QUIET]
        samples = (sample for _, sample in self._samples(frame, nearest, ground))
        return replace(ground, rgb=quieted(ground.rgb, ground.known, samples))

    def _chosen(self, frame: int, ground: Ground, *, wanted: Mask) -> Choice:
        """The real pixels for ``wanted``."""
        turn = self._frames.index(frame)
        sources = self._sight.pick(
            frame,
            search=self._settings.search,
            votes=self._settings.max_sources,
            most=self._most_sources(ground.box),
        )
        # To and fro through the shot: what was read last for one frame is read first for the next.
        order = sorted(sources, reverse=turn % 2 == 1)
        samples = dict(self._samples(frame, order, ground))
        return choose([samples[source] for source in sources], wanted, turn=turn)

    def _samples(
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

    def _most_sources(self, box: Box) -> int:
        wanted = self._settings.max_sources + _EXTRA
        return max(min(wanted, _MOST_BYTES // (box.height * box.width * 12)), _FEWEST)

    def _invented(self, frame: int, ground: Ground) -> Rgb:
        """The ground with its unseen pixels filled and grained."""
        rgb = self._inventor.complete(frame, ground)
        grain = self._grain(frame, ground)
        if grain is not None:
            grained = grown(rgb, grain, seed=self._seed, frame=frame)
            rgb[ground.unseen] = grained[ground.unseen]
        return rgb

    def _grain(self, frame: int, ground: Ground) -> Grain | None:
        """The grain around a hole, by the nearest frame that shows the same place."""
        nearest = self._nearest(frame)
        if not nearest:
            return None
        bare = self._bare(frame, ground.box)
        ((_, sample),) = self._samples(frame, nearest[:1], bare)
        return measured(bare.rgb, sample.rgb, bare.known & sample.valid)

    def _nearest(self, frame: int) -> list[int]:
        """The other frames whose place is known, nearest first."""
        known = (f for f in self._frames if f != frame and self._track.confidence[f] > 0)
        return sorted(known, key=lambda other: (abs(other - frame), other))


def _matched(ground: Ground, sample: Sample) -> Sample:
    """The sample as bright as the ground."""
    factor = gain(ground.rgb, ground.known, sample)
    return Sample(sample.rgb * factor, sample.valid) if (factor != 1).any() else sample
