from __future__ import annotations

import cv2
import numpy as np
import pytest

from ocio.model_space import ModelSpace
from void_server.demo.scene import Scene
from void_server.engines.cleanplate import real_pixels
from void_server.engines.cleanplate.real_pixels import RealPixels
from void_server.engines.cleanplate.settings import Settings
from void_server.finish.agreement import compared
from void_server.finish.detail import detailed


def silent(*_args, **_named):
    pass


@pytest.fixture
def passing(footage_of, textured):
    """A locked camera, a wall, a ball rolling through; ``light`` makes frame n of the wall."""

    def make(light=lambda wall, n: wall, *, frames=8, step=18):
        wall = textured(90, 160)
        plates, holes = {}, {}
        for n in range(frames):
            hole = np.zeros((90, 160), np.uint8)
            cv2.circle(hole, (20 + step * n, 45), 14, 1, -1)
            plate = np.where(hole[..., None] > 0, np.float32(0.01), light(wall, n))
            plates[n], holes[n] = plate.astype(np.float32), hole > 0
        return wall, footage_of(plates, holes)

    return make


def test_the_hole_shows_other_frames_bit_for_bit_and_the_margin_the_frame_itself(passing):
    wall, footage = passing()
    real = RealPixels.tracked(footage, silent).of(3)
    hole = footage.hole(3)[real.box.slices]
    assert real.valid.all()
    assert (real.seen[hole] >= 1).all()
    assert (real.seen[~hole] == 0).all()
    np.testing.assert_allclose(real.rgb[hole], wall[real.box.slices][hole], rtol=2e-6)
    np.testing.assert_array_equal(real.rgb[~hole], footage.plate(3)[real.box.slices][~hole])


def test_what_no_frame_shows_is_not_invented(footage_of, textured):
    wall = textured(80, 120)
    always, holes = np.zeros((80, 120), bool), {}
    always[30:50, 40:60] = True
    for n in range(6):
        holes[n] = always.copy()
        holes[n][30:50, 60 + 3 * n : 80 + 3 * n] = True
    real = RealPixels.tracked(footage_of(dict.fromkeys(range(6), wall), holes), silent).of(0)
    inside = always[real.box.slices]
    assert (real.seen[inside] == 0).all()
    assert not real.valid[inside].any()
    assert (real.rgb[inside] == 0).all()
    assert real.seen[~inside].any()


def test_nothing_is_gathered_where_nothing_can_be_seen(footage_of, textured, monkeypatch):
    wall, hole = textured(80, 120), np.zeros((80, 120), bool)
    hole[30:50, 40:60] = True
    frames = range(5)
    footage = footage_of(dict.fromkeys(frames, wall), dict.fromkeys(frames, hole))
    pixels = RealPixels.tracked(footage, silent)

    def refuse(*_args, **_named):
        raise AssertionError("a picture was read")

    monkeypatch.setattr(real_pixels, "gather", refuse)
    assert pixels.of(2) is None


def test_a_frame_without_a_hole_has_no_real_pixels(footage_of, textured):
    wall, hole = textured(60, 80), np.zeros((60, 80), bool)
    hole[20:40, 30:50] = True
    footage = footage_of(dict.fromkeys(range(3), wall), {0: hole, 1: np.zeros_like(hole), 2: hole})
    assert RealPixels.tracked(footage, silent).of(1) is None


def test_it_does_not_matter_what_was_asked_before(footage_of):
    scene = Scene(width=200, height=112, frames=8, camera="slow", seed=5)
    holes = {f: np.maximum(scene.remove(f), scene.affected(f)) > 0 for f in scene.frames}
    footage = footage_of({f: scene.plate(f) for f in scene.frames}, holes)
    last = [f for f in scene.frames if holes[f].any()][-1]
    one, two = RealPixels.tracked(footage, silent), RealPixels.tracked(footage, silent)
    for frame in scene.frames:
        one.of(frame)
    first, second = one.of(last), two.of(last)
    np.testing.assert_array_equal(first.rgb, second.rgb)
    np.testing.assert_array_equal(first.seen, second.seen)


def test_the_light_of_the_frame_is_kept_where_it_changes_over_the_picture(passing):
    ramp = np.linspace(-1, 1, 160, dtype=np.float32)[None, :, None]

    def light(wall, n):
        return wall * (1 + np.float32(0.01 * (n - 3)) * ramp)

    wall, footage = passing(light)
    real = RealPixels.tracked(footage, silent).of(6)
    hole = footage.hole(6)[real.box.slices]
    truth = light(wall, 6)[real.box.slices][hole]
    assert abs(np.log2(real.rgb[hole] / truth).mean()) < 0.003
    assert abs(np.log2(wall[real.box.slices][hole] / truth).mean()) > 0.02


def test_something_that_stands_at_the_edge_does_not_bend_what_is_inside(passing, footage_of):
    wall, footage = passing()
    plates = {n: footage.plate(n).copy() for n in footage.frames}
    # The matte of frame 4 is too small: a rim of the object is left beside it.
    plates[4][28:62, 74 : 92 - 9] = 0.012
    holes = {n: footage.hole(n) for n in footage.frames}
    settings = Settings(dense_flow=False)
    real = RealPixels.tracked(footage_of(plates, holes), silent, settings).of(4)
    hole = holes[4][real.box.slices]
    core = cv2.erode(hole.astype(np.uint8), np.ones((13, 13))) > 0
    error = np.abs(np.log2(real.rgb[core] / wall[real.box.slices][core]))
    assert error.mean() < 0.02


@pytest.mark.parametrize("blur", [0.0, 1.5])
def test_what_is_removed_from_a_wall_leaves_it_as_sharp_as_around(footage_of, textured, blur):
    wall, rng = textured(180, 320), np.random.default_rng(2)
    truths, holes = {}, {}
    for n in range(7):
        grain = rng.normal(0, 0.02, wall.shape) * np.sqrt(wall)
        truths[n] = (wall + grain).astype(np.float32)
        holes[n] = np.zeros((180, 320), bool)
        holes[n][50:130, 10 + 36 * n : 70 + 36 * n] = True
    plates = {n: np.where(holes[n][..., None], np.float32(0.01), truths[n]) for n in truths}
    real = RealPixels.tracked(footage_of(plates, holes), silent).of(3)
    hole, space = holes[3][real.box.slices], ModelSpace()
    truth = space.encode(truths[3])
    small = cv2.resize(truth, (80, 45), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), blur) if blur else small
    model = cv2.resize(small, (320, 180), interpolation=cv2.INTER_CUBIC)[real.box.slices]
    code = space.encode(real.rgb)
    at = {"scale": (4.0, 4.0), "origin": (real.box.top, real.box.left)}
    agreement = compared(model, code, real.seen, real.valid, **at)
    put = detailed(model, code, real.seen, hole, agreement=agreement, **at)
    inner = cv2.erode(hole.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    around = fine_energy(truth[real.box.slices], real.valid & ~hole)
    assert fine_energy(model, inner) < 0.3 * around
    comp = np.where(hole[..., None], put.code, truth[real.box.slices])
    assert 0.85 < fine_energy(comp, inner) / around < 1.15
    assert put.share[hole].mean() > 0.98


def fine_energy(picture, where):
    """Energy above the frequencies of a Gaussian of 1.5 pixels."""
    gray = picture.mean(axis=2)
    return float(((gray - cv2.GaussianBlur(gray, (0, 0), 1.5))[where] ** 2).mean())
