from __future__ import annotations

import numpy as np
import pytest

from void_server.engines.cleanplate import CleanPlate

HOLE = np.zeros((128, 160), bool)
HOLE[44:84, 60:100] = True


class Notes(dict):
    """A `Record` that keeps what it is told."""

    def note(self, key, value):
        self[key] = value

    def warn(self, text):
        raise AssertionError(f"unexpected warning {text}")


@pytest.fixture
def standing(footage_of):
    """Makes a grey shot whose hole never moves, under grain of a given strength."""

    def make(sigma):
        rng = np.random.default_rng(0)
        grey = np.full((128, 160, 3), 0.2, np.float32)
        plates = {n: grey + rng.normal(0, sigma, grey.shape).astype(np.float32) for n in range(4)}
        return footage_of(plates, dict.fromkeys(range(4), HOLE))

    return make


def run(footage, notes, **parameters):
    engine = CleanPlate()
    complete = {p.name: p.default for p in engine.describe().parameters} | parameters
    fills = engine.fill(
        footage,
        frames=footage.frames,
        prompt="",
        seed=3,
        parameters=complete,
        progress=lambda *_a, **_k: None,
        record=notes,
    )
    return list(fills)


def test_a_fill_comes_with_itself_without_grain(standing):
    notes = Notes()
    for fill in run(standing(0.005), notes):
        assert fill.degrained.std() < fill.rgb.std()
        assert (fill.rgb - fill.degrained).std() == pytest.approx(0.005, rel=0.15)
        assert fill.measures["grain_sigma_ratio"] == pytest.approx(1, abs=0.15)
    assert notes["grain"] == "match"
    assert notes["grain_sigma_green"] == pytest.approx(0.005, rel=0.1)


def test_none_adds_no_grain_and_measures_none(standing):
    notes = Notes()
    with_grain, without = run(standing(0.005), Notes()), run(standing(0.005), notes, grain="none")
    for ours, theirs in zip(without, with_grain, strict=True):
        assert ours.degrained is None
        assert ours.rgb.tobytes() == theirs.degrained.tobytes()
    assert notes == {}


def test_a_plate_without_grain_gets_none_and_it_is_said(standing):
    notes = Notes()
    for fill in run(standing(0.0), notes):
        assert fill.degrained is None
        assert fill.measures == {}
    assert notes["grain"].startswith("none")


@pytest.mark.parametrize("light", [0.0, -0.004])
def test_a_hole_in_black_has_no_ratio(footage_of, light):
    base = np.linspace(0.1, 0.4, 384)[None, :, None] * np.ones((256, 1, 3))
    hole = np.zeros((256, 384), bool)
    hole[100:120, 150:180] = True
    plates = {}
    for frame in range(2):
        grain = np.random.default_rng(frame).standard_normal(base.shape)
        plates[frame] = (base + np.sqrt(base * 2e-4) * grain).astype(np.float32)
        plates[frame][80:140, 130:200] = light
    notes = Notes()
    for fill in run(footage_of(plates, dict.fromkeys(plates, hole)), notes):
        assert notes["grain"] == "match"
        assert fill.measures == {"grain_sigma": 0.0}
        assert np.isfinite(fill.rgb).all()
