from __future__ import annotations

import numpy as np

from void_server.engines.cleanplate.paint import painted


def test_stripes_are_continued_through_a_hole():
    x = np.arange(200)
    stripes = np.where((x // 8) % 2 == 0, 0.1, 0.5).astype(np.float32)
    wall = np.broadcast_to(stripes[None, :, None], (120, 200, 3)).copy()
    hole = np.zeros((120, 200), bool)
    hole[45:75, 80:120] = True
    plate = np.where(hole[..., None], np.float32(7.0), wall)
    filled = painted(plate, known=~hole, unknown=hole, seed=0)
    assert np.abs(filled - wall)[hole].mean() < 0.05


def test_nothing_but_the_unknown_changes(textured):
    wall = textured(90, 120)
    hole = np.zeros((90, 120), bool)
    hole[30:50, 40:70] = True
    filled = painted(wall, known=~hole, unknown=hole, seed=0)
    assert (filled[~hole] == wall[~hole]).all()


def test_the_object_does_not_bleed_into_what_is_invented(textured):
    wall = textured(90, 120)
    hole = np.zeros((90, 120), bool)
    hole[30:50, 40:70] = True
    plate = np.where(hole[..., None], np.float32(50.0), wall)
    assert painted(plate, known=~hole, unknown=hole, seed=0)[hole].max() < 1.5


def test_the_same_seed_paints_the_same_bits(textured):
    wall = textured(90, 120)
    hole = np.zeros((90, 120), bool)
    hole[30:50, 40:70] = True
    first, second = (painted(wall, known=~hole, unknown=hole, seed=3) for _ in range(2))
    assert first.tobytes() == second.tobytes()


def test_with_nothing_known_it_is_black():
    hole = np.ones((20, 20), bool)
    filled = painted(np.ones((20, 20, 3), np.float32), known=~hole, unknown=hole, seed=0)
    assert not filled.any()
