from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bridge.errors import RequestError
from void_server.engines.engine import Cancelled, Mask, Rgb
from void_server.model_view import shot as model_shot
from void_server.model_view.color import ModelColor
from void_server.model_view.color_settings import ColorSettings
from void_server.model_view.lights import Lights
from void_server.model_view.plan import Plan, planned
from void_server.model_view.resample import to_grid
from void_server.model_view.shot import ModelShot, placed_together, read_shots
from void_server.plate import PlateColor
from void_server.quadmask import levels_of

GRID = (24, 42)
SIZE = (60, 90)
HOLE = (20, 40, 8, 10)


class Heard:
    """`Progress` and `Record` in one."""

    def __init__(self, stop_at: int = -1) -> None:
        self.stages: list[str] = []
        self.facts: dict[str, Any] = {}
        self.warnings: list[str] = []
        self._stop_at = stop_at

    def __call__(self, stage: str, done: int, total: int, **_: Any) -> None:
        assert 1 <= done <= total
        self.stages.append(stage)
        if done == self._stop_at:
            raise Cancelled

    def preview(self, frame: int, png: bytes) -> None:
        raise AssertionError("reading shows nothing")

    def note(self, key: str, value: Any) -> None:
        self.facts[key] = value

    def warn(self, text: str) -> None:
        self.warnings.append(text)


