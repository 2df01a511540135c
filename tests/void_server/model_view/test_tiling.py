from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from void_server.images.window import Window
from void_server.model_view.blend import tile_weights
from void_server.model_view.region import Region, Shape
from void_server.model_view.tiling import (
    OVERLAP,
    TILES_MOST,
    Counted,
    background_and_hole,
    best,
    tilings,
)

EVERYWHERE = Counted(np.ones((63, 94), np.float32))
needs = st.tuples(
    st.integers(0, 200), st.integers(0, 300), st.integers(1, 800), st.integers(1, 1200)
)


@settings(max_examples=40, deadline=None)
@given(needs, st.sampled_from([0.5, 1.0, 2.0]))
def test_tiles_cover_what_is_needed_and_their_weights_add_up_to_exactly_one(
    need: tuple[int, int, int, int], pixel_aspect: float
) -> None:
    canvas = (1000, 1500)
    box = Window.of_size(need[3], need[2], left=need[1], top=need[0])
    found = best(tilings(box, Shape((48, 84), pixel_aspect), canvas, EVERYWHERE))
    assert 1 <= len(found.tiles) == found.down * found.across <= TILES_MOST
    covered = np.zeros(canvas, np.bool_)
    for tile in found.tiles:
        on = tile.on(canvas)
        covered[on.y_min : on.y_max + 1, on.x_min : on.x_max + 1] = True
    rows, columns = slice(need[0], need[0] + need[2]), slice(need[1], need[1] + need[3])
    assert covered[rows, columns].all()
    weights = tile_weights(found.tiles, (rows, columns))
    assert weights.dtype == np.float32
    assert weights.min() >= 0
    assert (weights.sum(axis=0, dtype=np.float32) == 1).all()


@pytest.mark.parametrize("need", [(300, 1200), (900, 900), (1000, 300)])
def test_neighbours_share_what_they_must(need: tuple[int, int]) -> None:
    found = best(
        tilings(Window.of_size(need[1], need[0]), Shape((48, 84), 1.0), (1000, 1500), EVERYWHERE)
    )
    tops, lefts = ({getattr(t, side) for t in found.tiles} for side in ("top", "left"))
    size = found.tiles[0].height, found.tiles[0].width
    for starts, side in ((sorted(tops), size[0]), (sorted(lefts), size[1])):
        steps = np.diff(starts)
        assert (steps <= (1 - OVERLAP) * side + 1).all()


def test_weights_change_smoothly_from_tile_to_tile() -> None:
    tiles = [Region(0, left, 96, 168, (48, 84)) for left in (0, 120)]
    weights = tile_weights(tiles, (slice(0, 96), slice(0, 288)))
    assert np.abs(np.diff(weights, axis=2)).max() < 0.06
    assert (weights[0, :, :110] == 1).all()
    assert (weights[1, :, 180:] == 1).all()


def test_what_no_tile_shows_belongs_to_the_first() -> None:
    tiles = [Region(0, 0, 10, 10, (10, 10)), Region(0, 30, 10, 10, (10, 10))]
    weights = tile_weights(tiles, (slice(0, 10), slice(0, 40)))
    assert (weights[0, :, 10:30] == 1).all()


def test_background_is_counted_over_all_frames(shot: Any) -> None:
    background, hole = background_and_hole(shot((64, 96), [(0, 0, 64, 48), None]))
    left, right = Region(0, 0, 64, 48, (8, 8)), Region(0, 48, 64, 48, (8, 8))
    assert (background.mean(left), hole.mean(left)) == (0.5, 0.5)
    assert (background.mean(right), hole.mean(right)) == (1.0, 0.0)
