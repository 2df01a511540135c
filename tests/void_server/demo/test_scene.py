from __future__ import annotations

import cv2
import numpy as np
import pytest

from void_server.demo import grain
from void_server.demo.scene import Scene


@pytest.fixture(scope="module")
def scene():
    return Scene(width=320, height=180, frames=12, camera="slow", seed=1)


def test_frames_are_numbered_from_the_first(scene):
    assert scene.frames == tuple(range(1001, 1013))
    assert Scene(width=64, height=36, frames=2, first_frame=7).frames == (7, 8)


@pytest.mark.parametrize("picture", ["plate", "truth"])
def test_pictures_are_scene_linear_float_of_the_size_asked_for(scene, picture):
    rgb = getattr(scene, picture)(1004)
    assert rgb.shape == (180, 320, 3)
    assert rgb.dtype == np.float32
    assert np.isfinite(rgb).all()
    assert rgb.max() > 10  # the lamp


@pytest.mark.parametrize("matte", ["remove", "affected"])
def test_mattes_are_soft_alphas(scene, matte):
    alpha = getattr(scene, matte)(1006)
    assert alpha.shape == (180, 320)
    assert alpha.dtype == np.float32
    assert (alpha.min(), alpha.max()) == (0, pytest.approx(1, abs=1e-3))
    assert ((alpha > 0.02) & (alpha < 0.98)).any()


def test_outside_the_mattes_plate_and_truth_are_the_same(scene):
    for frame in scene.frames:
        clear = (scene.remove(frame) == 0) & (scene.affected(frame) == 0)
        plate, truth = scene.plate(frame), scene.truth(frame)
        apart = np.abs(plate - truth)[clear] / np.maximum(truth[clear], 0.02)
        assert apart.max() < 0.01


def test_the_shadow_takes_about_a_third_of_the_light(scene):
    frame = 1006
    shadow = (scene.affected(frame) > 0.9) & (scene.remove(frame) == 0)
    ratio = scene.plate(frame)[shadow].mean(axis=1) / scene.truth(frame)[shadow].mean(axis=1)
    assert 0.5 < np.quantile(ratio, 0.02) < 0.8


def test_the_boom_is_out_of_the_picture_at_both_ends(scene):
    for frame in (1001, 1012):
        assert not scene.remove(frame).any()


def test_every_pixel_of_the_set_is_shown_in_some_frame():
    still = Scene(width=320, height=180, frames=48, camera="static")
    hidden = np.ones((180, 320), bool)
    for frame in still.frames:
        hidden &= (still.remove(frame) > 0) | (still.affected(frame) > 0)
    assert not hidden.any()


def test_any_frame_in_any_order_gives_the_same_bits():
    first, second = (Scene(width=96, height=54, frames=6, camera="handheld") for _ in range(2))
    late = first.plate(1005)
    second.truth(1001)
    assert late.tobytes() == second.plate(1005).tobytes()


def test_another_seed_is_another_shot():
    first, second = (Scene(width=96, height=54, frames=2, seed=s) for s in (1, 2))
    assert not np.allclose(first.light(1001), second.light(1001), atol=0.01)


def test_without_a_boom_there_is_nothing_to_remove():
    empty = Scene(width=96, height=54, frames=4, boom=False)
    assert not empty.remove(1002).any()
    assert not empty.affected(1002).any()
    assert empty.plate(1002).tobytes() == empty.truth(1002).tobytes()


def test_a_static_camera_shows_the_same_set_in_every_frame():
    still = Scene(width=96, height=54, frames=5, camera="static")
    assert still.light(1001).tobytes() == still.light(1005).tobytes()


@pytest.mark.parametrize("camera", ["slow", "handheld"])
def test_a_moving_camera_moves_the_set(camera):
    moving = Scene(width=192, height=108, frames=8, camera=camera)
    assert np.abs(moving.light(1001) - moving.light(1008)).mean() > 0.005


def test_grain_is_as_strong_as_it_says(scene):
    light = scene.light(1003)
    noise = (scene.truth(1003) - light) / scene.grain_sigma(1003)
    assert noise.std() == pytest.approx(1.0, abs=0.02)


def test_grain_is_new_in_every_frame():
    first, second = (grain.field((64, 64), seed=1, frame=n) for n in (1, 2))
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.03


def test_a_frame_outside_the_shot_is_refused(scene):
    with pytest.raises(KeyError, match="1001-1012"):
        scene.plate(1013)


def test_handheld_sway_moves_the_floor_against_the_wall():
    shot = Scene(width=320, height=180, frames=24, camera="handheld", boom=False)
    camera = shot._camera
    wall = camera.wall(12)
    floor = camera.floor(12, 150.0)
    on_line = np.array([[[100.0, 150.0]]])
    below = np.array([[[100.0, 175.0]]])
    np.testing.assert_allclose(
        cv2.perspectiveTransform(on_line, wall), cv2.perspectiveTransform(on_line, floor)
    )
    assert not np.allclose(
        cv2.perspectiveTransform(below, wall), cv2.perspectiveTransform(below, floor), atol=0.01
    )
