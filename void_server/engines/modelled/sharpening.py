"""Real pixels of other frames for what a model has drawn, steady from frame to frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from void_server.engines.cleanplate.box import Box
from void_server.engines.cleanplate.real_pixels import Real, RealPixels
from void_server.engines.engine import Footage, Mask
from void_server.finish import Code
from void_server.finish.agreement import Agreement, compared, steadied
from void_server.finish.detail import Detailed, detailed
from void_server.model_view.color import ModelColor
from void_server.recent import Recent

_MEMORY = 768 << 20
"""Bytes of looked-up frames to keep: they are looked at some frames before they are wanted."""

_NEIGHBOURS = 2
"""Frames on each side that say whether what is shown is steady."""

Modelled = Callable[[int, Box], Code]
"""From a frame's number and a box of the canvas to the model's picture there: (h, w, 3) code."""


@dataclass(frozen=True)
class _Looked:
    """A frame's real pixels, the model's picture in the same box, and how they compare."""

    real: Real
    code: Code
    model: Code
    agreement: Agreement

    @property
    def nbytes(self) -> int:
        real, agreement = self.real, self.agreement
        of_real = real.rgb.nbytes + real.seen.nbytes + real.valid.nbytes
        return of_real + self.code.nbytes + self.model.nbytes + 2 * agreement.low.nbytes


class Sharpening:
    """Puts real pixels into a model's pictures of a shot.

    Args:
        footage: The shot.
        real: Where its background is seen.
        color: To model space.
        modelled: The model's picture, matched to the plate.
        scale: Plate pixels per model pixel, (down, across).
    """

    def __init__(
        self,
        footage: Footage,
        real: RealPixels,
        *,
        color: ModelColor,
        modelled: Modelled,
        scale: tuple[float, float],
    ) -> None:
        self._frames = tuple(footage.frames)
        self._index = {frame: index for index, frame in enumerate(self._frames)}
        self._real = real
        self._color = color
        self._modelled = modelled
        self._scale = scale
        self._looked: Recent[int, _Looked | None] = Recent(_MEMORY)
        self._agreements: dict[int, Agreement | None] = {}

    def sharpened(self, frame: int, hole: Mask) -> tuple[Real, Detailed] | None:
        """A frame's fill with real pixels in it, over the box of its `Real`; None without any.

        Args:
            frame: File number.
            hole: (H, W) bool of the canvas.
        """
        looked = self._look(frame)
        if looked is None:
            return None
        box = looked.real.box
        found = detailed(
            looked.model,
            looked.code,
            looked.real.seen,
            hole[box.slices],
            scale=self._scale,
            agreement=self._steady(frame),
            origin=(box.top, box.left),
        )
        return looked.real, found

    def _steady(self, frame: int) -> Agreement:
        """How a frame compares, its neighbours taken into account as far as they show anything."""
        index = self._index[frame]
        first, last = max(0, index - _NEIGHBOURS), min(len(self._frames) - 1, index + _NEIGHBOURS)
        here = 0
        near: list[Agreement] = []
        for at in range(first, last + 1):
            agreement = self._agreement(self._frames[at])
            if at == index:
                here = len(near)
            if agreement is not None:
                near.append(agreement)
            elif at < index:
                near, here = [], 0  # what lies beyond a gap is no neighbour
            elif at > index:
                break
        for old in [f for f in self._agreements if not first <= self._index[f] <= last]:
            del self._agreements[old]
        return steadied(near, here)

    def _agreement(self, frame: int) -> Agreement | None:
        if frame not in self._agreements:
            looked = self._look(frame)
            self._agreements[frame] = None if looked is None else looked.agreement
        return self._agreements[frame]

    def _look(self, frame: int) -> _Looked | None:
        return self._looked.get(
            frame, lambda: self._compare(frame), lambda found: found.nbytes if found else 0
        )

    def _compare(self, frame: int) -> _Looked | None:
        real = self._real.of(frame)
        if real is None:
            return None
        code = self._color.encode(np.array(real.rgb))
        model = self._modelled(frame, real.box)
        agreement = compared(
            model,
            code,
            real.seen,
            real.valid,
            scale=self._scale,
            origin=(real.box.top, real.box.left),
        )
        return _Looked(real, code, model, agreement)
