import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bridge.errors import RequestError
from void_server import quadmask

SHAPE = (6, 9)
masks = hnp.arrays(np.bool_, SHAPE)
halves = hnp.arrays(np.uint16, SHAPE).map(lambda bits: bits.view(np.float16))


def mixed(*levels, share=None):
    """A plane with the levels in equal parts, or one of them on ``share`` of the pixels only."""
    plane = np.resize(np.array(levels, float), (40, 50))
    if share is not None:
        plane = np.full((100, 100), float(levels[0]))
        plane.flat[: int(share * plane.size)] = levels[1]
    return plane


def test_the_level_table_is_that_of_the_reference():
    remove, affected = np.array([[0, 0, 1, 1]], bool), np.array([[0, 1, 0, 1]], bool)
    assert quadmask.levels_of(remove, affected).tolist() == [[255, 127, 0, 63]]


@given(masks, masks)
def test_planes_survive_the_way_through_levels(remove, affected):
    back = quadmask.planes_of(quadmask.levels_of(remove, affected))
    np.testing.assert_array_equal(back[0], remove)
    np.testing.assert_array_equal(back[1], affected)


@pytest.mark.parametrize(
    ("value", "level"),
    [(0, 0), (31, 0), (32, 63), (95, 63), (96, 127), (191, 127), (192, 255), (255, 255)],
)
def test_bins_lie_where_the_reference_has_them(value, level):
    planes = quadmask.planes_of(np.array([[value]], np.uint8))
    assert quadmask.levels_of(*planes).item() == level


def test_levels_are_binned_before_they_are_inverted():
    # 255 - 63 = 192 would land on 255 and lose the level.
    remove, affected = quadmask.planes_of(np.array([[63]], np.uint8))
    assert remove.item()
    assert affected.item()


def test_on_the_first_frame_nothing_is_affected():
    levels = np.array([[0, 63, 127, 255]], np.uint8)
    assert quadmask.clear_affected(levels).tolist() == [[0, 0, 255, 255]]


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float16, np.float32])
@pytest.mark.parametrize(
    ("level", "inside"), [(0, False), (1, False), (2, True), (128, True), (255, True)]
)
def test_any_real_coverage_is_removed_and_1_255_is_none(kind, level, inside):
    scale = {np.uint8: 1, np.uint16: 257}.get(kind, 1 / 255)
    plane = np.full((1, 1), level * scale).astype(kind)
    assert quadmask.covered(plane, quadmask.REMOVE_THRESHOLD).item() is inside


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.uint8, np.uint16])
def test_affected_begins_at_one_half(kind):
    white = np.iinfo(kind).max if np.issubdtype(kind, np.integer) else 1.0
    plane = (np.array([[0.49, 0.502, 1.0]]) * white).astype(kind)
    found = quadmask.covered(plane, quadmask.AFFECTED_THRESHOLD, inclusive=True)
    assert found.tolist() == [[False, True, True]]
    if not np.issubdtype(kind, np.integer):
        exact = np.array([[0.5]], kind)
        assert quadmask.covered(exact, 0.5, inclusive=True).item()
        assert not quadmask.covered(exact, 0.5).item()


def test_no_number_is_no_coverage():
    for kind in (np.float16, np.float32):
        plane = np.array([[np.nan, np.inf, -np.inf, -1.0, -0.0, 1.0, 7.0]], kind)
        expected = [[False, False, False, False, False, True, True]]
        assert quadmask.covered(plane, 0.004).tolist() == expected


@given(halves, st.floats(0.001, 1.0), st.booleans())
def test_half_bits_compare_as_their_values_do(plane, threshold, inclusive):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        value = plane.astype(np.float64)
    above = value >= threshold if inclusive else value > threshold
    expected = above & np.isfinite(value)
    got = quadmask.covered(plane, threshold, inclusive=inclusive)
    np.testing.assert_array_equal(got, expected)


def test_soft_mattes_are_thresholded_before_they_are_united():
    planes = [np.full((2, 2), 0.3, np.float32)] * 2
    found = quadmask.union((quadmask.covered(p, 0.5) for p in planes), (2, 2))
    assert not found.any()


@given(masks, masks)
def test_a_hold_out_leaves_nothing_of_what_it_covers(mask, keep):
    left = quadmask.subtract(mask, keep)
    assert not (left & keep).any()
    np.testing.assert_array_equal(left | (mask & keep), mask)


def test_a_hold_out_in_remove_gives_background_or_affected():
    remove = quadmask.subtract(np.array([[True, True]]), np.array([[True, True]]))
    levels = quadmask.levels_of(remove, np.array([[False, True]]))
    assert levels.tolist() == [[255, 127]]


@pytest.mark.parametrize(
    "levels",
    [
        pytest.param((0, 63, 127, 255), id="exact"),
        pytest.param((0, 62, 126, 255), id="420"),
        pytest.param((3, 58, 131, 249), id="compressed"),
        pytest.param((16, 70, 125, 235), id="video-range-as-full"),
        pytest.param((0, 55, 129, 255), id="full-range-as-video"),
        pytest.param((0, 128, 255), id="three-levels"),
        pytest.param((0, 255), id="binary"),
        pytest.param((255,), id="all-keep"),
        pytest.param((0, 63, 255), id="no-affected"),
    ],
)
def test_what_files_really_hold_is_understood(levels):
    remove, affected = quadmask.read_planes(mixed(*levels).astype(np.uint8), "q")
    nearest = [min(quadmask.LEVELS, key=lambda n: abs(n - level)) for level in levels]
    expected = quadmask.levels_of(*quadmask.planes_of(mixed(*nearest)))
    np.testing.assert_array_equal(quadmask.levels_of(remove, affected), expected)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float16, np.float32])
def test_levels_are_read_from_any_type(kind):
    scale = {np.uint8: 1, np.uint16: 257}.get(kind, 1 / 255)
    plane = (mixed(0, 63, 127, 255) * scale).astype(kind)
    got = quadmask.levels_of(*quadmask.read_planes(plane, "q"))
    np.testing.assert_array_equal(got, mixed(0, 63, 127, 255))


@pytest.mark.parametrize(
    ("levels", "looks"),
    [
        pytest.param((255, 192, 128, 0), "inverted", id="inverted"),
        pytest.param((0, 12.7, 54.1, 255), "converted from sRGB to linear", id="linearised"),
        pytest.param((0, 54.1, 255), "converted from sRGB to linear", id="linearised-three"),
        pytest.param((0, 136.2, 187.5, 255), "converted from linear to sRGB", id="encoded"),
        pytest.param(tuple(range(256)), "resized, filtered or no quadmask", id="a-picture"),
    ],
)
def test_a_wrong_quadmask_is_refused_with_what_it_looks_like(levels, looks):
    with pytest.raises(RequestError, match=looks) as caught:
        quadmask.read_planes(np.rint(mixed(*levels)).astype(np.uint8), "quadmask.1001.png")
    assert caught.value.code == "quadmask"
    assert caught.value.subject == "quadmask.1001.png"


def test_a_few_stray_pixels_are_binned_and_more_are_refused():
    quadmask.read_planes(mixed(255, 90, share=0.004).astype(np.uint8), "q")
    with pytest.raises(RequestError, match=r"0\.7%"):
        quadmask.read_planes(mixed(255, 90, share=0.007).astype(np.uint8), "q")


def test_a_number_that_is_none_keeps_its_pixel():
    plane = np.ones((40, 40), np.float32)
    plane[3, 4] = np.nan
    remove, affected = quadmask.read_planes(plane, "q")
    assert not remove.any()
    assert not affected.any()
