from __future__ import annotations

import numpy as np
import pytest

from void_server.finish.grain.blocks import SIDE, corners, taken
from void_server.finish.grain.recurrence import again


def spots(shape, most=40):
    return corners(np.ones(shape, bool), most=most, rng=np.random.default_rng(0))


@pytest.mark.parametrize("move", [0.0, 0.3, 5.5, 22.7])
def test_texture_is_found_again_wherever_it_moved(texture, move):
    ours, theirs = texture(160, 256), texture(160, 256, left=move)
    at = spots(ours.shape[:2])
    there = again(ours, theirs, np.zeros(ours.shape[:2], bool), at)
    known = ~there.lost
    assert known.mean() > 0.2
    assert there.found[known].all()
    own = taken(ours, at[there.found])
    own -= own.mean(axis=(2, 3), keepdims=True)
    seen = there.blocks - there.blocks.mean(axis=(2, 3), keepdims=True)
    assert np.abs(own - seen).std() < 0.08 * own.std()


def test_grain_is_not_found_again(film, ramp):
    light = ramp()
    ours, theirs = (film(1.0).on(light, seed) for seed in (1, 2))
    there = again(ours, theirs, np.zeros(light.shape[:2], bool), spots(light.shape[:2]))
    assert there.found.mean() < 0.1


def test_moving_by_part_of_a_pixel_keeps_the_power_of_grain(texture, film):
    ours, theirs = texture(160, 256), texture(160, 256, left=0.5)
    grain = 0.2 * theirs.std() * film(0.3).field(theirs.shape[:2], 3)
    at, no = spots(ours.shape[:2]), np.zeros(ours.shape[:2], bool)
    clean, grainy = again(ours, theirs, no, at), again(ours, (theirs + grain).astype("f4"), no, at)
    assert (clean.found == grainy.found).all()
    assert (grainy.blocks - clean.blocks).std() == pytest.approx(grain.std(), rel=0.08)


def test_what_moved_out_of_the_picture_or_behind_something_is_lost(texture):
    ours = texture(160, 256)
    hidden = np.zeros((160, 256), bool)
    hidden[:, :128] = True
    at = spots(hidden.shape)
    there = again(ours, ours, hidden, at)
    assert there.lost[at[:, 1] < 128].all()
    assert there.lost[at[:, 1] > 256 - SIDE - 10].all()
    assert len(there.blocks) == there.found.sum()
    assert not (there.found & there.lost).any()


def test_a_picture_too_small_for_any_place_loses_every_block(texture):
    small = texture(40, 40)
    there = again(small, small, np.zeros((40, 40), bool), np.array([[0, 0], [4, 6]]))
    assert there.lost.all()
    assert there.blocks.shape == (0, 3, SIDE, SIDE)
