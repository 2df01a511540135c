from __future__ import annotations

import cv2
import numpy as np
import pytest

from void_server.engines.cleanplate.proxy import Proxy, resized
from void_server.engines.cleanplate.register import Registrar


def proxy(picture, foreign=None):
    foreign = np.zeros(picture.shape[:2], bool) if foreign is None else foreign
    return Proxy.of(picture, foreign, key=0.2)


def moved(picture, matrix):
    return cv2.warpPerspective(
        picture, matrix, picture.shape[1::-1], flags=cv2.INTER_CUBIC, borderMode=2
    )


def worst(found, true, size):
    height, width = size
    corners = np.array([[[0.0, 0]], [[width, 0]], [[width, height]], [[0, height]]])
    apart = cv2.perspectiveTransform(corners, found) - cv2.perspectiveTransform(corners, true)
    return np.abs(apart).max()


MOVES = {
    "still": np.eye(3),
    "shift": np.array([[1, 0, 3.4], [0, 1, -1.7], [0, 0, 1.0]]),
    "roll and zoom": np.array([[1.02, -0.02, 4.0], [0.02, 1.02, -2.0], [0, 0, 1.0]]),
    "turn": np.array([[1.01, 0.01, -3.0], [-0.005, 0.99, 2.0], [4e-5, -3e-5, 1.0]]),
}


@pytest.mark.parametrize("move", MOVES)
def test_a_known_motion_is_found_to_a_tenth_of_a_pixel(textured, move):
    wall = textured(240, 320)
    motion = Registrar(proxy(wall)).find(proxy(moved(wall, MOVES[move])), np.eye(3))
    assert worst(motion.matrix, MOVES[move], (240, 320)) < 0.1
    assert motion.confidence > 0.8


def test_what_is_foreign_does_not_pull_the_motion(textured):
    wall, poster = textured(240, 320), textured(240, 320, 9) * 3
    second = moved(wall, MOVES["shift"])
    first_mask, second_mask = np.zeros((240, 320), bool), np.zeros((240, 320), bool)
    first_mask[40:200, 40:160] = True
    second_mask[40:200, 60:180] = True
    first = np.where(first_mask[..., None], poster, wall)
    second = np.where(second_mask[..., None], np.roll(poster, 20, axis=1), second)
    motion = Registrar(proxy(first, first_mask)).find(proxy(second, second_mask), np.eye(3))
    assert worst(motion.matrix, MOVES["shift"], (240, 320)) < 0.1


def test_a_jump_too_far_to_follow_is_found_by_matching(textured):
    wall = textured(300, 420)
    jump = np.array([[1, 0, 150.0], [0, 1, 60.0], [0, 0, 1.0]])
    motion = Registrar(proxy(wall)).find(proxy(moved(wall, jump)), np.eye(3))
    assert worst(motion.matrix, jump, (300, 420)) < 0.5


def test_without_corners_the_common_translation_is_found():
    y, x = np.mgrid[0:128, 0:192].astype(np.float32)
    blob = 0.2 + 0.15 * np.exp(-(((x - 90) / 30) ** 2) - ((y - 60) / 25) ** 2)
    first = np.dstack([blob] * 3).astype(np.float32)
    shift = np.array([[1, 0, 6.0], [0, 1, 4.0], [0, 0, 1.0]])
    motion = Registrar(proxy(first)).find(proxy(moved(first, shift)), np.eye(3))
    assert worst(motion.matrix, shift, (128, 192)) < 1.5


def test_nothing_to_go_by_keeps_the_guess_and_says_so():
    grey = np.full((64, 64, 3), 0.2, np.float32)
    motion = Registrar(proxy(grey)).find(proxy(grey), MOVES["shift"])
    np.testing.assert_array_equal(motion.matrix, MOVES["shift"])
    assert (motion.confidence, motion.method) == (0.0, "guess")


def test_a_homography_resized_there_and_back_is_the_same():
    there = resized(MOVES["turn"], old=(240, 320), new=(120, 160))
    back = resized(there, old=(120, 160), new=(240, 320))
    np.testing.assert_allclose(back, MOVES["turn"], atol=1e-12)


def test_a_shift_resized_keeps_to_pixel_centres():
    half = resized(MOVES["shift"], old=(100, 100), new=(50, 50))
    np.testing.assert_allclose(half[:2, 2], [1.7, -0.85])
