import pytest
from hypothesis import given
from hypothesis import strategies as st

from void_server.images.window import Window, union_all


@st.composite
def windows(draw):
    x, y = draw(st.integers(-50, 50)), draw(st.integers(-50, 50))
    return Window.of_size(draw(st.integers(1, 60)), draw(st.integers(1, 60)), left=x, top=y)


def pixels(window):
    return {
        (x, y)
        for x in range(window.x_min, window.x_max + 1)
        for y in range(window.y_min, window.y_max + 1)
    }


@given(windows(), windows())
def test_the_intersection_holds_exactly_the_common_pixels(a, b):
    common = a.intersect(b)
    assert (pixels(common) if common else set()) == pixels(a) & pixels(b)


@given(windows(), windows())
def test_the_union_is_the_smallest_window_around_both(a, b):
    union = a.union(b)
    assert union.contains(a)
    assert union.contains(b)
    assert {union.x_min, union.y_min} <= {a.x_min, b.x_min, a.y_min, b.y_min}
    assert union_all([a, b]) == union == b.union(a)


@given(windows(), windows())
def test_slices_address_the_pixels_of_the_inner_window(outer, inner):
    if not outer.contains(inner):
        with pytest.raises(ValueError, match="not inside"):
            outer.slices(inner)
        return
    rows, columns = outer.slices(inner)
    assert (rows.stop - rows.start, columns.stop - columns.start) == inner.shape
    assert (outer.y_min + rows.start, outer.x_min + columns.start) == (inner.y_min, inner.x_min)


@given(windows(), st.integers(-9, 9), st.integers(-9, 9), st.integers(0, 9))
def test_shifting_keeps_and_growing_adds_to_the_size(window, dx, dy, margin):
    assert window.shifted(dx, dy).shape == window.shape
    assert window.grown(margin).height == window.height + 2 * margin


def test_a_window_without_pixels_is_refused():
    with pytest.raises(ValueError, match="at least one pixel"):
        Window(3, 0, 2, 5)
    with pytest.raises(ValueError, match="no windows"):
        union_all([])
