"""Fills one frame after the other of a tracked shot."""

from __future__ import annotations

import numpy as np

from void_server.engines.cleanplate import seam
from void_server.engines.cleanplate.box import Box
from void_server.engines.cleanplate.choose import Choice, choose
from void_server.engines.cleanplate.exposure import gain
from void_server.engines.cleanplate.gather import Sample, gather
from void_server.engines.cleanplate.invent import Ground, Inventor
from void_server.engines.cleanplate.regrain import grown, measured
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
            ground=lambda frame: self._real(frame)[0],
        )

    def fill(self, frame: int) -> Fill | None:
        """The pixels of one frame's hole; None when it has none."""
        box = Box.around(self._footage.hole(frame))
        if box is None:
            return None
        ground, seen = self._real(frame)
        rgb = self._invented(frame, ground) if ground.unseen.any() else ground.rgb
        inside = box.inside(ground.box)
        return Fill(
            frame=frame,
            top=box.top,
            left=box.left,
            rgb=np.ascontiguousarray(rgb[inside]),
            seen=np.ascontiguousarray(seen[inside]),
        )

    def _real(self, frame: int) -> tuple[Ground, np.ndarray[tuple[int, ...], np.dtype[np.uint16]]]:
        """The box of a frame's hole with real pixels in it, and in how many frames each was seen.

        The frame must have a hole.
        """
        whole_hole = self._footage.hole(frame)
        around = Box.around(whole_hole)
        if around is None:
            raise ValueError(f"frame {frame} has no hole (expected at least one pixel)")
        box = around.grown(_SURROUNDINGS, self._footage.size)
        hole = whole_hole[box.slices]
        background = ~self._footage.foreign(frame)[box.slices] & ~hole
        target = self._footage.plate(frame)[box.slices].copy()
        ring = seam.ring_of(hole) & background
        choice = self._chosen(frame, box, target, background, wanted=hole | ring)
        shown = choice.seen > 0
        fill = seam.joined(choice.rgb, target, hole=hole & shown, ring=ring & shown)
        rgb = np.where((hole & shown)[..., None], fill, target)
        known = background | (hole & shown)
        return Ground(box, rgb, known, hole & ~shown), choice.seen

    def _chosen(
        self, frame: int, box: Box, target: Rgb, background: Mask, *, wanted: Mask
    ) -> Choice:
        """The real pixels for ``wanted``."""
        samples = [
            self._sample(frame, source, box, target, background)
            for source in self._sight.pick(
                frame,
                search=self._settings.search,
                votes=self._settings.max_sources,
                most=self._most_sources(box),
            )
        ]
        return choose(samples, wanted, turn=self._frames.index(frame))

    def _sample(
        self, frame: int, source: int, box: Box, target: Rgb, background: Mask
    ) -> Sample:
        """What ``source`` shows in the box, as bright as the frame to be filled."""
        sample = gather(
            self._footage.plate(source),
            self._footage.foreign(source),
            box=box,
            motion=self._track.between(frame, source),
        )
        factor = gain(target, background, sample)
        if (factor == 1).all():
            return sample
        return Sample(sample.rgb * factor, sample.valid)

    def _most_sources(self, box: Box) -> int:
        wanted = self._settings.max_sources + _EXTRA
        return max(min(wanted, _MOST_BYTES // (box.height * box.width * 12)), _FEWEST)

    def _invented(self, frame: int, ground: Ground) -> Rgb:
        """The ground with its unseen pixels filled and grained."""
        rgb = self._inventor.complete(frame, ground)
        grain = measured(ground.rgb, ground.known)
        if grain is not None:
            grained = grown(rgb, grain, seed=self._seed, frame=frame)
            rgb[ground.unseen] = grained[ground.unseen]
        return rgb
