import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from void_server.images.window import Window
from void_server.matte import bounds, frame_matte, grown, soft_alpha

shapes = st.tuples(st.integers(1, 24), st.integers(1, 24))


def empty(shape):
    return np.zeros(shape, bool)


def disc(shape, centre, radius):
    y, x = np.mgrid[: shape[0], : shape[1]]
    return np.hypot(y - centre[0], x - centre[1]) <= radius


def on_canvas(matte):
    """The alpha of a frame on its whole canvas."""
    alpha = np.zeros(matte.shape, np.float32)
    if matte.box is not None:
        rows, columns = Window.of_size(*matte.shape[::-1]).slices(matte.box)
        alpha[rows, columns] = matte.alpha()
    return alpha


@st.composite
def scenes(draw):
    shape = draw(shapes)
    sparse = st.floats(0, 1).map(lambda density: density)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    matte = rng.random(shape) < draw(sparse) * 0.3
    keep = rng.random(shape) < draw(sparse) * 0.3
    x, y = draw(st.integers(0, shape[1] - 1)), draw(st.integers(0, shape[0] - 1))
    limit = Window(x, y, draw(st.integers(x, shape[1] - 1)), draw(st.integers(y, shape[0] - 1)))
    return matte, keep, limit, draw(st.floats(0, 9)), draw(st.floats(0, 9))


def distances(mask):
    """Distance of every pixel to the nearest of the mask, by brute force."""
    ys, xs = np.nonzero(mask)
    y, x = np.mgrid[: mask.shape[0], : mask.shape[1]]
    squares = ((y[..., None] - ys) ** 2 + (x[..., None] - xs) ** 2).min(axis=-1)
    return np.sqrt(squares).astype(np.float32)


@settings(max_examples=150, deadline=None)
@given(scenes())
def test_alpha_lies_strictly_inside_the_grown_matte(scene):
    matte, keep, limit, grow, feather = scene
    frame = frame_matte(matte, keep, grow=grow, feather=feather, limit=limit)
    alpha, hole = on_canvas(frame), frame.hole()
    inside = np.zeros_like(matte)
    inside[limit.y_min : limit.y_max + 1, limit.x_min : limit.x_max + 1] = True
    left = matte & ~keep
    region = distances(left) <= np.float32(grow) if left.any() else empty(matte.shape)
    np.testing.assert_array_equal(alpha > 0, hole)
    np.testing.assert_array_equal(hole, region & ~keep & inside)
    assert alpha.min() >= 0
    assert alpha.max() <= 1
    foreign = frame.foreign()
    assert (foreign | ~(hole | keep | ~inside)).all()
    assert frame.empty == (not hole.any())


@given(hnp.arrays(np.bool_, shapes), st.floats(0, 9))
def test_growing_is_by_euclidean_distance(mask, radius):
    got = grown(mask, radius)
    if not mask.any():
        assert not got.any()
        return
    np.testing.assert_array_equal(got, distances(mask) <= np.float32(radius))


def test_growing_more_than_the_feather_leaves_the_matte_at_one():
    matte = disc((80, 80), (40, 40), 12)
    frame = frame_matte(matte, empty(matte.shape), grow=8, feather=6)
    alpha = on_canvas(frame)
    assert (alpha[matte] == 1).all()
    assert alpha[40, 40 + 20] > 0
    assert alpha[40, 40 + 22] == 0


def test_the_feather_rises_smoothly_from_the_edge_inwards():
    region = np.zeros((3, 40), bool)
    region[:, 5:] = True
    alpha = soft_alpha(region, np.zeros_like(region), 8.0)[1]
    assert (alpha[:5] == 0).all()
    steps = np.diff(alpha[4:20])
    assert (steps >= 0).all()
    assert steps.max() < 0.2
    assert (alpha[5 + 8 :] == 1).all()
    assert 0 < alpha[5] < 0.1


def test_there_is_no_soft_edge_along_the_border_of_the_picture():
    matte = np.zeros((30, 30), bool)
    matte[:, :10] = True
    alpha = on_canvas(frame_matte(matte, empty(matte.shape), grow=4, feather=3))
    assert (alpha[:, :10] == 1).all()
    assert (alpha[0] == alpha[15]).all()


def test_there_is_no_soft_edge_along_the_data_window():
    matte = np.ones((30, 30), bool)
    limit = Window(5, 5, 24, 24)
    frame = frame_matte(matte, empty(matte.shape), grow=0, feather=6, limit=limit)
    assert (frame.alpha() == 1).all()
    assert frame.box == limit


def test_a_hold_out_is_cut_hard_and_the_hole_reaches_it_at_full_alpha():
    matte = disc((80, 80), (40, 40), 20)
    keep = empty(matte.shape)
    keep[:, 40:] = True
    frame = frame_matte(matte, keep, grow=8, feather=6)
    alpha = on_canvas(frame)
    assert (alpha[:, 40:] == 0).all()
    assert alpha[40, 39] == 1
    assert frame.foreign()[:, 40:].all()


def test_what_is_held_out_grows_nothing():
    matte = disc((60, 60), (30, 30), 3)
    keep = disc((60, 60), (30, 30), 5)
    frame = frame_matte(matte, keep, grow=10, feather=0)
    assert frame.empty
    assert not frame.hole().any()
    assert frame.alpha().size == 0


def test_a_matte_over_the_whole_picture_is_a_hole_without_an_edge():
    frame = frame_matte(np.ones((9, 7), bool), empty((9, 7)), grow=8, feather=6)
    assert (on_canvas(frame) == 1).all()


@pytest.mark.parametrize("feather", [0.0, 1.0, 300.0])
def test_one_pixel_is_enough(feather):
    frame = frame_matte(np.ones((1, 1), bool), empty((1, 1)), grow=8, feather=feather)
    assert on_canvas(frame).item() == 1
    lone = np.zeros((9, 9), bool)
    lone[4, 4] = True
    alpha = on_canvas(frame_matte(lone, empty(lone.shape), grow=0, feather=feather))
    assert np.count_nonzero(alpha) == 1
    assert alpha[4, 4] >= 1 / 1024


def test_every_call_gives_the_same_bits():
    region = disc((90, 120), (40, 61), 33) | disc((90, 120), (50, 90), 20)
    first = soft_alpha(region, np.zeros_like(region), 17.3)
    for offset in range(1, 12):
        # The same mask elsewhere in memory: vector units must not change the result.
        buffer = np.zeros(region.size + offset, bool)
        moved = buffer[offset:].reshape(region.shape)
        moved[:] = region
        again = soft_alpha(moved, np.zeros_like(region), 17.3)
        np.testing.assert_array_equal(again.view(np.uint32), first.view(np.uint32))


def test_masks_are_kept_in_far_less_than_their_size():
    matte = disc((540, 960), (270, 480), 90)
    keep = disc((540, 960), (100, 100), 90)
    frame = frame_matte(matte, keep, grow=8, feather=6)
    assert len(frame._region) + len(frame._keep) < matte.size / 100


@given(hnp.arrays(np.bool_, shapes))
def test_bounds_are_tight(mask):
    box = bounds(mask)
    if box is None:
        assert not mask.any()
        return
    rows, columns = np.nonzero(mask)
    assert (box.y_min, box.y_max) == (rows.min(), rows.max())
    assert (box.x_min, box.x_max) == (columns.min(), columns.max())
