from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from void_server.finish.upscale import enlarged, worth_it


class Stretch:
    """Enlarges as it is told to."""

    name = "stretch"

    def __init__(self, factor, change=lambda picture: picture):
        self.factor, self._change = factor, change

    def __call__(self, picture):
        size = picture.shape[1] * self.factor, picture.shape[0] * self.factor
        return self._change(cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC))


def shrunk(picture, factor):
    height, width = picture.shape[0] // factor, picture.shape[1] // factor
    return picture.reshape(height, factor, width, factor, 3).mean(axis=(1, 3))


@settings(max_examples=30, deadline=None)
@given(
    size=st.tuples(st.integers(1, 24), st.integers(1, 24)),
    factor=st.sampled_from([2, 4]),
    seed=st.integers(0, 99),
    shift=st.floats(-1, 1),
)
def test_it_shrinks_to_what_it_was_made_from_whatever_the_network_says(size, factor, seed, shift):
    rng = np.random.default_rng(seed)
    picture = rng.random((*size, 3), np.float32)
    mad = Stretch(factor, lambda p: p + np.float32(shift) + rng.normal(0, 1, p.shape))
    found = enlarged(picture, mad)
    assert found.shape == (size[0] * factor, size[1] * factor, 3)
    assert found.dtype == np.float32
    np.testing.assert_allclose(shrunk(found, factor), picture, atol=2e-6)


def test_a_network_that_answers_nonsense_does_no_harm(clip_of):
    picture = clip_of(size=(30, 40)).truth(0)
    found = enlarged(picture, Stretch(2, lambda p: np.full_like(p, np.nan)))
    assert np.isfinite(found).all()
    np.testing.assert_allclose(shrunk(found, 2), picture, atol=2e-6)


def test_a_flat_area_stays_flat():
    picture = np.full((16, 16, 3), 0.5, np.float32)
    noise = np.random.default_rng(1).normal(0, 0.2, (32, 32, 3)).astype(np.float32)
    found = enlarged(picture, Stretch(2, lambda p: p + noise))
    assert np.abs(found - 0.5).max() < 0.006


def test_an_edge_that_the_network_knows_is_sharper_than_by_cubic():
    wide = np.zeros((32, 64, 3), np.float32)
    wide[:, 33:] = 0.8
    small = shrunk(wide, 2)
    found = enlarged(small, Stretch(2, lambda _: wide))
    cubic = cv2.resize(small, (64, 32), interpolation=cv2.INTER_CUBIC)
    assert np.abs(found - wide).mean() < 0.5 * np.abs(cubic - wide).mean()


def test_a_part_may_be_enough(clip_of):
    picture = clip_of(size=(30, 40)).truth(0)
    shown = []

    def remember(large):
        shown.append(large.shape)
        return large

    part = (slice(4, 20), slice(8, 32))
    found = enlarged(picture, Stretch(2, remember), part=part)
    assert shown == [(32, 48, 3)]
    assert found.shape == (60, 80, 3)
    np.testing.assert_allclose(shrunk(found, 2), picture, atol=2e-6)


@pytest.mark.parametrize(
    ("scale", "expected"),
    [((1.0, 1.0), False), ((1.3, 1.3), False), ((1.31, 1.0), True), ((6.0, 6.1), True)],
)
def test_it_is_done_only_where_there_is_something_to_gain(scale, expected):
    assert worth_it(scale) is expected
