from __future__ import annotations

import numpy as np
import pytest

from void_server.engines.standin.models import FLICKER, MODELS, blurred, same, shifted


@pytest.fixture
def picture():
    rng = np.random.default_rng(2)
    return rng.uniform(0.2, 0.8, (24, 40, 3)).astype(np.float32)


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_a_picture_comes_back_as_a_picture_and_what_was_sent_is_left_alone(picture, model):
    before = picture.copy()
    made = model(picture, 3)
    assert (made.shape, made.dtype) == (picture.shape, np.float32)
    assert 0 <= made.min() <= made.max() <= 1
    assert np.array_equal(picture, before)
    assert np.array_equal(model(picture, 3), made)


def test_identity_is_bit_for_bit(picture):
    assert np.array_equal(same(picture, 0), picture)


def test_a_blur_keeps_the_light_and_takes_detail(picture):
    made = blurred(picture, 0)
    assert made.mean() == pytest.approx(picture.mean(), rel=0.01)
    assert made.std() < picture.std() / 2


def test_a_shift_flickers_by_turns(picture):
    first, second, third = (shifted(picture, index).mean() for index in range(3))
    assert first == third
    assert second / first == pytest.approx((1 + FLICKER) / (1 - FLICKER), rel=1e-4)


def test_a_shift_mixes_the_channels():
    gray = np.full((2, 2, 3), 0.3, np.float32)
    red = gray + np.float32([0.4, 0.0, 0.0])
    more = shifted(red, 0) - shifted(gray, 0)
    assert more[0, 0, 1] > 0
    assert more[0, 0, 2] < 0
