from __future__ import annotations

import numpy as np
import pytest

from void_server.finish.grain.blocks import SIDE
from void_server.finish.grain.quilt import quilted, tiles


def patches(count, seed=0):
    white = np.random.default_rng(seed).standard_normal((count, 3, SIDE, SIDE))
    return white.astype(np.float32)


@pytest.mark.parametrize("size", [(1, 1), (24, 25), (130, 71)])
def test_any_size_is_covered(size):
    quilt = quilted(patches(20), size, np.random.default_rng(1))
    assert quilt.shape == (*size, 3)
    assert (quilt != 0).all()
    assert tiles(size) >= (size[0] // SIDE) * (size[1] // SIDE)


def test_variance_is_the_same_within_patches_and_across_their_seams():
    stack = np.stack(
        [quilted(patches(60, n), (160, 160), np.random.default_rng(7)) for n in range(24)]
    )
    by_row = stack.var(axis=(0, 2, 3))
    assert by_row == pytest.approx(np.ones(160), abs=0.12)


def test_no_patch_is_seen_twice_near_itself():
    quilt = quilted(patches(24), (300, 300), np.random.default_rng(2))[..., 0]
    power = np.abs(np.fft.rfft2(quilt, s=(600, 600))) ** 2
    alike = np.fft.irfft2(power)
    alike /= alike[0, 0]
    alike[0, 0] = 0
    assert np.abs(alike).max() < 0.1
