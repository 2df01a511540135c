from __future__ import annotations

import numpy as np
import pytest

from void_server.engines.cleanplate.box import Box
from void_server.engines.cleanplate.gather import gather

BOX = Box(top=20, left=30, bottom=60, right=90)


def shift(x, y):
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])


def test_a_whole_pixel_move_copies_bits(textured):
    wall = textured(100, 140)
    sample = gather(wall, np.zeros((100, 140), bool), box=BOX, motion=shift(5, -3))
    assert sample.rgb.tobytes() == np.ascontiguousarray(wall[17:57, 35:95]).tobytes()
    assert sample.valid.all()


@pytest.mark.parametrize("move", [(-60, 0), (0.5, -45.5), (500, 500), (-80.3, 77.7)])
def test_what_lies_outside_the_source_is_not_valid(textured, move):
    wall = textured(100, 140)
    sample = gather(wall, np.zeros((100, 140), bool), box=BOX, motion=shift(*move))
    assert sample.rgb.shape == (40, 60, 3)
    assert not sample.valid.all()
    x, y = move
    rows, columns = np.mgrid[20:60, 30:90]
    outside = (columns + x < 0) | (columns + x > 139) | (rows + y < 0) | (rows + y > 99)
    assert not sample.valid[outside].any()


def test_resampling_never_reaches_into_what_is_foreign(textured):
    wall = textured(100, 140)
    foreign = np.zeros((100, 140), bool)
    foreign[40:50, 50:70] = True
    wall[foreign] = 1000.0
    sample = gather(wall, foreign, box=BOX, motion=shift(0.5, 0.5))
    assert sample.valid.any()
    assert not sample.valid.all()
    assert sample.rgb[sample.valid].max() < 10.0


def test_a_flow_adds_to_the_motion(textured):
    wall = textured(100, 140)
    clear = np.zeros((100, 140), bool)
    flow = np.zeros((40, 60, 2), np.float32)
    flow[..., 0] = 2.0
    by_flow = gather(wall, clear, box=BOX, motion=shift(0.5, 0), flow=flow)
    direct = gather(wall, clear, box=BOX, motion=shift(2.5, 0))
    np.testing.assert_allclose(by_flow.rgb, direct.rgb, atol=2e-3)
