from __future__ import annotations

import numpy as np
import pytest

from void_server.finish.clean import OVERSHOOT, cleaned


@pytest.fixture
def picture():
    y, x = np.mgrid[0:40, 0:60].astype(np.float32)
    return np.stack([x / 80, y / 60, (x + y) / 120], axis=2) + 0.1


def test_a_sound_picture_is_the_same_object(picture):
    assert cleaned(picture).picture is picture


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_takes_the_color_around_it(picture, bad):
    broken = picture.copy()
    broken[10:13, 20:24, 1] = bad
    found = cleaned(broken)
    assert found.broken.sum() == 12
    assert np.abs(found.picture - picture).max() < 0.03
    assert not found.lost
    assert np.isnan(broken[10, 20, 1]) or np.isinf(broken[10, 20, 1]), "the input stays"


def test_overshoot_is_cut_without_a_word_and_more_is_counted(picture):
    bright = picture.copy()
    bright[0, 0] = 1 + OVERSHOOT / 2
    bright[0, 1, 2] = 2.0
    bright[0, 2] = -1.0
    found = cleaned(bright)
    assert found.beyond == 2
    assert found.picture.min() == 0.0
    assert found.picture.max() == 1.0


def test_a_picture_of_nan_is_lost_but_finite(picture):
    found = cleaned(np.full_like(picture, np.nan))
    assert found.lost
    assert np.isfinite(found.picture).all()


def test_half_a_picture_is_continued_from_the_other(picture):
    half = picture.copy()
    half[:, 30:] = np.nan
    found = cleaned(half)
    assert not found.lost
    assert picture[:, :30].min() <= found.picture.min()
    assert found.picture.max() <= picture[:, :30].max() + 1e-6