def _levels(remove: Mask, affected: Mask, grid: tuple[int, int]) -> np.ndarray:
    rows, columns = (np.arange(n) * m // n for n, m in zip(grid, remove.shape, strict=True))
    return levels_of(remove[np.ix_(rows, columns)], affected[np.ix_(rows, columns)])


def _read(footage: Any, plan: Plan, heard: Heard | None = None) -> list[ModelShot]:
    heard = heard or Heard()
    return read_shots(footage, plan=plan, levels=_levels, progress=heard, record=heard)


def _lit(*lights: float) -> Callable[[int], Rgb]:
    """Noise around one light a frame."""

    def light(frame: int) -> Rgb:
        noise = np.random.default_rng(frame).random((*SIZE, 3), np.float32)
        return (lights[frame - 1001] * (0.5 + noise)).astype(np.float32)

    return light


def _footage(shot: Any, *lights: float) -> Any:
    return shot(SIZE, [HOLE] * len(lights), light=_lit(*lights))


def test_one_to_one_the_plate_comes_back_as_it_was(shot: Any) -> None:
    """K2"""
    footage = _footage(shot, 0.2, 0.4)
    (view,) = _read(footage, planned(footage, grid=GRID, region=(20, 10, 42, 24)))
    assert view.region.scale == (1, 1)
    box = slice(20, 28), slice(40, 50)
    for index, number in enumerate(view.numbers):
        picture = np.asarray(view.plate[index], np.float32).transpose(1, 2, 0)
        light = view.color.decode(view.placed(picture, box))
        expected = footage.plate(number)[box]
        assert np.abs(light / expected - 1).max() < 2e-6


@pytest.mark.parametrize("lights", [(0.2,) * 9, (0.2, 0.2, 0.2, 30.0, 0.2, 0.2, 0.2, 0.2, 0.2)])
def test_reading_once_gives_exactly_what_reading_twice_would(
    shot: Any, lights: tuple[float, ...]
) -> None:
    """C8"""
    footage = _footage(shot, *lights)
    (view,) = _read(footage, planned(footage, grid=GRID, fit="whole"))
    gathered = Lights(footage.color)
    for number in footage.frames:
        gathered.add(footage.plate(number), ~footage.foreign(number))
    color = ModelColor.of(footage.color, gathered)
    assert replace(view.color, ceiling=math.inf) == color
    brightest = max(float(footage.plate(number).max()) for number in footage.frames)
    assert view.color.ceiling == pytest.approx(brightest, rel=1e-5)
    for index, number in enumerate(footage.frames):
        expected = to_grid(color.encode(footage.plate(number)), view.region, SIZE)
        assert np.array_equal(view.plate[index], expected.transpose(2, 0, 1))


def test_the_plate_is_read_again_only_when_the_first_look_was_wrong(shot: Any) -> None:
    steady, surprising = _footage(shot, *[0.2] * 20), _footage(shot, *[0.2] * 11, 30.0, *[0.2] * 8)
    _read(steady, planned(steady, grid=GRID))
    assert len(steady.read) == 20 + model_shot.FIRST_LOOK
    heard = Heard()
    _read(surprising, planned(surprising, grid=GRID), heard)
    assert len(surprising.read) == 40 + model_shot.FIRST_LOOK
    assert heard.stages[-1] == "reading the plate again"


def test_what_was_chosen_is_recorded(shot: Any) -> None:
    footage, heard = _footage(shot, 0.02), Heard()
    (view,) = _read(footage, planned(footage, grid=GRID, fit="whole"), heard)
    assert heard.facts["region"] == "0,0,90,60"
    assert heard.facts["fit"] == "whole"
    assert heard.facts["scale"] == 2.5
    assert heard.facts["exposure"] == view.color.space.exposure > 0
    assert heard.facts["primaries"] == "rec709"
    assert any("the fill is soft" in warning for warning in heard.warnings)


def test_the_artists_choice_of_colour_holds(shot: Any) -> None:
    footage, heard = _footage(shot, 0.02), Heard()
    settings = ColorSettings(exposure=0.5, peak=16.0)
    plan = planned(footage, grid=GRID)
    (view,) = read_shots(
        footage, plan=plan, levels=_levels, settings=settings, progress=heard, record=heard
    )
    assert (view.color.space.exposure, view.color.space.peak) == (0.5, 16.0)


def test_a_plate_whose_colour_nobody_knows_is_refused(shot: Any) -> None:
    footage = _footage(shot, 0.2)
    footage.color = PlateColor("", "", assumed=True)
    with pytest.raises(RequestError, match="colour"):
        _read(footage, planned(footage, grid=GRID))


def test_nothing_is_affected_in_the_first_frame_and_masks_are_cut_to_the_region(shot: Any) -> None:
    class Affected(shot):  # type: ignore[misc]
        def quadmask(self, frame: int) -> tuple[Mask, Mask]:
            remove, affected = super().quadmask(frame)
            affected[30:40, 40:60] = True
            return remove, affected

    footage = Affected(SIZE, [HOLE, HOLE])
    (view,) = _read(footage, planned(footage, grid=GRID, region=(20, 18, 42, 24)))
    assert set(np.unique(view.levels[0])) == {0, 255}
    expected = np.full(GRID, 255, np.uint8)
    expected[12:22, 20:40] = 127
    expected[2:10, 20:30] = 0
    assert np.array_equal(view.levels[1], expected)


def test_tiles_are_read_together_and_put_together_as_if_they_were_one(shot: Any) -> None:
    footage = shot((200, 600), [(80, x, 20, 20) for x in (60, 240, 440)])
    rows, columns = np.mgrid[:200, :600].astype(np.float32)
    wave = 0.3 + 0.2 * np.sin(rows / 21) * np.cos(columns / 33)
    footage._light = lambda _: np.repeat(wave[..., None], 3, axis=2)
    plan = planned(footage, grid=(48, 84), fit="tiles")
    tiles = _read(footage, plan)
    assert len(tiles) == len(plan.regions) > 1
    assert len(footage.read) == 3 + 3
    pictures = [np.asarray(tile.plate[0], np.float32).transpose(1, 2, 0) for tile in tiles]
    box = slice(60, 120), slice(50, 480)
    light = tiles[0].color.decode(placed_together(tiles, pictures, box))
    assert np.abs(light[..., 0] - wave[box]).max() < 1e-3


def test_tiles_that_agree_are_not_changed_by_blending(shot: Any) -> None:
    footage = shot((200, 600), [(80, x, 20, 20) for x in (60, 240, 440)])
    tiles = _read(footage, planned(footage, grid=(48, 84), fit="tiles"))
    same = [np.full((48, 84, 3), 0.3, np.float32) for _ in tiles]
    found = placed_together(tiles, same, (slice(60, 120), slice(0, 600)))
    assert np.abs(found - 0.3).max() < 1e-6


def test_cancelling_leaves_no_file_open(shot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[object] = []
    close = model_shot.Frames.close
    monkeypatch.setattr(
        model_shot.Frames, "close", lambda frames: (closed.append(frames), close(frames))
    )
    footage = _footage(shot, 0.2, 0.2, 0.2)
    with pytest.raises(Cancelled):
        _read(footage, planned(footage, grid=GRID), Heard(stop_at=2))
    assert len(closed) == 2


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (107, 199)])
def test_plates_of_any_size_are_shown_and_come_back(shot: Any, size: tuple[int, int]) -> None:
    """N3"""
    footage = shot(size, [(0, 0, *size)])
    (view,) = _read(footage, planned(footage, grid=GRID, fit="crop"))
    picture = np.asarray(view.plate[0], np.float32).transpose(1, 2, 0)
    box = slice(0, size[0]), slice(0, size[1])
    assert np.abs(view.color.decode(view.placed(picture, box)) - 0.18).max() < 1e-6
