"""Shots in memory, models that do known things to what they are shown, and a way to run them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from void_server.engines.engine import Cancelled, Fill, Mask, Rgb
from void_server.engines.modelled.fills import fills
from void_server.engines.modelled.order import Order
from void_server.engines.modelled.settings import Finish
from void_server.engines.standin.levels import levels
from void_server.model_view.frames import Frames
from void_server.model_view.shot import ModelShot
from void_server.plate import PlateColor

Float = npt.NDArray[np.float32]
Hole = tuple[int, int, int, int]
Picture = Callable[[Float, int], Float]
"""From what a model is shown, and the index of the frame, to what it returns."""

LINEAR = PlateColor("lin_rec709_scene", "lin_rec709_scene")

BARE = {"detail": False, "grain": "none"}


@dataclass
class Scene:
    """`Footage` of a set without any object, so that its plate is what a fill should be.

    Attributes:
        plates: (H, W, 3) scene-linear of each frame.
        holes: Of each frame (top, left, height, width), or None.
        first: File number of the first.
        hidden: What shows no background in any frame, hole or not.
    """

    plates: Sequence[Rgb]
    holes: Sequence[Hole | None]
    first: int = 1001
    pixel_aspect: float = 1.0
    color: PlateColor = LINEAR
    hidden: Hole = (0, 0, 0, 0)

    @property
    def frames(self) -> tuple[int, ...]:
        return tuple(range(self.first, self.first + len(self.plates)))

    @property
    def size(self) -> tuple[int, int]:
        return self.plates[0].shape[0], self.plates[0].shape[1]

    def plate(self, frame: int) -> Rgb:
        plate = self.plates[frame - self.first].view()
        plate.setflags(write=False)
        return plate

    def hole(self, frame: int) -> Mask:
        return self._mask(self.holes[frame - self.first])

    def foreign(self, frame: int) -> Mask:
        return self.hole(frame) | self._mask(self.hidden)

    def quadmask(self, frame: int) -> tuple[Mask, Mask]:
        return self.hole(frame), np.zeros(self.size, np.bool_)

    def _mask(self, hole: Hole | None) -> Mask:
        mask = np.zeros(self.size, np.bool_)
        if hole is not None:
            top, left, height, width = hole
            mask[top : top + height, left : left + width] = True
        return mask

    def box(self, fill: Fill) -> Rgb:
        """The plate where a fill lies."""
        height, width = fill.rgb.shape[:2]
        rows = slice(fill.top, fill.top + height)
        return self.plate(fill.frame)[rows, fill.left : fill.left + width]

    def inside(self, fill: Fill) -> Mask:
        """The hole where a fill lies."""
        height, width = fill.rgb.shape[:2]
        rows = slice(fill.top, fill.top + height)
        return self.hole(fill.frame)[rows, fill.left : fill.left + width]


def texture(
    height: int, width: int, seed: int = 0, *, cells: Sequence[int] = (24, 8, 3), gray: float = 0.0
) -> Rgb:
    """(height, width, 3) with detail at several scales, 0.05 to 0.6, less colour the more gray."""
    rng = np.random.default_rng(seed)
    total = np.zeros((height, width, 3), np.float32)
    for cell in cells:
        grid = rng.uniform(0, 1, (height // cell + 2, width // cell + 2, 3)).astype(np.float32)
        total += cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
    total = total * (1 - gray) + total.mean(axis=2, keepdims=True) * gray
    total -= total.min()
    return (0.05 + 0.55 * total / total.max()).astype(np.float32)


class Heard:
    """`Progress` and `Record` in one.

    Args:
        stop_at: Stage at which the job is cancelled.
    """

    def __init__(self, stop_at: str = "") -> None:
        self.stages: list[str] = []
        self.facts: dict[str, Any] = {}
        self.warnings: list[str] = []
        self._stop_at = stop_at

    def __call__(self, stage: str, done: int, total: int, **rest: Any) -> None:
        assert 0 <= done <= total
        if stage not in self.stages:
            self.stages.append(stage)
        if stage == self._stop_at:
            raise Cancelled

    def preview(self, frame: int, png: bytes) -> None:
        raise AssertionError("no previews are made here")

    def note(self, key: str, value: Any) -> None:
        assert type(value) in (bool, int, float, str)
        assert not isinstance(value, float) or np.isfinite(value)
        self.facts[key] = value

    def warn(self, text: str) -> None:
        assert not text.endswith(".")
        self.warnings.append(text)


def model_of(picture: Picture, kept: list[Frames] | None = None) -> Callable[..., Frames]:
    """A `Model` that makes each picture by itself; all files it has to do with go to ``kept``."""
    files = [] if kept is None else kept

    def model(shot: ModelShot, part: int, parts: int) -> Frames:
        assert 0 <= part < parts
        files.extend([shot.plate, shot.levels])
        made = Frames(len(shot.numbers), (*shot.region.grid, 3), np.float32)
        for index in range(len(shot.numbers)):
            sent = np.asarray(shot.plate[index], np.float32).transpose(1, 2, 0)
            made[index] = picture(np.ascontiguousarray(sent), index)
        files.append(made)
        return made

    return model


def same(sent: Float, index: int) -> Float:
    """What was sent."""
    return sent


def started(
    footage: Any,
    picture: Picture = same,
    *,
    heard: Heard | None = None,
    grid: tuple[int, int] | None = None,
    frames: Sequence[int] | None = None,
    seed: int = 1,
    kept: list[Frames] | None = None,
    model: Any = None,
    upscaler: Any = None,
    **parameters: Any,
) -> Any:
    """The generator of a shot's fills; ``parameters`` on top of `BARE`."""
    heard = heard or Heard()
    order = Order(
        frames=footage.frames if frames is None else frames,
        seed=seed,
        grid=grid or footage.size,
        finish=Finish.of(BARE | parameters),
    )
    return fills(
        footage,
        order,
        model=model or model_of(picture, kept),
        levels=levels,
        progress=heard,
        record=heard,
        upscaler=upscaler,
    )


