"""From a shot to its fills, with whatever model: show it in small, put its pictures back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import numpy as np

from void_server.engines.engine import Fill, Footage, Progress, Record
from void_server.engines.modelled.finisher import Finisher
from void_server.engines.modelled.order import Model, Order
from void_server.finish.upscale import Upscaler
from void_server.model_view.frames import Frames
from void_server.model_view.plan import planned
from void_server.model_view.shot import Levels, read_shots


def fills(
    footage: Footage,
    order: Order,
    *,
    model: Model,
    levels: Levels,
    progress: Progress,
    record: Record,
    upscaler: Upscaler | None = None,
) -> Iterator[Fill]:
    """Yield one `Fill` for each of the order's frames whose hole is not empty, in their order.

    The model sees the whole shot, whichever frames are wanted, so that a frame's fill does not
    depend on them.

    Args:
        footage: The shot.
        order: What is asked for.
        model: Makes the clean pictures.
        levels: Brings a quadmask to the model's size.
        progress: Told of everything.
        record: Takes facts and warnings.
        upscaler: Enlarges the pictures where that is of use; None leaves it to a cubic filter.

    Raises:
        RequestError: The shot's colour space is not known, or a parameter does not fit the shot.
    """
    finish = order.finish
    plan = planned(
        footage, grid=order.grid, fit=finish.fit, region=finish.region, progress=progress
    )
    with ExitStack() as stack:
        shots = read_shots(
            footage,
            plan=plan,
            levels=levels,
            settings=finish.color,
            progress=progress,
            record=record,
        )
        for shot in shots:
            stack.callback(shot.close)
        pictures = []
        for part, shot in enumerate(shots):
            pictures.append(model(shot, part, len(shots)))
            stack.callback(pictures[-1].close)
            _refuse_coarse(pictures[-1])
        finisher = Finisher(
            footage,
            shots,
            pictures,
            order=order,
            upscaler=upscaler,
            progress=progress,
            record=record,
        )
        for done, frame in enumerate(order.frames, start=1):
            fill = finisher.fill(frame)
            progress("finishing", done, len(order.frames), frame=frame)
            if fill is not None:
                yield fill


def _refuse_coarse(pictures: Frames) -> None:
    """Near 1 a step of half, or of 8 bits, is worth percents of light behind a shot's curve."""
    if pictures[0].dtype != np.float32:
        raise ValueError(
            f"a model's pictures must keep every step (expected float32, got {pictures[0].dtype})"
        )
