from __future__ import annotations

import cv2
import numpy as np
import pytest

from void_server.engines.cleanplate.box import Box
from void_server.engines.cleanplate.track import track, whole_shift


def silent(*_args, **_named):
    pass


def pan(textured, count, step):
    wide = textured(160, 240 + int(abs(step) * count) + 8)
    frames = {}
    for n in range(count):
        shift = np.array([[1, 0, -step * n], [0, 1, 0.0]])
        frames[n] = cv2.warpAffine(wide, shift, (240, 160), flags=cv2.INTER_CUBIC)
    return frames


def test_a_long_pan_is_followed_past_where_the_first_frame_is_gone(footage_of, textured):
    plates = pan(textured, 40, 9.5)
    empty = np.zeros((160, 240), bool)
    found = track(footage_of(plates, dict.fromkeys(plates, empty)), silent)
    centre = cv2.perspectiveTransform(np.array([[[120.0, 80.0]]]), found.between(0, 39))[0, 0]
    assert centre == pytest.approx([120 - 9.5 * 39, 80], abs=1.0)
    assert min(found.confidence.values()) > 0.5


def test_a_tripod_shot_is_exactly_still(footage_of, textured):
    wall, rng = textured(160, 240), np.random.default_rng(0)
    plates = {n: wall + rng.normal(0, 0.004, wall.shape).astype(np.float32) for n in range(6)}
    empty = np.zeros((160, 240), bool)
    found = track(footage_of(plates, dict.fromkeys(plates, empty)), silent)
    for n in plates:
        np.testing.assert_array_equal(found.between(0, n), np.eye(3))


def test_a_frame_that_shows_no_background_lies_between_its_neighbours(footage_of, textured):
    plates = pan(textured, 5, 4.0)
    empty, full = np.zeros((160, 240), bool), np.ones((160, 240), bool)
    holes = {n: full if n == 2 else empty for n in plates}
    found = track(footage_of(plates, holes), silent)
    assert found.confidence[2] == 0
    assert found.between(0, 2)[0, 2] == pytest.approx(-8.0, abs=0.2)


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [(0, 0, (0, 0)), (3.02, -2.0, (-2, 3)), (0.5, 0.0, None), (0.0, 0.2, None)],
)
def test_only_a_move_by_whole_pixels_is_called_one(x, y, expected):
    box = Box(top=10, left=20, bottom=60, right=90)
    matrix = np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])
    assert whole_shift(matrix, box) == expected


def test_a_slow_zoom_is_no_move_by_whole_pixels():
    box = Box(top=0, left=0, bottom=200, right=200)
    assert whole_shift(np.diag([1.001, 1.001, 1.0]), box) is None
