from __future__ import annotations

import cv2
import numpy as np
import pytest

from void_server.demo.scene import Scene
from void_server.engines.cleanplate import CleanPlate
from void_server.engines.engine import Cancelled


class Silence:
    """A `Record` of an engine that has nothing to say but of grain."""

    def note(self, key, value):
        assert key.startswith("grain"), f"unexpected fact {key}"

    def warn(self, text):
        raise AssertionError(f"unexpected warning {text}")


def run(footage, *, frames=None, progress=lambda *_a, **_k: None, seed=0, **parameters):
    engine = CleanPlate()
    complete = {p.name: p.default for p in engine.describe().parameters} | parameters
    fills = engine.fill(
        footage,
        frames=footage.frames if frames is None else frames,
        prompt="",
        seed=seed,
        parameters=complete,
        progress=progress,
        record=Silence(),
    )
    return {fill.frame: fill for fill in fills}


def in_hole(fill, hole, picture):
    """Values of the fill and of a full picture, on the pixels of the hole."""
    height, width = fill.rgb.shape[:2]
    box = slice(fill.top, fill.top + height), slice(fill.left, fill.left + width)
    inside = hole[box]
    assert inside.sum() == hole.sum()
    return fill.rgb[inside], picture[box][inside], fill.seen[inside]


def psnr(a, b):
    def code(x):
        x = np.clip(x, 0, 1)
        return np.where(x <= 0.0031308, 12.92 * x, 1.055 * x ** (1 / 2.4) - 0.055)

    return -10 * np.log10(np.mean((code(a) - code(b)) ** 2))


def scene_footage(footage_of, scene, *, grow=3):
    kernel = np.ones((2 * grow + 1, 2 * grow + 1), np.uint8)
    holes = {}
    for frame in scene.frames:
        alpha = np.maximum(scene.remove(frame), scene.affected(frame))
        holes[frame] = cv2.dilate((alpha > 0).astype(np.uint8), kernel) > 0
    return footage_of({f: scene.plate(f) for f in scene.frames}, holes)


