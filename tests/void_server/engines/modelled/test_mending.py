from __future__ import annotations

import numpy as np
import pytest

from void_server.engines.modelled.mending import Mended

NUMBERS = (1001, 1002)


def mended(pictures, foreign=None):
    nothing = np.zeros((24, 32), np.bool_)
    return Mended(
        NUMBERS,
        sent=lambda index: np.full((24, 32, 3), 0.25, np.float32),
        got=lambda index: pictures[index],
        foreign=lambda index: nothing if foreign is None else foreign,
    )


@pytest.fixture
def pictures():
    rng = np.random.default_rng(1)
    return [rng.uniform(0, 1, (24, 32, 3)).astype(np.float32) for _ in NUMBERS]


def test_a_sound_picture_keeps_its_bits(pictures):
    found = mended(pictures)
    assert np.array_equal(found.picture(1), pictures[1])
    assert found.measures(1) == {}
    assert found.warnings == ()
    assert found.facts == {"model_pixels_cleaned": 0}


def test_every_picture_is_looked_at_before_any_is_asked_for(pictures):
    pictures[1][3, 4] = np.nan
    found = mended(pictures)
    assert found.facts == {"model_pixels_cleaned": 1}
    assert found.warnings == ("the model returned NaN or Inf in frame 1002: smoothed over",)


def test_a_lost_picture_becomes_a_surface_of_what_the_plate_shows(pictures):
    pictures[0][:] = np.nan
    foreign = np.zeros((24, 32), np.bool_)
    foreign[8:16, 8:20] = True
    assert mended(pictures, foreign).picture(0) == pytest.approx(0.25, abs=1e-3)


def test_a_lost_picture_of_nothing_but_foreign_pixels_is_black_and_finite(pictures):
    pictures[0][:] = np.nan
    assert not mended(pictures, np.ones((24, 32), np.bool_)).picture(0).any()
