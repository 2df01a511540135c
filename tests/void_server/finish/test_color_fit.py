from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from void_server.finish.color_fit import LEAST_PAIRS, fit_of, no_change

shifts = st.tuples(*[st.floats(0.9, 1.1)] * 3), st.tuples(*[st.floats(-0.03, 0.03)] * 3)


def colors(count: int = 400, *, chroma: float = 0.1, seed: int = 0) -> np.ndarray:
    """(n, 3) code between .1 and .9: greys with some color."""
    random = np.random.default_rng(seed)
    grey = random.uniform(0.2, 0.8, (count, 1))
    return np.clip(grey + random.normal(0, chroma, (count, 3)), 0.1, 0.9).astype(np.float32)


def shares(count: int = 400) -> np.ndarray:
    return np.ones(count, np.float32)


@settings(max_examples=25, deadline=None)
@given(*shifts)
def test_a_shift_is_found_to_within_a_thousandth(gain, offset):
    sent = colors()
    got = sent * np.float32(gain) + np.float32(offset)
    found = fit_of(got, sent, shares())
    assert np.abs(found.apply(got) - sent).max() < 4e-3
    np.testing.assert_allclose(found.gain, 1 / np.array(gain), atol=0.015)


@settings(max_examples=25, deadline=None)
@given(*shifts)
def test_a_grey_set_turns_no_color(gain, offset):
    sent = colors(chroma=0.0)
    found = fit_of(sent * np.float32(gain) + np.float32(offset), sent, shares())
    linear = found.matrix[:, :3]
    # Only what a different gain of each channel makes of a difference between channels is seen.
    assert np.abs(linear - np.diag(np.diag(linear))).max() < 0.02
    assert found.freedom == "gain and offset"


def test_grain_on_a_grey_wall_is_no_evidence_of_crosstalk():
    random = np.random.default_rng(1)
    sent = np.full((2000, 3), 0.4, np.float32) + random.normal(0, 0.004, (2000, 3))
    got = np.full((2000, 3), 0.4, np.float32) + random.normal(0, 0.004, (2000, 3))
    found = fit_of(got.astype(np.float32), sent.astype(np.float32), shares(2000))
    assert np.abs(found.matrix - np.eye(3, 4)).max() < 0.2
    red = np.float32([[0.8, 0.2, 0.2]])
    assert np.abs(found.apply(red) - red).max() < 0.06
    assert found.freedom == "gain"


def test_a_flat_wall_gets_its_level_back_whatever_made_it_differ():
    sent = np.full((200, 3), 0.5, np.float32)
    found = fit_of(sent * np.float32(0.94) + np.float32(0.01), sent, shares(200))
    np.testing.assert_allclose(
        found.apply(sent * np.float32(0.94) + np.float32(0.01)), sent, atol=2e-3
    )
    assert found.freedom == "gain"


def test_a_third_of_the_pairs_may_show_something_else():
    sent = colors(600)
    got = sent * np.float32((0.95, 1.02, 1.06)) + np.float32(0.01)
    got[:200] = colors(200, seed=5)
    found = fit_of(got, sent, shares(600))
    assert np.abs(found.apply(got[200:]) - sent[200:]).max() < 0.01


def test_nothing_changes_where_nothing_changed():
    sent = colors()
    np.testing.assert_allclose(fit_of(sent, sent, shares()).matrix, np.eye(3, 4), atol=1e-7)


@pytest.mark.parametrize("count", [0, 1, LEAST_PAIRS - 1])
def test_too_few_pairs_say_nothing(count):
    sent = colors(count)
    found = fit_of(sent * np.float32(0.9), sent, shares(count))
    np.testing.assert_array_equal(found.matrix, no_change().matrix)
    assert found.freedom == "none"
    assert found.pairs == count


def test_pairs_that_could_not_be_compared_do_not_count():
    sent = colors(300)
    got = sent.copy()
    got[150:] *= 0.5
    share = shares(300)
    share[150:] = 0
    np.testing.assert_allclose(fit_of(got, sent, share).matrix, np.eye(3, 4), atol=1e-6)


def test_a_picture_of_any_shape_is_corrected():
    fit = fit_of(colors() * np.float32(0.9), colors(), shares())
    picture = colors(60).reshape(5, 12, 3)
    np.testing.assert_allclose(fit.apply(picture)[2, 3], fit.apply(picture[2, 3:4])[0], atol=1e-6)
    assert fit.apply(picture[:0]).shape == (0, 12, 3)