@pytest.fixture
def passing(footage_of, textured):
    """A locked camera, a grainless wall, a dark ball rolling through."""

    def make(height=90, width=150, frames=9):
        wall = textured(height, width)
        plates, holes = {}, {}
        for index in range(frames):
            hole = np.zeros((height, width), np.uint8)
            cv2.circle(hole, (12 + 16 * index, height // 2), 14, 1, -1)
            plates[100 + index] = np.where(hole[..., None] > 0, np.float32(0.01), wall)
            holes[100 + index] = hole > 0
        return wall, footage_of(plates, holes)

    return make


@pytest.mark.parametrize(
    ("camera", "least"), [("static", 40.0), ("slow", 36.0), ("handheld", 35.0)]
)
def test_the_boom_scene_comes_back_close_to_the_truth(footage_of, camera, least):
    scene = Scene(width=320, height=180, frames=16, camera=camera, seed=3)
    footage = scene_footage(footage_of, scene)
    fills = run(footage)
    pairs = [in_hole(fills[f], footage.hole(f), scene.truth(f)) for f in fills]
    ours, truth = (np.concatenate([pair[i] for pair in pairs]) for i in (0, 1))
    assert psnr(ours, truth) >= least


def test_a_locked_camera_copies_pixels_bit_for_bit(passing):
    wall, footage = passing()
    # With nothing to correct at the seam, what comes back is the source's own float.
    for frame, fill in run(footage, max_sources=1).items():
        ours, truth, _ = in_hole(fill, footage.hole(frame), wall)
        np.testing.assert_allclose(ours, truth, rtol=2e-6)


def test_only_frames_with_a_hole_are_filled_and_in_the_order_wanted(footage_of, textured):
    wall = textured(64, 96)
    empty, hole = np.zeros((64, 96), bool), np.zeros((64, 96), bool)
    hole[20:40, 30:50] = True
    footage = footage_of(
        dict.fromkeys(range(5), wall), {0: empty, 1: hole, 2: empty, 3: hole, 4: empty}
    )
    assert list(run(footage)) == [1, 3]
    assert list(run(footage, frames=[3, 1, 0])) == [3, 1]


def test_a_frame_does_not_depend_on_which_others_are_wanted(footage_of):
    scene = Scene(width=200, height=112, frames=10, camera="handheld", seed=5)
    footage = scene_footage(footage_of, scene)
    whole = run(footage)
    late = list(whole)[-2:]
    for frame, fill in run(footage, frames=late).items():
        np.testing.assert_array_equal(fill.rgb, whole[frame].rgb)
        np.testing.assert_array_equal(fill.seen, whole[frame].seen)


def test_values_far_above_white_come_through(footage_of, textured):
    wall = textured(80, 120)
    cv2.circle(wall, (60, 40), 10, (30.0, 22.0, 12.0), -1)
    hole, empty = np.zeros((80, 120), bool), np.zeros((80, 120), bool)
    hole[20:60, 40:80] = True
    footage = footage_of(dict.fromkeys(range(4), wall), {0: empty, 1: hole, 2: empty, 3: empty})
    ours, truth, _ = in_hole(run(footage)[1], hole, wall)
    assert ours.max() == pytest.approx(30.0, rel=1e-4)
    np.testing.assert_allclose(ours, truth, rtol=1e-4)


def test_a_moved_lamp_leaves_no_negative_ring(footage_of, textured):
    base = textured(120, 160)
    cv2.rectangle(base, (70, 50), (90, 70), (30.0, 30.0, 30.0), -1)
    plates = {}
    for n in range(6):
        shift = np.float64([[1, 0, 0.37 * n], [0, 1, 0.21 * n]])
        plates[n] = cv2.warpAffine(base, shift, (160, 120), flags=cv2.INTER_LINEAR, borderMode=2)
    hole = np.zeros((120, 160), bool)
    hole[40:80, 60:100] = True
    holes = {n: hole if n == 2 else np.zeros_like(hole) for n in range(6)}
    fill = run(footage_of(plates, holes))[2]
    assert fill.rgb[hole[40:80, 60:100]].min() > 0


def test_a_brighter_frame_is_matched_to_the_one_it_fills(footage_of, textured):
    wall = textured(90, 120)
    hole = np.zeros((90, 120), bool)
    hole[30:60, 40:80] = True
    holes = {n: hole if n == 1 else np.zeros_like(hole) for n in range(3)}
    tint = np.array([1.3, 1.2, 1.1], np.float32)
    footage = footage_of({0: wall * tint, 1: wall, 2: wall * tint}, holes)
    ours, truth, _ = in_hole(run(footage)[1], hole, wall)
    np.testing.assert_allclose(ours, truth, rtol=0.01)


def test_a_passer_by_in_one_source_does_not_get_in(footage_of, textured):
    wall = textured(90, 120)
    hole = np.zeros((90, 120), bool)
    hole[30:60, 40:80] = True
    plates = {n: wall.copy() for n in range(7)}
    plates[2][25:65, 35:85] = 0.9  # unmatted, in the nearest frame
    holes = {n: hole if n == 3 else np.zeros_like(hole) for n in range(7)}
    ours, truth, _ = in_hole(run(footage_of(plates, holes))[3], hole, wall)
    np.testing.assert_allclose(ours, truth, rtol=0.02)


def test_seen_counts_the_frames_that_show_the_background(passing):
    _, footage = passing()
    fills = run(footage)
    for frame, fill in fills.items():
        _, _, seen = in_hole(fill, footage.hole(frame), footage.plate(frame))
        assert fill.seen.dtype == np.uint16
        assert seen.min() >= 1
        assert seen.max() <= len(footage.frames) - 1


def test_what_no_frame_shows_is_invented_once_and_stands_still(footage_of, textured):
    wall = textured(96, 128)
    hole = np.zeros((96, 128), bool)
    hole[36:60, 50:80] = True
    plate = np.where(hole[..., None], np.float32(5.0), wall)
    fills = run(footage_of(dict.fromkeys(range(5), plate), dict.fromkeys(range(5), hole)))
    first, *others = [in_hole(fill, hole, wall) for fill in fills.values()]
    assert (first[2] == 0).all()
    assert first[0].max() < 1.0  # nothing of the object
    for other in others:
        np.testing.assert_allclose(other[0], first[0], rtol=1e-4, atol=1e-5)


def test_what_is_invented_gets_living_grain_of_the_plates_strength(footage_of):
    rng = np.random.default_rng(0)
    hole = np.zeros((128, 160), bool)
    hole[44:84, 60:100] = True
    grey = np.full((128, 160, 3), 0.2, np.float32)
    plates = {n: grey + rng.normal(0, 0.005, grey.shape).astype(np.float32) for n in range(8)}
    fills = run(footage_of(plates, dict.fromkeys(range(8), hole)))
    stack = np.stack([in_hole(fill, hole, grey)[0] for fill in fills.values()])
    assert stack.std(axis=0).mean() == pytest.approx(0.005, rel=0.25)
    assert stack.mean() == pytest.approx(0.2, abs=0.004)


def test_a_holdout_is_never_used_as_background(footage_of, textured):
    wall = textured(90, 120)
    hole, holdout = np.zeros((90, 120), bool), np.zeros((90, 120), bool)
    hole[30:60, 40:80] = True
    holdout[20:70, 30:60] = True
    plates = {n: np.where(holdout[..., None], np.float32(3.0), wall) for n in range(4)}
    plates[1] = wall
    holes = {n: hole if n == 1 else np.zeros_like(hole) for n in range(4)}
    holdouts = dict.fromkeys((0, 2, 3), holdout)
    fill = run(footage_of(plates, holes, holdouts))[1]
    assert fill.rgb[hole[30:60, 40:80]].max() < 1.0


def test_search_limits_how_far_background_is_looked_for(passing):
    _, footage = passing(frames=9)
    wide, near = run(footage), run(footage, search=1)
    middle = 104
    shown = [
        in_hole(f[middle], footage.hole(middle), footage.plate(middle))[2] for f in (wide, near)
    ]
    assert shown[0].min() >= 3
    assert shown[1].max() <= 2


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (3, 2), (37, 53), (101, 33)])
def test_any_size_is_filled(footage_of, size):
    rng = np.random.default_rng(1)
    plates = {n: rng.uniform(0, 1, (*size, 3)).astype(np.float32) for n in range(3)}
    hole = np.zeros(size, bool)
    hole[: (size[0] + 1) // 2, : (size[1] + 1) // 2] = True
    fills = run(footage_of(plates, dict.fromkeys(range(3), hole)))
    assert list(fills) == [0, 1, 2]
    assert all(np.isfinite(fill.rgb).all() for fill in fills.values())


def test_a_single_frame_is_continued_from_its_surroundings(footage_of, textured):
    wall = textured(80, 100)
    hole = np.zeros((80, 100), bool)
    hole[30:50, 40:60] = True
    plate = np.where(hole[..., None], np.float32(9.0), wall)
    ours, truth, seen = in_hole(run(footage_of({7: plate}, {7: hole}))[7], hole, wall)
    assert (seen == 0).all()
    assert ours.max() < 1.5
    assert psnr(ours, truth) > 12


def test_a_hole_over_the_whole_frame_is_filled_from_its_neighbours(footage_of, textured):
    wall = textured(90, 140)
    full, empty = np.ones((90, 140), bool), np.zeros((90, 140), bool)
    plates = {0: wall, 1: np.zeros_like(wall), 2: wall}
    fill = run(footage_of(plates, {0: empty, 1: full, 2: empty}))[1]
    assert (fill.top, fill.left, fill.rgb.shape) == (0, 0, (90, 140, 3))
    np.testing.assert_allclose(fill.rgb, wall, rtol=1e-5)


def test_holes_over_everything_everywhere_still_give_finite_pixels(footage_of):
    full = np.ones((20, 30), bool)
    plates = {n: np.ones((20, 30, 3), np.float32) for n in range(2)}
    fills = run(footage_of(plates, dict.fromkeys(range(2), full)))
    assert all(np.isfinite(f.rgb).all() and (f.seen == 0).all() for f in fills.values())


def test_a_wall_without_any_texture_is_filled_with_its_color(footage_of):
    grey = np.full((64, 80, 3), (0.3, 0.2, 0.1), np.float32)
    holes = {}
    for n in range(4):
        holes[n] = np.zeros((64, 80), bool)
        holes[n][20:40, 10 + 12 * n : 30 + 12 * n] = True
    plates = {n: np.where(holes[n][..., None], np.float32(2), grey) for n in range(4)}
    for n, fill in run(footage_of(plates, holes)).items():
        ours, truth, _ = in_hole(fill, holes[n], grey)
        np.testing.assert_allclose(ours, truth, rtol=0.01)


def test_frames_of_two_different_places_do_not_mix(footage_of, textured):
    first, second = textured(90, 140, 1), textured(90, 140, 2) * 0.3
    hole = np.zeros((90, 140), bool)
    hole[30:60, 50:90] = True
    empty = np.zeros_like(hole)
    plates = {0: first, 1: first, 2: first, 3: second}
    fill = run(footage_of(plates, {0: empty, 1: hole, 2: empty, 3: empty}))[1]
    ours, truth, _ = in_hole(fill, hole, first)
    np.testing.assert_allclose(ours, truth, rtol=0.02)


def test_progress_names_tracking_and_filling_for_every_frame(passing):
    _, footage = passing(frames=4)
    said = []
    run(
        footage,
        progress=lambda stage, done, total, *, frame=None, **_k: said.append(
            (stage, done, total, frame)
        ),
    )
    frames = footage.frames
    assert said == [
        *(("tracking", i + 1, 4, f) for i, f in enumerate(frames)),
        *(("filling", i + 1, 4, f) for i, f in enumerate(frames)),
    ]


def test_a_cancelled_job_stops_at_once(passing):
    _, footage = passing(frames=4)

    def cancel(stage, *_args, **_named):
        if stage == "filling":
            raise Cancelled

    with pytest.raises(Cancelled):
        run(footage, progress=cancel)


def test_the_same_call_gives_the_same_bits(footage_of):
    scene = Scene(width=160, height=96, frames=8, camera="handheld", seed=2)
    footage = scene_footage(footage_of, scene)
    first, second = run(footage, seed=4), run(footage, seed=4)
    assert list(first) == list(second)
    for frame in first:
        assert first[frame].rgb.tobytes() == second[frame].rgb.tobytes()


def test_every_parameter_is_described_with_a_default():
    info = CleanPlate().describe()
    assert info.name == "cleanplate"
    assert {p.name for p in info.parameters} == {"search", "max_sources", "dense_flow", "grain"}
