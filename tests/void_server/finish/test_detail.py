from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from void_server.finish.agreement import compared, steadied
from void_server.finish.detail import detailed

SCALE = (5.0, 5.0)


def put_in(model, real, seen, hole, *, valid=None, origin=(0, 0), scale=SCALE):
    """Real pixels in a single frame; ``valid`` is where they were seen, unless it is given."""
    valid = hole & (seen > 0) if valid is None else valid
    agreement = compared(model, real, seen, valid, scale=scale, origin=origin)
    return detailed(model, real, seen, hole, scale=scale, agreement=agreement, origin=origin)


def at_grid(truth, scale=5, blur=0.0):
    """What a model with pixels ``scale`` times as large returns of a picture."""
    height, width = truth.shape[:2]
    size = width // scale, height // scale
    small = cv2.resize(truth, size, interpolation=cv2.INTER_AREA)
    if blur:
        small = cv2.GaussianBlur(small, (0, 0), blur)
    return np.clip(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), 0, 1)


def high_energy(picture, where):
    gray = picture.mean(axis=2)
    fine = gray - cv2.GaussianBlur(gray, (0, 0), 1.5)
    return float((fine[where] ** 2).mean())


@pytest.fixture
def wall(clip_of):
    """(200, 250, 3) code with detail finer than a model pixel, a hole in it, all of it seen."""
    truth = clip_of(size=(200, 250), grain=0.02).plate(0)
    hole = np.zeros(truth.shape[:2], bool)
    hole[40:160, 50:200] = True
    return truth, hole, np.where(hole, np.uint16(5), np.uint16(0))


@pytest.mark.parametrize("blur", [0.0, 1.5])
def test_the_hole_is_as_sharp_as_the_truth_with_a_true_and_with_a_soft_model(wall, blur):
    truth, hole, seen = wall
    model = at_grid(truth, blur=blur)
    put = put_in(model, truth, seen, hole, valid=np.ones_like(hole))
    inner = cv2.erode(hole.astype(np.uint8), np.ones((7, 7))) > 0
    assert high_energy(model, inner) < 0.3 * high_energy(truth, inner)
    assert 0.85 < high_energy(put.code, inner) / high_energy(truth, inner) < 1.15
    assert put.share[hole].mean() > 0.97


def test_real_pixels_that_agree_are_taken_whole(wall):
    truth, hole, seen = wall
    put = put_in(at_grid(truth), truth, seen, hole, valid=np.ones_like(hole))
    assert put.whole[hole].mean() > 0.97
    np.testing.assert_array_equal(put.code[put.whole], truth[put.whole])
    assert not put.whole[~hole].any()


def test_outside_the_hole_the_model_stays_as_it_is(wall):
    truth, hole, seen = wall
    model = at_grid(truth)
    put = put_in(model, truth, seen, hole)
    np.testing.assert_array_equal(put.code[~hole], model[~hole])
    assert (put.share[~hole] == 0).all()


def test_what_the_model_puts_there_wins_over_real_background(wall):
    truth, hole, seen = wall
    model = at_grid(truth)
    cv2.rectangle(model, (100, 70), (149, 129), (0.9, 0.2, 0.1), -1)
    put = put_in(model, truth, seen, hole)
    np.testing.assert_allclose(put.code[80:120, 110:140], model[80:120, 110:140], atol=2e-3)
    assert put.share[80:120, 110:140].max() < 0.01
    # Elsewhere the real pixels stay.
    assert put.share[45:60, 55:80].min() > 0.95


def test_a_lighter_tone_of_the_same_keeps_the_models_light_and_the_real_detail(wall):
    truth, hole, seen = wall
    model = np.clip(at_grid(truth) + np.float32(0.065), 0, 1)
    put = put_in(model, truth, seen, hole)
    inner = cv2.erode(hole.astype(np.uint8), np.ones((41, 41))) > 0
    gain = (put.code - truth)[inner].mean()
    assert gain == pytest.approx(0.065, abs=0.01)
    assert high_energy(put.code, inner) > 0.7 * high_energy(truth, inner)


def test_another_tone_of_something_else_brings_no_foreign_detail(wall):
    truth, hole, seen = wall
    model = np.clip(at_grid(truth[::-1, ::-1]) * 0.5 + 0.35, 0, 1)
    other = truth * 0.5 + np.float32(0.25)
    put = put_in(model, other, seen, hole)
    assert put.share[hole].mean() < 0.25


def test_nothing_seen_changes_nothing(wall):
    truth, hole, seen = wall
    model = at_grid(truth)
    put = put_in(model, np.zeros_like(truth), np.zeros_like(seen), hole)
    np.testing.assert_array_equal(put.code, model)
    assert not put.share.any()
    assert not put.whole.any()


def test_where_sight_ends_there_is_no_seam(wall):
    truth, hole, seen = wall
    seen[:, 125:] = 0
    model = np.full_like(truth, 0.40)
    real = np.full_like(truth, 0.42)
    put = put_in(model, real, seen, hole)
    row = put.code[100, :, 0]
    assert np.abs(np.diff(row[60:190])).max() < 0.006
    assert put.share[100, 124] < 0.1
    assert put.share[100, 110] > 0.95


def test_numbers_that_were_not_seen_are_never_looked_at(wall):
    truth, hole, seen = wall
    real = truth.copy()
    real[:, 125:] = np.nan
    seen[:, 125:] = 0
    put = put_in(at_grid(truth), real, seen, hole, valid=seen > 0)
    assert np.isfinite(put.code).all()


def test_the_share_of_a_flickering_model_is_steadier_when_neighbours_are_asked(wall):
    truth, hole, seen = wall
    valid = np.ones_like(hole)
    models = [np.clip(at_grid(truth) + np.float32(o), 0, 1) for o in (0.07, 0.11) * 4]
    agreements = [compared(m, truth, seen, valid, scale=SCALE, origin=(0, 0)) for m in models]

    def changes(pick):
        shares = [
            detailed(m, truth, seen, hole, scale=SCALE, agreement=pick(i), origin=(0, 0)).share[
                hole
            ]
            for i, m in list(enumerate(models))[2:6]
        ]
        return np.mean([np.abs(a - b).mean() for a, b in itertools.pairwise(shares)])

    alone = changes(lambda index: agreements[index])
    steady = changes(lambda index: steadied(agreements, index))
    assert alone > 0.1
    assert steady < 0.1 * alone


def test_a_box_anywhere_on_the_canvas_gives_the_same(wall):
    truth, hole, seen = wall
    model = at_grid(truth)
    here = put_in(model, truth, seen, hole)
    there = put_in(model, truth, seen, hole, origin=(35, 1015))
    np.testing.assert_array_equal(here.code, there.code)


@settings(max_examples=25, deadline=None)
@given(
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    scale=st.tuples(st.floats(0.6, 7.0), st.floats(0.6, 7.0)),
    origin=st.tuples(st.integers(0, 30), st.integers(0, 30)),
    seed=st.integers(0, 99),
)
def test_the_result_is_always_a_picture(size, scale, origin, seed):
    rng = np.random.default_rng(seed)
    model, real = rng.random((2, *size, 3), np.float32)
    hole = rng.random(size) < 0.7
    seen = np.where(hole, rng.integers(0, 7, size), 0).astype(np.uint16)
    put = put_in(model, real, seen, hole, scale=scale, origin=origin)
    assert put.code.dtype == np.float32
    assert ((put.code >= 0) & (put.code <= 1)).all()
    assert ((put.share >= 0) & (put.share <= 1)).all()
    assert not put.share[~hole | (seen == 0)].any()
