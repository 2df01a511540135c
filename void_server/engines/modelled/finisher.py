"""One frame after the other, from a model's picture to the pixels of the hole."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from void_server.engines.cleanplate.box import Box
from void_server.engines.cleanplate.real_pixels import RealPixels
from void_server.engines.engine import Evidence, Fill, Footage, Mask, Progress, Record, Rgb
from void_server.engines.graining import AROUND, Graining
from void_server.engines.modelled import evidence
from void_server.engines.modelled.enlarging import Enlarging
from void_server.engines.modelled.matching import Matching
from void_server.engines.modelled.order import Order
from void_server.engines.modelled.sharpening import Sharpening
from void_server.finish import Code
from void_server.finish.upscale import Upscaler, worth_it
from void_server.images.window import Window
from void_server.model_view.frames import Frames
from void_server.model_view.shot import ModelShot, placed_together


class Finisher:
    """Makes a shot's fills.

    Args:
        footage: The shot.
        shots: What the model was shown, one for each tile.
        pictures: What it returned, one for each tile.
        order: What is asked for.
        upscaler: Enlarges pictures where that is of use; None leaves it to a cubic filter.
        progress: Told of what takes long.
        record: Takes facts and warnings.
    """

    def __init__(
        self,
        footage: Footage,
        shots: Sequence[ModelShot],
        pictures: Sequence[Frames],
        *,
        order: Order,
        upscaler: Upscaler | None,
        progress: Progress,
        record: Record,
    ) -> None:
        finish = order.finish
        self._footage = footage
        self._shots = shots
        self._pictures = pictures
        self._color = shots[0].color
        self._index = {number: index for index, number in enumerate(shots[0].numbers)}
        self._scale = shots[0].region.scale
        self._matching = Matching(
            footage, shots, pictures, wanted=finish.match, progress=progress, record=record
        )
        self._enlarging = (
            Enlarging(footage, shots, pictures=self._matching.picture, upscaler=upscaler)
            if upscaler is not None and worth_it(self._scale)
            else None
        )
        self._graining = (
            Graining(footage, seed=order.seed, record=record) if finish.grain == "match" else None
        )
        self._sharpening = self._made_sharpening(progress) if finish.detail else None

    def fill(self, frame: int) -> Fill | None:
        """The pixels of one frame's hole; None when it has none."""
        hole = self._footage.hole(frame)
        box = Box.around(hole)
        if box is None:
            return None
        rgb, seen, share = self._light(frame, hole, box)
        inside = hole[box.slices]
        measures = self._matching.measures(self._index[frame])
        measures["real"] = float(share[inside].mean())
        grained = self._grained(frame, rgb, np.where(inside, share, 1), box)
        if grained is not None:
            measures |= grained[1]
        return Fill(
            frame=frame,
            top=box.top,
            left=box.left,
            rgb=rgb if grained is None else grained[0],
            seen=seen,
            degrained=None if grained is None else rgb,
            measures=measures,
            evidence=lambda: self._evidence(frame, share, inside),
        )

    def _made_sharpening(self, progress: Progress) -> Sharpening:
        return Sharpening(
            self._footage,
            RealPixels.tracked(self._footage, progress),
            color=self._color,
            modelled=self._modelled,
            scale=self._scale,
        )

    def _modelled(self, frame: int, box: Box) -> Code:
        """(h, w, 3) code: the model's picture over a box of the canvas, matched to the plate."""
        index = self._index[frame]
        of = self._enlarging or self._matching
        pictures = [of.picture(part, index) for part in range(len(self._shots))]
        return placed_together(self._shots, pictures, box.slices)

    def _light(
        self, frame: int, hole: Mask, box: Box
    ) -> tuple[Rgb, npt.NDArray[np.uint16], npt.NDArray[np.float32]]:
        """Scene-linear pixels of a hole's box, in how many frames each was seen, share of real."""
        found = self._sharpening.sharpened(frame, hole) if self._sharpening else None
        if found is None:
            rgb = self._color.decode(self._modelled(frame, box))
            size = box.height, box.width
            return rgb, np.zeros(size, np.uint16), np.zeros(size, np.float32)
        real, detail = found
        inner = box.inside(real.box)
        rgb = self._color.decode(np.ascontiguousarray(detail.code[inner]))
        np.copyto(rgb, real.rgb[inner], where=detail.whole[inner][..., None])
        share = np.ascontiguousarray(detail.share[inner])
        seen = np.where(share >= 0.5, real.seen[inner], np.uint16(0))
        return rgb, seen, share

    def _grained(
        self, frame: int, light: Rgb, real: npt.NDArray[np.float32], box: Box
    ) -> tuple[Rgb, dict[str, float]] | None:
        """A fill with the grain that it lacks, and what was measured of that; None without any."""
        if self._graining is None:
            return None
        # Variances add up: a pixel whose detail is half real lacks .87 of the deviation.
        lacking = np.sqrt(1 - real**2).astype(np.float32)
        around = box.grown(AROUND, self._footage.size).slices
        return self._graining.onto(frame, light, lacking, around)

    def _evidence(self, frame: int, share: npt.NDArray[np.float32], inside: Mask) -> Evidence:
        index, part = self._index[frame], self._main_part(frame)
        shot, pictures = self._shots[part], self._pictures[part]
        sent = np.asarray(shot.plate[index], np.float32).transpose(1, 2, 0)
        shown = {
            evidence.SAW: evidence.shown(sent, np.asarray(shot.levels[index], np.uint8)),
            evidence.RETURNED: evidence.shown(np.asarray(pictures[index], np.float32)),
        }
        if self._sharpening is not None:
            shown[evidence.REAL] = evidence.real(share, inside)
        return shown

    def _main_part(self, frame: int) -> int:
        """The tile that shows most of a frame's hole."""
        hole, size = self._footage.hole(frame), self._footage.size
        canvas = Window.of_size(size[1], size[0])
        parts = [hole[canvas.slices(shot.region.on(size))] for shot in self._shots]
        return int(np.argmax([np.count_nonzero(part) for part in parts]))
