"""Fills one frame after the other of a tracked shot."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from void_server.engines.cleanplate import seam
from void_server.engines.cleanplate.box import Box
from void_server.engines.cleanplate.invent import Ground, Inventor
from void_server.engines.cleanplate.quiet import quieted
from void_server.engines.cleanplate.real_pixels import SURROUNDINGS, RealPixels
from void_server.engines.cleanplate.settings import Settings
from void_server.engines.cleanplate.track import Track
from void_server.engines.engine import Fill, Footage, Mask, Record, Rgb
from void_server.engines.graining import AROUND, Graining

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
        seed: Seed of what is invented and of the grain on it.
        record: Told what grain was found.
    """

    def __init__(
        self, footage: Footage, motion: Track, settings: Settings, *, seed: int, record: Record
    ) -> None:
        self._footage = footage
        matched = settings.grain == "match"
        self._graining = Graining(footage, seed=seed, record=record) if matched else None
        self._pixels = RealPixels(footage, motion, settings)
        self._inventor = Inventor(
            self._pixels.sight,
            motion,
            frames=tuple(footage.frames),
            search=settings.search,
            seed=seed,
            ground=self._quiet,
        )

    def fill(self, frame: int) -> Fill | None:
        """The pixels of one frame's hole; None when it has none."""
        box = Box.around(self._footage.hole(frame))
        if box is None:
            return None
        ground, seen = self._real(frame, surroundings=SURROUNDINGS)
        inside = box.inside(ground.box)
        if not ground.unseen.any():
            return _fill(frame, box, ground.rgb[inside], seen[inside])
        bare = self._inventor.complete(frame, ground)
        return self._grained(
            _fill(frame, box, bare[inside], seen[inside]), box, ground.unseen[inside]
        )

    def _grained(self, bare: Fill, box: Box, lacking: Mask) -> Fill:
        """The fill with grain on what is invented, if that is wanted and the plate has any."""
        if self._graining is None:
            return bare
        around = box.grown(AROUND, self._footage.size).slices
        found = self._graining.onto(bare.frame, bare.rgb, lacking.astype(np.float32), around)
        if found is None:
            return bare
        rgb, measures = found
        return replace(bare, rgb=rgb, degrained=bare.rgb, measures=measures)

    def _real(self, frame: int, *, surroundings: int) -> tuple[Ground, Seen]:
        """The box of a frame's hole with real pixels in it, and in how many frames each was seen.

        The frame must have a hole.
        """
        around = Box.around(self._footage.hole(frame))
        if around is None:
            raise ValueError(f"frame {frame} has no hole (expected at least one pixel)")
        ground = self._pixels.bare(frame, around.grown(surroundings, self._footage.size))
        hole = ground.unseen
        ring = seam.ring_of(hole) & ground.known
        choice = self._pixels.chosen(frame, ground, wanted=hole | ring)
        shown = choice.seen > 0
        fill = seam.joined(choice.rgb, ground.rgb, hole=hole & shown, ring=ring & shown)
        np.copyto(ground.rgb, fill, where=(hole & shown)[..., None])
        filled = replace(ground, known=ground.known | (hole & shown), unseen=hole & ~shown)
        return filled, np.where(hole, choice.seen, np.uint16(0))

    def _quiet(self, frame: int) -> Ground:
        """The real pixels of a frame and of much around its hole, with little grain.

        What is continued from here gets new grain in each frame; it should bring none of its own.
        """
        hole = Box.around(self._footage.hole(frame))
        reach = max(SURROUNDINGS, max(hole.height, hole.width) // 2) if hole else SURROUNDINGS
        ground, _ = self._real(frame, surroundings=reach)
        nearest = self._pixels.nearest(frame)[:_QUIET]
        samples = (sample for _, sample in self._pixels.samples(frame, nearest, ground))
        return replace(ground, rgb=quieted(ground.rgb, ground.known, samples))


def _fill(frame: int, box: Box, rgb: Rgb, seen: Seen) -> Fill:
    return Fill(
        frame=frame,
        top=box.top,
        left=box.left,
        rgb=np.ascontiguousarray(rgb),
        seen=np.ascontiguousarray(seen),
    )
