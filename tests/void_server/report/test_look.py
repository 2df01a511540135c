import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from void_server.images.window import Window
from void_server.report.look import LONGEST_SIDE, Look, closer

windows = st.builds(
    lambda left, top, width, height: Window.of_size(width, height, left=left, top=top),
    st.integers(-50, 50),
    st.integers(-50, 50),
    st.integers(1, 90),
    st.integers(1, 90),
)


@pytest.mark.parametrize(
    ("width", "height", "aspect", "size"),
    [
        (4096, 2160, 1.0, (202, 384)),
        (1080, 1920, 1.0, (384, 216)),
        (2048, 1716, 2.0, (161, 384)),
        (64, 48, 1.0, (96, 128)),
        (1, 1997, 1.0, (384, 1)),
    ],
    ids=["4K", "upright", "anamorphic", "tiny", "a single column"],
)
def test_any_frame_is_shown_with_square_pixels_and_its_longer_side_alike(
    width, height, aspect, size
):
    look = Look.at(Window.of_size(width, height), pixel_aspect=aspect)
    assert look.size == size
    assert max(look.size) == min(LONGEST_SIDE, 2 * max(width, height))


def test_of_a_large_frame_at_least_two_pixels_are_looked_at_for_each_that_is_shown():
    look = Look.at(Window.of_size(4096, 2160), pixel_aspect=1.0)
    samples = look.samples(np.zeros((2160, 4096), np.float16), Window.of_size(4096, 2160))
    assert samples.shape[1] >= 2 * look.size[1]
    assert samples.size < 400_000


@settings(max_examples=200, deadline=None)
@given(window=windows, covers=windows, down=st.integers(1, 7), across=st.integers(1, 7))
def test_samples_are_the_pixels_at_every_step_and_black_where_there_are_none(
    window, covers, down, across
):
    plane = np.arange(1, covers.width * covers.height + 1, dtype=np.int32).reshape(covers.shape)
    samples = Look(window, (1, 1), (down, across)).samples(plane, covers)
    for row, y in enumerate(range(window.y_min, window.y_max + 1, down)):
        for column, x in enumerate(range(window.x_min, window.x_max + 1, across)):
            inside = covers.contains(Window(x, y, x, y))
            expected = plane[y - covers.y_min, x - covers.x_min] if inside else 0
            assert samples[row, column] == expected


@settings(max_examples=100, deadline=None)
@given(
    width=st.integers(1, 2**32),
    height=st.integers(1, 2**32),
    aspect=st.sampled_from([0.5, 1.0, 2.0]),
)
@example(width=10**9, height=1, aspect=1.0)
@example(width=1, height=10**9, aspect=1.0)
def test_of_a_window_of_any_shape_only_so_many_pixels_are_looked_at(width, height, aspect):
    window = Window.of_size(width, height)
    look = Look.at(window, pixel_aspect=aspect)
    plane = np.ones((2, 2), np.float32)
    samples = look.samples(plane, Window.of_size(2, 2))
    assert max(samples.shape) <= 8 * LONGEST_SIDE
    assert samples[0, 0] == 1
    assert look.fit(samples).shape == look.size


def test_a_picture_that_shrinks_keeps_its_average_and_one_that_grows_its_pixels():
    large = np.random.default_rng(1).random((216, 384 * 2, 3), np.float32)
    look = Look(Window.of_size(768, 216), (108, 384), (1, 1))
    assert look.fit(large).mean() == pytest.approx(large.mean(), rel=1e-4)
    small = Look(Window.of_size(2, 1), (4, 8), (1, 1)).fit(np.array([[0.0, 1.0]], np.float32))
    assert small.tolist() == [[0.0] * 4 + [1.0] * 4] * 4


@settings(max_examples=200, deadline=None)
@given(whole=windows, data=st.data())
def test_a_closer_look_holds_the_hole_and_stays_in_the_frame(whole, data):
    x = sorted(data.draw(st.tuples(*[st.integers(whole.x_min, whole.x_max)] * 2)))
    y = sorted(data.draw(st.tuples(*[st.integers(whole.y_min, whole.y_max)] * 2)))
    hole = Window(x[0], y[0], x[1], y[1])
    near = closer(hole, whole)
    if near is not None:
        assert near.contains(hole)
        assert whole.contains(near)


def test_a_hole_as_large_as_the_frame_needs_no_closer_look():
    whole = Window.of_size(1920, 1080)
    assert closer(Window.of_size(1200, 900), whole) is None
    near = closer(Window.of_size(60, 40, left=1800, top=10), whole)
    assert near is not None
    assert near.width == LONGEST_SIDE // 2
    assert near.width / near.height == pytest.approx(16 / 9, rel=0.01)
