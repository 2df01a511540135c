from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from void_server.engines.void.windows import Blend, Window, blend_weights, windows

even = st.integers(1, 100).map(lambda half: 2 * half)


@pytest.mark.parametrize(
    ("latents", "expected"),
    [
        (22, [(0, 22)]),
        (24, [(0, 22), (18, 24)]),
        (42, [(0, 22), (18, 40), (36, 42)]),
        (50, [(0, 22), (18, 40), (36, 50)]),
        (6, [(0, 6)]),
    ],
    ids=lambda value: str(value),
)
def test_windows_lie_as_the_references_do(latents, expected):
    assert windows(latents) == [Window(*ends) for ends in expected]


@given(even)
def test_windows_cover_all_latents_and_each_is_even_and_longer_than_the_overlap(latents):
    plan = windows(latents)
    assert plan[0].start == 0
    assert plan[-1].stop == latents
    assert all(one.stop - other.start == 4 for one, other in pairwise(plan))
    assert all(len(window) % 2 == 0 for window in plan)
    assert all(len(window) >= 6 for window in plan[1:])


def test_a_window_rises_unless_first_and_falls_unless_last():
    rise = torch.tensor([0.2, 0.4, 0.6, 0.8])
    first, middle, last = (blend_weights(window, 50) for window in windows(50))
    torch.testing.assert_close(first, torch.cat([torch.ones(18), rise.flip(0)]))
    torch.testing.assert_close(middle, torch.cat([rise, torch.ones(14), rise.flip(0)]))
    torch.testing.assert_close(last, torch.cat([rise, torch.ones(10)]))


@settings(deadline=None)
@given(even, st.integers(0, 2**31))
def test_predictions_that_agree_are_kept(latents, seed):
    truth = torch.randn(1, latents, 2, 1, 3, generator=torch.Generator().manual_seed(seed))
    plan = windows(latents)
    blended = Blend(plan)([truth[:, window.slice] for window in plan])
    torch.testing.assert_close(blended, truth)


def test_a_single_window_is_left_as_it_is():
    only = torch.randn(2, 22, 16, 2, 2)
    assert Blend(windows(22))([only]) is only


def test_the_blend_goes_from_one_prediction_to_the_next_in_fifths():
    plan = windows(24)
    blended = Blend(plan)([torch.zeros(1, 22, 1, 1, 1), torch.ones(1, 6, 1, 1, 1)]).flatten()
    torch.testing.assert_close(blended[16:], torch.tensor([0, 0, 0.2, 0.4, 0.6, 0.8, 1, 1]))


def test_windows_that_could_not_get_on_are_refused():
    assert windows(4, size=4) == [Window(0, 4)]
    with pytest.raises(ValueError, match="windows of 4 latents cannot overlap by 4"):
        windows(6, size=4)
