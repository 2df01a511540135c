from __future__ import annotations

import numpy as np
import pytest

from void_server.finish.pairs import CELL, pairs_of


@pytest.fixture
def sent():
    return np.random.default_rng(0).uniform(0.2, 0.8, (96, 160, 3)).astype(np.float32)


@pytest.fixture
def hole():
    mask = np.zeros((96, 160), bool)
    mask[40:56, 72:96] = True
    return mask


def taken(sent, got, hole, *, usable=None, most=10_000):
    usable = ~hole if usable is None else usable & ~hole
    return pairs_of(sent, got, hole=hole, usable=usable, most=most)


def test_means_of_both_pictures_are_paired(sent, hole):
    found = taken(sent, sent * np.float32(0.5), hole)
    np.testing.assert_allclose(found.got, found.sent * 0.5, rtol=1e-5)
    np.testing.assert_allclose(found.sent[-1], sent[-CELL:, -CELL:].mean(axis=(0, 1)), rtol=1e-5)


def test_nothing_within_a_cell_of_the_hole_is_compared(sent, hole):
    got = sent.copy()
    got[40 - CELL : 56 + CELL, 72 - CELL : 96 + CELL] = 0.5
    found = taken(sent, got, hole)
    assert len(found) == 12 * 20 - (2 + 2) * (3 + 2)
    np.testing.assert_array_equal(found.got, found.sent)


@pytest.mark.parametrize("clipped", [0.0, 1.0])
def test_clipped_pixels_are_left_out(sent, hole, clipped):
    got = sent.copy()
    got[0:3, 0:16] = clipped
    found = taken(sent, got, hole)
    np.testing.assert_allclose(found.got, found.sent, rtol=1e-6)
    got[0:8, 0:16] = clipped
    assert len(taken(sent, got, hole)) == len(found) - 2


def test_the_ring_gets_half_of_the_room(sent, hole):
    found = taken(sent, sent, hole, most=40)
    assert len(found) == 40
    assert found.near.sum() == 20


def test_where_nothing_is_usable_there_are_no_pairs(sent, hole):
    found = taken(sent, sent, hole, usable=np.zeros_like(hole))
    assert len(found) == 0
    assert found.sent.shape == (0, 3)


@pytest.mark.parametrize("shape", [(1, 1), (1, 30), (97, 13)])
def test_any_size_works(shape):
    picture = np.full((*shape, 3), 0.5, np.float32)
    found = taken(picture, picture, np.zeros(shape, bool))
    np.testing.assert_allclose(found.sent, 0.5, rtol=1e-5)