def run(footage: Any, picture: Picture = same, **how: Any) -> list[Fill]:
    """All of them."""
    return list(started(footage, picture, **how))


def panned(count: int = 6, *, step: int = 0, light: float = 1.0, **more: Any) -> Scene:
    """A set of 96 x 160, a hole that travels over it; the camera moves ``step`` a frame."""
    wide = texture(96, 160 + step * count, 3) * np.float32(light)
    plates = [np.ascontiguousarray(wide[:, step * i : step * i + 160]) for i in range(count)]
    holes = [(30, 40 + 12 * i, 34, 30) for i in range(count)]
    return Scene(plates, more.pop("holes", holes), **more)


def grainy() -> Scene:
    """A still camera over an even set with grain; the hole travels, frame 1004 has none."""
    rng = np.random.default_rng(5)
    truth = 0.2 + texture(128, 224, 3, cells=(90,), gray=1.0) * np.float32(0.3)
    truth[40:, :100] += texture(88, 100, 4, cells=(6, 3), gray=0.7) * np.float32(0.2)
    plates = [truth + rng.normal(0, 0.01, truth.shape).astype(np.float32) for _ in range(7)]
    holes = [(50, 20 + 8 * i, 40, 54) for i in range(7)]
    return Scene(plates, [*holes[:3], None, *holes[4:]], hidden=(50, 70, 40, 14))


def bits(found: Sequence[Fill]) -> Mapping[int, bytes]:
    """What makes fills the same."""
    return {fill.frame: fill.rgb.tobytes() + fill.seen.tobytes() for fill in found}


@dataclass(frozen=True)
class Set:
    """The above, for tests that cannot import it."""

    Scene = Scene
    Heard = Heard
    texture = staticmethod(texture)
    model_of = staticmethod(model_of)
    same = staticmethod(same)
    started = staticmethod(started)
    run = staticmethod(run)
    panned = staticmethod(panned)
    grainy = staticmethod(grainy)
    bits = staticmethod(bits)


@pytest.fixture(scope="session")
def studio_set() -> Set:
    return Set()
