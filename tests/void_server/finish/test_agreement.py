from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from void_server.finish.agreement import Agreement, compared, falling, steadied

HERE = {"scale": (4.0, 4.0), "origin": (0, 0)}


def flat(level, height=64, width=96):
    return np.full((height, width, 3), level, np.float32)


def all_seen(votes, height=64, width=96):
    return np.full((height, width), votes, np.uint16), np.ones((height, width), bool)


def test_the_difference_of_two_flat_pictures_is_how_far_they_are_apart():
    found = compared(flat(0.5), flat(0.45), *all_seen(8), **HERE)
    np.testing.assert_allclose(found.apart, 0.05, atol=1e-5)
    np.testing.assert_allclose(found.low, -0.05, atol=1e-5)
    assert found.known.all()


def test_a_single_witness_counts_for_less():
    sure = compared(flat(0.5), flat(0.48), *all_seen(5), **HERE)
    lone = compared(flat(0.5), flat(0.48), *all_seen(1), **HERE)
    np.testing.assert_allclose(lone.apart, np.sqrt(3) * sure.apart, rtol=1e-4)


def test_what_was_not_seen_does_not_colour_its_surroundings():
    seen, valid = all_seen(5)
    real = flat(0.5)
    real[20:40, 30:60] = np.nan
    valid[20:40, 30:60] = False
    seen[20:40, 30:60] = 0
    found = compared(flat(0.5), real, seen, valid, **HERE)
    assert np.isfinite(found.apart).all()
    assert found.apart.max() < 1e-5
    assert not found.known[6:9, 9:14].any()


def test_grain_does_not_count_as_a_difference(clip_of):
    truth = clip_of(size=(128, 128)).truth(0)
    noise = np.random.default_rng(1).normal(0, 0.03, truth.shape).astype(np.float32)
    seen, valid = all_seen(5, 128, 128)
    found = compared(truth, truth + noise, seen, valid, **HERE)
    assert found.apart.max() < 0.01


def test_structure_is_the_same_in_a_soft_copy_and_not_in_another_picture(clip_of):
    here = clip_of(size=(160, 160)).truth(0)
    other = here[::-1, ::-1]
    seen, valid = all_seen(5, 160, 160)
    soft = cv2.GaussianBlur(here, (0, 0), 5)
    same = compared(soft, here, seen, valid, **HERE).structure
    another = compared(soft, other, seen, valid, **HERE).structure
    assert same.mean() > 0.95
    assert another.mean() < 0.35


def test_where_both_are_flat_structure_does_not_object():
    noise = np.random.default_rng(2).normal(0, 0.01, (64, 96, 3)).astype(np.float32)
    found = compared(flat(0.5), flat(0.4) + noise, *all_seen(5), **HERE)
    assert found.structure.min() > 0.9


@settings(max_examples=30, deadline=None)
@given(
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    origin=st.tuples(st.integers(0, 50), st.integers(0, 50)),
    scale=st.tuples(st.floats(0.6, 7.3), st.floats(0.6, 7.3)),
)
def test_boxes_of_any_size_and_place_are_compared(size, origin, scale):
    model, real = flat(0.5, *size), flat(0.4, *size)
    found = compared(model, real, *all_seen(4, *size), scale=scale, origin=origin)
    assert found.known.all()
    np.testing.assert_allclose(found.apart, 0.1, atol=1e-4)
    assert found.top * found.cell[0] <= origin[0]
    rows = found.apart.shape[0] * found.cell[0]
    assert found.top * found.cell[0] + rows >= origin[0] + size[0]


def an_agreement(apart, *, top=0, left=0):
    apart = np.asarray(apart, np.float32)
    shape = apart.shape
    return Agreement(
        top, left, (1, 1), np.zeros((*shape, 3), np.float32), apart, np.ones(shape, np.float32),
        np.ones(shape, bool),
    )  # fmt: skip


def test_a_frame_that_jumps_between_near_and_far_stays_far():
    frames = [an_agreement(np.full((2, 2), value)) for value in (0.01, 0.09) * 4]
    for index in range(2, 6):
        np.testing.assert_allclose(steadied(frames, index).apart, 0.09, rtol=1e-6)


def test_what_does_not_change_is_left_as_it_is():
    frames = [an_agreement(np.full((2, 3), 0.04)) for _ in range(5)]
    for index in range(5):
        np.testing.assert_allclose(steadied(frames, index).apart, 0.04, rtol=1e-6)


@given(st.lists(st.floats(0, 0.25, width=32), min_size=1, max_size=9), st.data())
def test_steadying_never_says_that_a_frame_is_nearer(values, data):
    index = data.draw(st.integers(0, len(values) - 1))
    frames = [an_agreement([[value]]) for value in values]
    assert steadied(frames, index).apart[0, 0] >= np.float32(values[index])


def test_only_two_frames_on_each_side_matter():
    values = [0.15, 0.01, 0.01, 0.01, 0.01, 0.01, 0.15]
    frames = [an_agreement([[value]]) for value in values]
    assert steadied(frames, 3).apart[0, 0] == pytest.approx(0.01)
    assert steadied(frames, 2).apart[0, 0] > 0.02


def test_boxes_that_move_are_compared_where_they_overlap():
    frames = [an_agreement(np.full((3, 3), 0.1), left=left) for left in (0, 2, 40)]
    frames[0].apart[:] = 0.01
    steady = steadied(frames, 0)
    assert (steady.apart[:, :2] == np.float32(0.01)).all()
    assert (steady.apart[:, 2] > 0.05).all()


def test_the_weight_falls_smoothly_between_its_ends():
    values = np.linspace(0, 0.2, 201, dtype=np.float32)[None]
    weights = falling(values, 0.03, 0.12)[0]
    assert (weights[:30] == 1).all()
    assert (weights[121:] == 0).all()
    assert (np.diff(weights) <= 0).all()
    assert np.abs(np.diff(weights)).max() < 0.02
