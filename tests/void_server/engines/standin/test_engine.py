from __future__ import annotations

import numpy as np
import pytest

from bridge.errors import RequestError
from void_server.engines import catalog
from void_server.engines.engine import Cancelled, Mask, Rgb
from void_server.engines.standin import engine
from void_server.engines.standin.engine import StandIn
from void_server.model_view.frames import Frames
from void_server.plate import PlateColor

SIZE = 48, 80

STAGE = {"width": 384, "height": 256, "match": True}


class Ramp:
    """Footage of a ramp with a hole in its middle."""

    frames = (7, 8, 9)
    size = SIZE
    pixel_aspect = 1.0
    color = PlateColor("lin_rec709_scene", "lin_rec709_scene")

    def plate(self, frame: int) -> Rgb:
        down, across = np.mgrid[0 : SIZE[0], 0 : SIZE[1]].astype(np.float32)
        light = 0.1 + 0.004 * across + 0.002 * down
        return np.stack([light, 0.8 * light, 1.1 * light], axis=2).astype(np.float32)

    def hole(self, frame: int) -> Mask:
        hole = np.zeros(SIZE, np.bool_)
        hole[16:32, 30:50] = True
        return hole

    def foreign(self, frame: int) -> Mask:
        return self.hole(frame)

    def quadmask(self, frame: int) -> tuple[Mask, Mask]:
        return self.hole(frame), np.zeros(SIZE, np.bool_)


class Heard:
    """`Progress` and `Record` in one."""

    def __init__(self, stop_at: str = "") -> None:
        self.stages: dict[str, None] = {}
        self.facts: dict[str, object] = {}
        self.warnings: list[str] = []
        self._stop_at = stop_at

    def __call__(self, stage: str, done: int, total: int, **rest: object) -> None:
        self.stages[stage] = None
        if stage == self._stop_at:
            raise Cancelled

    def preview(self, frame: int, png: bytes) -> None:
        raise AssertionError("a stand-in has nothing to show")

    def note(self, key: str, value: object) -> None:
        self.facts[key] = value

    def warn(self, text: str) -> None:
        self.warnings.append(text)


PLAIN = {"width": SIZE[1], "height": SIZE[0], "match": False, "detail": False, "grain": "none"}


class Stage(Ramp):
    """A ramp under grain of variance 2e-4 of its light; parts of it may be of another light.

    Args:
        light: Of each channel; None leaves the ramp.
        field: Where.
        sigma: Of the grain there.
    """

    frames = (0, 1)
    size = 256, 384

    def __init__(
        self, light: tuple[float | None, ...], field: tuple[slice, slice], sigma: float = 0.0
    ) -> None:
        self._light, self._field, self._sigma = light, field, sigma

    def plate(self, frame: int) -> Rgb:
        light = np.linspace(0.1, 0.4, 384)[None, :, None] * np.ones((256, 1, 3))
        sigma = np.sqrt(2e-4 * light)
        for channel, level in enumerate(self._light):
            if level is not None:
                light[..., channel][self._field] = level
                sigma[..., channel][self._field] = self._sigma
        grain = np.random.default_rng(frame).standard_normal(light.shape, np.float32)
        return (light + sigma * grain).astype(np.float32)

    def hole(self, frame: int) -> Mask:
        hole = np.zeros(self.size, np.bool_)
        hole[100:120, 150:180] = True
        return hole

    def quadmask(self, frame: int) -> tuple[Mask, Mask]:
        return self.hole(frame), np.zeros(self.size, np.bool_)


def run(heard: Heard | None = None, footage: Ramp | None = None, **given):
    standin, heard, footage = StandIn(), heard or Heard(), footage or Ramp()
    fills = standin.fill(
        footage,
        frames=footage.frames,
        prompt="",
        seed=1,
        parameters=catalog.complete(standin.describe(), PLAIN | given),
        progress=heard,
        record=heard,
    )
    return list(fills)


def off(fill):
    """Largest distance to the plate, over its light."""
    truth = Ramp().plate(fill.frame)[16:32, 30:50]
    return float((np.abs(fill.rgb - truth) / truth).max())


@pytest.mark.parametrize(
    ("model", "least", "most"),
    [("identity", 0.0, 2e-4), ("blur", 0.0, 0.01), ("shift", 0.03, 0.3)],
)
def test_each_stand_in_does_what_it_says(model, least, most):
    fills = run(model=model)
    assert [fill.frame for fill in fills] == [7, 8, 9]
    for fill in fills:
        assert least <= off(fill) <= most


def test_the_result_says_that_no_model_ran_and_which_stand_in_did():
    heard = Heard()
    run(heard, model="blur", width=32, height=32)
    assert "no model ran: a stand-in returned what it was shown" in heard.warnings
    assert heard.facts["model"] == "stand-in: blur"
    assert heard.facts["upscaler"] == "cubic (a stand-in has no network)"


def test_its_facts_as_parameters_give_the_same_again():
    first, again = Heard(), Heard()
    run(first)
    names = ("fit", "region", "curve", "primaries", "exposure", "peak")
    run(again, **{name: str(first.facts[name]) for name in names})
    assert {name: again.facts[name] for name in names} == {n: first.facts[n] for n in names}


@pytest.mark.parametrize("light", [0.0, -0.004])
def test_a_hole_in_black_gets_no_grain(light):
    heard, around = Heard(), (slice(80, 140), slice(130, 200))
    for fill in run(heard, Stage((light,) * 3, around), model="blur", grain="match", **STAGE):
        assert fill.measures["grain_sigma"] < 1e-6
        assert "grain_sigma_ratio" not in fill.measures
    assert heard.facts["grain"] == "match"


def test_a_channel_below_black_in_a_part_of_the_plate_leaves_the_grain_sound():
    heard, top = Heard(), (slice(0, 51), slice(None))
    stage = Stage((None, None, -0.05), top, sigma=1e-3)
    for fill in run(heard, stage, model="blur", grain="match", **STAGE):
        assert np.isfinite(fill.rgb).all()
        assert fill.measures["grain_sigma_ratio"] == pytest.approx(1, abs=0.1)
    assert heard.facts["grain"] == "match"
    assert heard.facts["grain_sigma_blue"] == pytest.approx(0.006, rel=0.1)


def test_a_stage_without_any_blue_has_grain_in_the_other_channels():
    heard, everywhere = Heard(), (slice(None), slice(None))
    stage = Stage((None, None, 0.0), everywhere)
    for fill in run(heard, stage, model="blur", grain="match", **STAGE):
        assert fill.rgb[..., 2].tobytes() == fill.degrained[..., 2].tobytes()
        assert fill.measures["grain_sigma_ratio"] == pytest.approx(1, abs=0.1)
    assert heard.facts["grain"] == "match"
    assert heard.facts["grain_sigma_blue"] == 0


def test_a_cancelled_job_ends_at_once_and_lets_go_of_its_pictures(monkeypatch):
    made = []

    class Kept(Frames):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            made.append(self)

    monkeypatch.setattr(engine, "Frames", Kept)
    heard = Heard("standing in")
    with pytest.raises(Cancelled):
        run(heard)
    assert list(heard.stages)[-1] == "standing in"
    (pictures,) = made
    with pytest.raises(AttributeError):
        len(pictures)


def test_a_wrong_parameter_is_refused_by_name():
    with pytest.raises(RequestError, match="parameter region"):
        run(region="somewhere")


def test_there_is_nothing_to_let_go_of():
    standin = StandIn()
    standin.rest()
    assert standin.describe() == StandIn().describe()
