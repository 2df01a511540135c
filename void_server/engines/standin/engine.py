"""The engine: shows a shot to a stand-in and puts what it returns back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from bridge.messages import EngineInfo
from bridge.shot import Parameter
from void_server.engines.engine import Fill, Footage, Progress, Record
from void_server.engines.modelled.fills import fills
from void_server.engines.modelled.order import Order
from void_server.engines.modelled.settings import Finish
from void_server.engines.standin.levels import levels
from void_server.engines.standin.models import MODELS, Model
from void_server.engines.standin.settings import description
from void_server.model_view.frames import Frames
from void_server.model_view.shot import ModelShot


class StandIn:
    """Returns what a model would be shown; implements `Engine`."""

    def describe(self) -> EngineInfo:
        """Name, words and parameters, from which hosts build their knobs."""
        return description()

    def fill(
        self,
        footage: Footage,
        *,
        frames: Sequence[int],
        prompt: str,
        seed: int,
        parameters: Mapping[str, Parameter],
        progress: Progress,
        record: Record,
    ) -> Iterator[Fill]:
        """Yield one `Fill` for each of ``frames`` whose hole is not empty, in that order."""
        name = str(parameters["model"])
        record.note("model", f"stand-in: {name}")
        record.warn("no model ran: a stand-in returned what it was shown")
        order = Order(
            frames=frames,
            seed=seed,
            grid=(int(parameters["height"]), int(parameters["width"])),
            finish=Finish.of(parameters),
        )

        record.note("upscaler", "cubic (a stand-in has no network)")
        yield from fills(
            footage,
            order,
            model=lambda shot, part, parts: _shown(MODELS[name], shot, progress),
            levels=levels,
            progress=progress,
            record=record,
        )

    def rest(self) -> None:
        """Nothing to let go of: no device memory is held."""


def _shown(model: Model, shot: ModelShot, progress: Progress) -> Frames:
    count, (height, width) = len(shot.numbers), shot.region.grid
    pictures = Frames(count, (height, width, 3), np.float32)
    try:
        for index, number in enumerate(shot.numbers):
            sent = np.asarray(shot.plate[index], np.float32).transpose(1, 2, 0)
            pictures[index] = model(np.ascontiguousarray(sent), index)
            progress("standing in", index + 1, count, frame=number)
    except BaseException:
        pictures.close()
        raise
    return pictures
