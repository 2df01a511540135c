from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from void_server.finish.grain.blocks import SIDE, apart, clipped, corners, taken


def rng(seed=0):
    return np.random.default_rng(seed)


def noise(count=6, sigma=0.01, light=0.3):
    return (light + sigma * rng(1).standard_normal((count, 3, SIDE, SIDE))).astype(np.float32)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 150), st.integers(1, 150), st.integers(0, 9))
def test_every_block_lies_in_what_is_kept_as_a_whole(height, width, seed):
    keep = rng(seed).uniform(size=(height, width)) > 0.0005
    for top, left in corners(keep, most=50, rng=rng(seed)):
        assert keep[top : top + SIDE, left : left + SIDE].shape == (SIDE, SIDE)
        assert keep[top : top + SIDE, left : left + SIDE].all()


def test_blocks_are_found_all_over_a_picture_and_no_more_than_wanted():
    keep = np.ones((200, 300), bool)
    every = corners(keep, most=10_000, rng=rng())
    assert len(np.unique(every, axis=0)) == len(every) > 100
    assert len(corners(keep, most=7, rng=rng())) == 7


def test_a_picture_smaller_than_a_block_has_none():
    picture = np.ones((20, 400, 3), np.float32)
    at = corners(np.ones((20, 400), bool), most=9, rng=rng())
    assert taken(picture, at).shape == (0, 3, SIDE, SIDE)


def test_shading_is_taken_off_and_grain_stays():
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) / SIDE
    shading = 0.4 * x - 0.3 * y + 0.2 * x * y + 0.3 * y**2
    bare, shaded = apart(noise()), apart(noise() + shading.astype(np.float32))
    np.testing.assert_allclose(shaded.rest, bare.rest, atol=2e-6)
    assert shaded.rest.std() == pytest.approx(0.01, rel=0.05)


def test_grain_on_a_very_bright_block_is_not_rounded_away():
    grain = noise(sigma=0.01, light=0.0)
    bright = apart((grain + 20).astype(np.float32))
    np.testing.assert_allclose(bright.rest, apart(grain).rest, atol=4e-6)


def test_structure_is_rougher_than_grain():
    edge = noise()
    edge[..., SIDE // 2 :] += 0.05
    assert apart(edge).roughness.min() > 3 * apart(noise()).roughness.max()


def test_a_still_block_is_infinitely_rough():
    blocks = np.full((1, 3, SIDE, SIDE), 0.5, np.float32)
    assert np.isinf(apart(blocks).roughness).all()
    assert apart(blocks).still.all()


@pytest.mark.parametrize("value", [0.0, 0.3, -0.05])
def test_a_still_channel_is_named_and_tells_nothing_of_the_others(value):
    blocks, whole = noise(), apart(noise())
    blocks[:, 2] = value
    part = apart(blocks)
    assert part.still.tolist() == [[False, False, True]] * len(blocks)
    assert not whole.still.any()
    assert (part.roughness <= whole.roughness).all()
    assert (part.roughness > 0).all()
    assert not clipped(blocks).any()


@pytest.mark.parametrize("cut", [lambda x: np.minimum(x, 0.31), lambda x: np.maximum(x, 0.29)])
def test_a_channel_cut_off_at_its_top_or_bottom_is_clipped(cut):
    blocks = noise()
    assert not clipped(blocks).any()
    blocks[:, 1] = cut(blocks[:, 1])
    assert clipped(blocks).all()


def test_the_steps_of_8_bit_video_are_not_taken_for_clipping():
    assert not clipped(np.round(noise(sigma=1.2 / 255) * 255).astype(np.float32) / 255).any()
