from __future__ import annotations

import numpy as np
import pytest

from void_server.engines.cleanplate import seam


@pytest.fixture
def hole():
    mask = np.zeros((120, 150), bool)
    mask[40:80, 50:100] = True
    return mask


def test_a_fill_that_is_off_by_a_gain_meets_its_surroundings(textured, hole):
    wall = textured(120, 150)
    fixed = seam.joined(wall * np.float32(0.85), wall, hole=hole, ring=seam.ring_of(hole))
    before = np.abs(0.85 * wall - wall)[hole].mean()
    assert np.abs(fixed - wall)[hole].mean() < 0.15 * before


def test_a_fill_that_fits_is_left_alone(textured, hole):
    wall = textured(120, 150)
    fixed = seam.joined(wall, wall, hole=hole, ring=seam.ring_of(hole))
    np.testing.assert_allclose(fixed, wall, rtol=2e-6)


def test_one_lamp_at_the_edge_does_not_bend_the_whole_fill(textured, hole):
    wall = textured(120, 150)
    around = wall.copy()
    around[38, 70] = 300.0
    fixed = seam.joined(wall, around, hole=hole, ring=seam.ring_of(hole))
    assert np.abs(fixed / wall - 1)[60:80, 50:100].max() < 0.02
    assert fixed[hole].max() < 1.0


def test_pixels_outside_the_hole_are_untouched(textured, hole):
    wall = textured(120, 150)
    fill = wall * np.float32(0.9)
    fixed = seam.joined(fill, wall, hole=hole, ring=seam.ring_of(hole))
    assert (fixed[~hole] == fill[~hole]).all()
