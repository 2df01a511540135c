from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from void_server.finish import seam
from void_server.finish.seam import LARGEST, Difference, laid, offset_of, ring_of, step_of

SIZE = (32, 48)


@pytest.fixture
def inside():
    mask = np.zeros(SIZE, bool)
    mask[10:22, 15:34] = True
    return mask


def difference(value, inside, *, plate: float = 0.4) -> Difference:
    """``value`` is (3,) or (h, w, 3); nothing is known in the hole."""
    whole = np.broadcast_to(np.float32(value), (*SIZE, 3)).copy()
    share = (~inside).astype(np.float32)
    whole[inside] = 0
    return Difference(whole, np.full((*SIZE, 3), plate, np.float32), share)


@settings(max_examples=15, deadline=None)
@given(st.tuples(*[st.floats(-0.1, 0.1)] * 3))
def test_a_constant_difference_is_spread_as_it_is(value):
    mask = np.zeros(SIZE, bool)
    mask[10:22, 15:34] = True
    found = offset_of([difference(value, mask)], 0, ring_of(mask))
    np.testing.assert_allclose(
        found[mask], np.broadcast_to(np.float32(value), found[mask].shape), atol=1e-5
    )


def test_what_changes_across_the_picture_is_continued_inwards(inside):
    y, x = np.mgrid[0 : SIZE[0], 0 : SIZE[1]].astype(np.float32)
    plane = np.repeat((0.001 * x - 0.0015 * y)[..., None], 3, axis=2)
    found = offset_of([difference(plane, inside)], 0, ring_of(inside))
    assert np.abs(found - plane)[inside].max() < 0.006


def test_an_offset_never_exceeds_its_limit(inside):
    found = offset_of([difference((0.8, -0.8, 0.3), inside)], 0, ring_of(inside))
    assert np.abs(found[inside]).max() <= LARGEST + 1e-6


def test_one_odd_cell_is_not_smeared_inwards(inside):
    whole = np.zeros((*SIZE, 3), np.float32)
    whole[8:10, 24:26] = 0.1
    found = offset_of([difference(whole, inside)], 0, ring_of(inside))
    assert np.abs(found[inside]).max() < 4e-3


def test_frames_that_agree_are_averaged(inside):
    random = np.random.default_rng(0)
    frames = [
        difference(random.normal(0, 0.01, (*SIZE, 3)), inside) for _ in range(2 * seam.REACH + 1)
    ]
    ring, current = ring_of(inside), seam.REACH
    alone = offset_of([frames[current]], 0, ring)
    together = offset_of(frames, current, ring)
    assert np.abs(together[inside]).mean() < 0.75 * np.abs(alone[inside]).mean()


def test_frames_that_disagree_are_left_out(inside):
    random = np.random.default_rng(0)
    noise = random.normal(0, 0.002, (*SIZE, 3))
    frames = [difference(noise + (0.03 if i == 1 else 0.0), inside) for i in range(3)]
    found = offset_of(frames, 1, ring_of(inside))
    np.testing.assert_allclose(found[inside].mean(axis=0), 0.03, atol=1.5e-3)


def test_a_neighbour_whose_hole_lies_over_the_ring_tells_nothing(inside):
    covered = Difference(*(np.zeros((*SIZE, 3), np.float32),) * 2, np.zeros(SIZE, np.float32))
    own = difference((0.02, 0.02, 0.02), inside)
    found = offset_of([covered, own, covered], 1, ring_of(inside))
    np.testing.assert_allclose(found[inside], 0.02, atol=1e-5)


def test_without_a_ring_there_is_no_offset(inside):
    everything = np.ones(SIZE, bool)
    nothing_known = difference((0.1, 0.1, 0.1), everything)
    assert offset_of([nothing_known], 0, ring_of(everything)) is None
    assert (
        step_of(nothing_known, np.zeros((*SIZE, 3), np.float32), ring_of(everything), _square)
        is None
    )


def test_the_step_is_told_in_stops(inside):
    """A plate of .5, a picture of .4, light the square of the code: .64 stops."""
    own = difference((0.1, 0.1, 0.1), inside, plate=0.5)
    nothing = np.zeros((*SIZE, 3), np.float32)
    assert step_of(own, nothing, ring_of(inside), _square) == pytest.approx(
        2 * np.log2(1.25), abs=0.01
    )
    undone = nothing + np.float32(0.1)
    assert step_of(own, undone, ring_of(inside), _square) == pytest.approx(0, abs=1e-4)


def test_an_offset_is_laid_over_the_whole_picture():
    offset = np.full((3, 4, 3), 0.25, np.float32)
    assert (laid(offset, (11, 14)) == 0.25).all()
    assert laid(offset, (11, 14)).shape == (11, 14, 3)


def _square(code):
    return code**2
