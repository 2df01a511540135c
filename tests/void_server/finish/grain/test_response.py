from __future__ import annotations

import numpy as np
import pytest

from void_server.finish.grain.response import Response, fitted, near

TERMS = np.array([[2e-5, 6e-4, 1e-4], [1e-6, 1e-4, 0], [5e-5, 0, 2e-3]])


def blocks(count=400, low=0.01, high=0.8, seed=0):
    """Light and variance of blocks whose variance scatters as that of 300 free pixels does."""
    rng = np.random.default_rng(seed)
    light = rng.uniform(low, high, (count, 3)).astype(np.float32)
    a, b, c = TERMS.T
    variance = (a + b * light + c * light**2) * rng.chisquare(300, (count, 3)) / 300
    return light, variance.astype(np.float32)


def sigma_ratio(found, light):
    a, b, c = TERMS.T
    truth = a + b * light + c * light**2
    return np.sqrt(found.variance(np.full(3, light, np.float32)) / truth)


@pytest.mark.parametrize("light", [0.02, 0.1, 0.3, 0.7])
def test_curves_are_found_over_the_whole_range(light):
    assert sigma_ratio(fitted(*blocks()), light) == pytest.approx(1, abs=0.06)


def test_a_third_of_textured_blocks_does_not_raise_the_curve():
    light, variance = blocks()
    variance[::3] *= np.random.default_rng(1).uniform(1.5, 40, (len(variance[::3]), 1))
    found = fitted(light, variance)
    assert sigma_ratio(found, 0.3) == pytest.approx(1, abs=0.08)
    assert near(found, light, variance)[::3].mean() < 0.3


def test_a_block_with_far_too_much_in_one_channel_is_not_near():
    light, variance = blocks()
    found = fitted(light, variance)
    variance[0, 2] *= 30
    variance[1, 2] /= 30
    held = near(found, light, variance)
    assert not held[0]
    assert held[1:].all()


def test_a_block_at_whose_light_a_channel_has_no_grain_is_not_near():
    light, variance = blocks()
    found = Response(np.array([[0, 1e-3, 0]] * 3, np.float32), np.ones(3, np.float32))
    variance = np.maximum(light, 0) * 1e-3
    light[:50, 2], variance[:50, 2] = -0.05, 1e-7
    assert near(found, light, variance).tolist() == [False] * 50 + [True] * 350


@pytest.mark.parametrize("channels", [1, 2])
def test_fewer_channels_are_fitted_as_they_would_be_among_three(channels):
    light, variance = blocks()
    some, every = fitted(light[:, :channels], variance[:, :channels]), fitted(light, variance)
    np.testing.assert_array_equal(some.terms, every.terms[:channels])
    assert near(some, light[:, :channels], variance[:, :channels]).all()


def test_channels_without_grain_have_no_variance_at_any_light():
    light, variance = blocks()
    found = fitted(light[:, :2], variance[:, :2]).among(np.array([True, False, True]))
    at = found.variance(np.full((1, 3), 0.3, np.float32))[0]
    assert at[1] == 0
    assert (at[[0, 2]] > 0).all()


def test_no_term_is_negative_even_where_variance_falls_with_light():
    light, _ = blocks()
    falling = (1e-3 * (1 - light) + 1e-5).astype(np.float32)
    assert (fitted(light, falling).terms >= 0).all()


def test_from_one_light_nothing_wild_is_told_of_another():
    light, variance = blocks(low=0.3, high=0.32)
    found = fitted(light, variance)
    assert sigma_ratio(found, 0.31) == pytest.approx(1, abs=0.05)
    assert (np.sqrt(found.variance(np.full(3, 5.0, np.float32))) < 0.1).all()


def test_beyond_the_brightest_measured_grain_grows_no_more():
    found = fitted(*blocks())
    bright, brighter = (found.variance(np.full(3, v, np.float32)) for v in (1.7, 1e30))
    assert bright.tobytes() == brighter.tobytes()
    assert np.isfinite(brighter).all()


def test_below_zero_light_has_the_variance_of_none():
    response = Response(TERMS.astype(np.float32), np.ones(3, np.float32))
    dark = response.variance(np.full((2, 3), -1.0, np.float32))
    np.testing.assert_allclose(dark, np.tile(TERMS[:, 0], (2, 1)), rtol=1e-6)
