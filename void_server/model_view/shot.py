"""A shot as a model sees it: every frame in model space and at model size, read once.

Resizing happens in model space, so the curve must be known before the first frame is brought to
size, and it belongs to the whole shot. A few frames say what it will most likely be; only where
all of them say otherwise is the shot read again. What comes out is the same either way.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from void_server.engines.engine import Footage, Mask, Progress, Record
from void_server.images.window import Window, union_all
from void_server.matte import bounds
from void_server.model_view.blend import tile_weights
from void_server.model_view.color import ModelColor
from void_server.model_view.color_settings import ColorSettings
from void_server.model_view.frames import Frames
from void_server.model_view.lights import Lights
from void_server.model_view.masks import in_region
from void_server.model_view.plan import Plan
from void_server.model_view.region import Grid, Region
from void_server.model_view.resample import Code, to_grid, to_plate
from void_server.quadmask import clear_affected

Levels = Callable[[Mask, Mask, Grid], npt.NDArray[np.uint8]]
"""From (remove, affected), each (h, w) bool over a region at the plate's size, and a grid, to the
quadmask levels on it."""

FIRST_LOOK = 5
"""Frames, evenly spread, whose lights decide before all are known."""

SAMPLES = 1 << 16
"""Pixels of a frame, at most, that its lights are taken from."""


@dataclass(frozen=True)
class ModelShot:
    """What a model is shown of a region of a shot.

    Attributes:
        numbers: File number of each frame.
        plate: (3, H, W) float32, 0 to 1 in model space, object visible.
        levels: (H, W) uint8 quadmask levels; nothing affected in the first frame.
        region: The part of the canvas.
        color: From the plate's scene-linear to ``plate``'s numbers and back.
    """

    numbers: tuple[int, ...]
    plate: Frames
    levels: Frames
    region: Region
    color: ModelColor

    def placed(self, picture: Code, box: tuple[slice, slice]) -> Code:
        """A part of the model's picture at the plate's size.

        Args:
            picture: (H, W, 3) float32, model space, finite; on the region's grid or a finer one.
            box: Rows and columns of the canvas.

        Returns:
            (h, w, 3) float32, model space.
        """
        return to_plate(picture, self.region, box)

    def close(self) -> None:
        """Let go of the files."""
        self.plate.close()
        self.levels.close()


def placed_together(
    shots: Sequence[ModelShot], pictures: Sequence[Code], box: tuple[slice, slice]
) -> Code:
    """A part of the tiles' pictures of one frame at the plate's size, blended in model space.

    Args:
        shots: Of the tiles; one is no tile and is placed as it is.
        pictures: Each one's, as `ModelShot.placed` takes it.
        box: Rows and columns of the canvas.

    Returns:
        (h, w, 3) float32, model space.
    """
    if len(shots) == 1:
        return shots[0].placed(pictures[0], box)
    weights = tile_weights([shot.region for shot in shots], box)
    whole = np.zeros((*weights.shape[1:], 3), np.float32)
    for shot, picture, weight in zip(shots, pictures, weights, strict=True):
        part = bounds(weight > 0)
        if part is not None:
            inner = Window.of_size(*whole.shape[1::-1]).slices(part)
            on_canvas = _shifted(inner, box)
            whole[inner] += weight[inner][..., None] * shot.placed(picture, on_canvas)
    return whole


def read_shots(
    footage: Footage,
    *,
    plan: Plan,
    levels: Levels,
    settings: ColorSettings | None = None,
    progress: Progress,
    record: Record,
) -> list[ModelShot]:
    """Bring a shot to model size, once for each region of the plan.

    Args:
        footage: The shot.
        plan: What is shown.
        levels: Brings a quadmask to model size.
        settings: What was asked for in colour; None leaves all of it to the shot.
        progress: Told after each frame; may raise to stop.
        record: Takes what was chosen.

    Raises:
        RequestError: Nobody knows the plate's colour, or it cannot be shown as was asked for.
        OSError: The disk is full.
    """
    reader = _Reader(footage, plan, levels)
    try:
        color = ModelColor.of(footage.color, reader.first_look(progress), settings)
        final = ModelColor.of(footage.color, reader.read(color, progress), settings)
        if final != color:
            reader.read(final, progress, again=True)
        final = replace(final, ceiling=reader.brightest(final))
    except BaseException:
        reader.close()
        raise
    for key, value in {**plan.facts, **final.facts()}.items():
        record.note(key, value)
    for warning in (*plan.warnings, *final.warnings):
        record.warn(warning)
    return reader.shots(final)


class _Reader:
    """Reads frames into the files of all regions."""

    def __init__(self, footage: Footage, plan: Plan, levels: Levels) -> None:
        self._footage = footage
        self._regions = plan.regions
        self._levels_of = levels
        self._numbers = tuple(footage.frames)
        parts = [region.on(footage.size) for region in plan.regions]
        self._shown = union_all(parts)
        self._parts = [self._shown.slices(part) for part in parts]
        count = len(self._numbers)
        self._plates = [Frames(count, (3, *region.grid), np.float32) for region in plan.regions]
        self._levels = [Frames(count, region.grid, np.uint8) for region in plan.regions]
        self._top = 0.0

    def first_look(self, progress: Progress) -> Lights:
        """The lights of a few frames."""
        lights = Lights(self._footage.color)
        last = len(self._numbers) - 1
        spread = {round(i * last / max(1, FIRST_LOOK - 1)) for i in range(FIRST_LOOK)}
        # Backwards: the first frame is wanted next, and may still be in memory then.
        for done, index in enumerate(sorted(spread, reverse=True), start=1):
            self._add_lights(lights, self._numbers[index], self._light(self._numbers[index]))
            progress("measuring light", done, len(spread), frame=self._numbers[index])
        return lights

    def read(self, color: ModelColor, progress: Progress, *, again: bool = False) -> Lights:
        """All frames, in model space; the lights of all of them."""
        stage = "reading the plate again" if again else "reading the plate"
        lights = Lights(self._footage.color)
        self._top = 0.0
        for index, number in enumerate(self._numbers):
            light = self._light(number)
            self._add_lights(lights, number, light)
            code = color.encode(light)
            self._top = max(self._top, float(code.max()))
            self._keep(index, code)
            if not again:
                self._keep_levels(index, number)
            progress(stage, index + 1, len(self._numbers), frame=number)
        return lights

    def brightest(self, color: ModelColor) -> float:
        """The brightest light of all frames that the curve holds: a fill has no reason for more."""
        return float(color.space.decode(np.array([self._top], np.float32))[0])

    def shots(self, color: ModelColor) -> list[ModelShot]:
        """What was read."""
        files = zip(self._plates, self._levels, self._regions, strict=True)
        return [ModelShot(self._numbers, *kept, color) for kept in files]

    def close(self) -> None:
        """Let go of the files."""
        for frames in (*self._plates, *self._levels):
            frames.close()

    def _light(self, number: int) -> Code:
        return self._footage.plate(number)[self._rows_and_columns]

    def _add_lights(self, lights: Lights, number: int, light: Code) -> None:
        step = max(1, math.ceil(math.sqrt(light.shape[0] * light.shape[1] / SAMPLES)))
        foreign = self._footage.foreign(number)[self._rows_and_columns]
        lights.add(light[::step, ::step], ~foreign[::step, ::step])

    def _keep(self, index: int, code: Code) -> None:
        for region, part, plate in zip(self._regions, self._parts, self._plates, strict=True):
            shown = to_grid(code[part], region, self._footage.size)
            plate[index] = shown.transpose(2, 0, 1)

    def _keep_levels(self, index: int, number: int) -> None:
        remove, affected = self._footage.quadmask(number)
        for region, levels in zip(self._regions, self._levels, strict=True):
            planes = in_region(remove, region), in_region(affected, region)
            found = self._levels_of(*planes, region.grid)
            levels[index] = clear_affected(found) if index == 0 else found

    @property
    def _rows_and_columns(self) -> tuple[slice, slice]:
        size = self._footage.size
        return Window.of_size(size[1], size[0]).slices(self._shown)


def _shifted(inner: tuple[slice, slice], box: tuple[slice, slice]) -> tuple[slice, slice]:
    """Rows and columns of a box, counted from where the box is."""
    rows, columns = (
        slice(part.start + span.start, part.stop + span.start)
        for part, span in zip(inner, box, strict=True)
    )
    return rows, columns
