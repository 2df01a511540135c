from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from void_server.engines.engine import Mask
from void_server.model_view.masks import any_in_cells, foreign_on_grid, hole_on_grid, in_region
from void_server.model_view.region import Region

masks = arrays.arrays(np.bool_, st.tuples(st.integers(1, 30), st.integers(1, 30)))


@settings(max_examples=60, deadline=None)
@given(masks, st.integers(1, 40), st.integers(1, 40))
def test_a_cell_is_marked_exactly_where_it_overlaps_a_pixel(
    mask: Mask, rows: int, columns: int
) -> None:
    expected = np.zeros((rows, columns), np.bool_)
    height, width = mask.shape
    for y, x in np.argwhere(mask):
        first = y * rows // height, x * columns // width
        last = -(-(y + 1) * rows // height), -(-(x + 1) * columns // width)
        expected[first[0] : last[0], first[1] : last[1]] = True
    assert np.array_equal(any_in_cells(mask, (rows, columns)), expected)


def test_one_pixel_marks_its_cell_at_any_reduction(shot: Any) -> None:
    footage = shot((1000, 1000), [(501, 340, 1, 1)])
    found = hole_on_grid(footage, 1001, Region(0, 0, 1000, 1000, (48, 84)))
    assert found.sum() == 1
    assert found[501 * 48 // 1000, 340 * 84 // 1000]


def test_the_mask_is_mirrored_with_the_plate(shot: Any) -> None:
    footage = shot((10, 10), [(1, 2, 1, 1)])
    found = in_region(footage.hole(1001), Region(-4, -4, 18, 18, (18, 18)))
    assert sorted(map(tuple, np.argwhere(found))) == [(3, 2), (3, 6), (5, 2), (5, 6)]


def test_a_region_inside_the_canvas_is_cut_out_of_the_mask(shot: Any) -> None:
    hole = shot((20, 20), [(5, 6, 2, 3)]).hole(1001)
    assert np.array_equal(in_region(hole, Region(4, 4, 8, 9, (8, 9))), hole[4:12, 4:13])


@pytest.mark.parametrize("grid", [(12, 21), (24, 42)])
def test_what_is_mirrored_is_no_background(shot: Any, grid: tuple[int, int]) -> None:
    footage = shot((16, 42), [None])
    foreign = foreign_on_grid(footage, 1001, Region(-4, 0, 24, 42, grid))
    rows = grid[0] // 6
    assert foreign[:rows].all()
    assert foreign[-rows:].all()
    assert not foreign[rows:-rows].any()
