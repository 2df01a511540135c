"""The chain around a model from end to end; IDs are those of docs/fidelity.md."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest

from bridge.errors import RequestError
from void_server.engines.engine import Cancelled
from void_server.model_view.frames import Frames
from void_server.plate import PlateColor

# --- K2: what is not changed comes back as it was -------------------------------------------


def relative(fill, scene):
    """Largest error of a fill in its hole, over the light of the pixel."""
    inside = scene.inside(fill)
    truth = scene.box(fill)[inside]
    return np.abs(fill.rgb[inside] - truth).max(axis=1) / np.abs(truth).max(axis=1)


@pytest.mark.parametrize("match", [True, False])
@pytest.mark.parametrize("primaries", ["rec709", "ap1"])
def test_what_a_model_does_not_change_comes_back_as_it_was(studio_set, primaries, match):
    scene = studio_set.panned(3)
    fills = studio_set.run(scene, primaries=primaries, match=match)
    assert [fill.frame for fill in fills] == list(scene.frames)
    assert max(relative(fill, scene).max() for fill in fills) <= 2e-4


def test_highlights_come_back_as_they_were(studio_set):
    scene = studio_set.panned(3, light=100.0)
    assert max(plate.max() for plate in scene.plates) == pytest.approx(60, rel=0.01)
    heard = studio_set.Heard()
    fills = studio_set.run(scene, heard=heard)
    assert max(relative(fill, scene).max() for fill in fills) <= 2e-4
    assert heard.warnings == []


def test_a_lamp_too_small_to_set_the_peak_is_told(studio_set):
    scene = studio_set.panned(2)
    for plate in scene.plates:
        plate[2:4, 2:5] = 40.0  # 6 of 15360 pixels
    heard = studio_set.Heard()
    studio_set.run(scene, heard=heard)
    assert heard.facts["peak"] < 40
    assert any("a few highlights, up to 40" in text for text in heard.warnings)


def test_c6_pictures_without_every_step_are_refused(studio_set):
    def coarse(shot, part, parts):
        return Frames(len(shot.numbers), (*shot.region.grid, 3), np.float16)

    with pytest.raises(ValueError, match="expected float32, got float16"):
        studio_set.run(studio_set.panned(2), model=coarse)


def test_pixels_that_are_no_light_spoil_nothing_around_them(studio_set):
    scene = studio_set.panned(3)
    odd = [plate.copy() for plate in scene.plates]
    for plate in odd:
        plate[5, 5], plate[6, 9], plate[90, 150], plate[20, 30] = np.nan, np.inf, -3.0, -1e6
    fills = studio_set.run(studio_set.Scene(odd, scene.holes))
    assert all(np.isfinite(fill.rgb).all() for fill in fills)
    assert max(relative(fill, scene).max() for fill in fills) <= 1e-3


@pytest.mark.parametrize("light", [0.0, -0.2], ids=["black", "negative"])
def test_a_plate_without_any_light_gives_a_fill_without_any(studio_set, light):
    plates = [np.full((96, 160, 3), light, np.float32)] * 2
    scene = studio_set.Scene(plates, [(30, 40, 20, 20)] * 2)
    for fill in studio_set.run(scene, detail=True, grain="match"):
        assert np.abs(fill.rgb).max() <= 1e-3


@pytest.mark.parametrize(
    "hole",
    [(0, 0, 30, 30), (66, 130, 30, 30), (0, 60, 96, 20), (30, 0, 20, 160), (95, 159, 1, 1)],
    ids=["corner", "other corner", "whole height", "whole width", "one pixel"],
)
def test_a_hole_at_the_edge_of_the_frame_is_filled(studio_set, hole):
    scene = studio_set.panned(2, holes=[hole, hole])
    for fill in studio_set.run(scene):
        assert (fill.top, fill.left, *fill.rgb.shape[:2]) == hole
        assert relative(fill, scene).max() <= 2e-4


def test_a_plate_smaller_than_the_model_sees_is_mirrored_and_comes_back(studio_set):
    scene = studio_set.panned(2)
    for fill in studio_set.run(scene, grid=(128, 224)):
        assert relative(fill, scene).max() <= 2e-4


def test_tiles_give_what_one_crop_gives(studio_set):
    plates = [studio_set.texture(160, 280, cells=(60, 40))] * 2
    scene = studio_set.Scene(plates, [(20, 20, 120, 240)] * 2)
    tiled, heard = {"fit": "tiles"}, studio_set.Heard()
    tiles = studio_set.run(scene, grid=(96, 160), heard=heard, **tiled)
    crop = studio_set.run(scene, grid=(96, 160), fit="crop")
    assert heard.facts["fit"] == "tiles"
    for first, second in zip(tiles, crop, strict=True):
        assert (first.top, first.left) == (second.top, second.left) == (20, 20)
        assert relative(first, scene).max() <= 0.01
        assert np.abs(first.rgb - second.rgb).max() <= 0.02


def test_an_anamorphic_plate_is_shown_unsqueezed_and_put_back_in_place(studio_set):
    plates = [studio_set.texture(96, 160, cells=(40, 24))] * 2
    scene = studio_set.Scene(plates, [(30, 50, 30, 40)] * 2, pixel_aspect=2.0)
    shapes = set()

    def seen(sent, index):
        shapes.add(sent.shape)
        return sent

    for fill in studio_set.run(scene, seen, grid=(96, 160)):
        assert relative(fill, scene).max() <= 0.01
    assert shapes == {(96, 160, 3)}


# --- K4, K5, K6: a model that changes colours ------------------------------------------------


def stops(fill, scene, *, light=None):
    """(h, w) how much brighter than the plate, low-passed, stops."""
    ours, truth = (
        cv2.GaussianBlur(part.mean(axis=2), (0, 0), 3) for part in (fill.rgb, scene.box(fill))
    )
    return np.log2(ours / truth)


def shifted(flicker):
    turn = np.array([[1.04, -0.02, 0.01], [0.01, 0.96, 0.02], [-0.02, 0.01, 1.06]], np.float32)
    offset = np.array([0.012, -0.008, 0.010], np.float32)

    def model(sent, index):
        gain = 1 + flicker * np.sin(2.3 * index)
        return np.clip((sent @ turn.T + offset) * np.float32(gain), 0, 1).astype(np.float32)

    return model


def test_a_shift_and_a_flicker_of_colour_are_undone(studio_set):
    scene = studio_set.panned(8, holes=[(28, 56, 40, 48)] * 8)
    fills = studio_set.run(scene, shifted(0.02))
    cores = [float(np.median(stops(fill, scene)[8:-8, 8:-8])) for fill in fills]
    raw = studio_set.run(scene, shifted(0.02), match=False)
    bare = [float(np.median(stops(fill, scene)[8:-8, 8:-8])) for fill in raw]
    assert np.abs(cores).max() <= 0.02
    assert np.std(cores) <= 0.003
    assert np.std(bare) > 0.02


def test_no_step_is_left_at_the_edge_of_the_hole(studio_set):
    scene = studio_set.panned(4)
    fills = studio_set.run(scene, shifted(0.02))
    for fill in fills:
        off = np.abs(stops(fill, scene))
        edge = np.concatenate([off[0], off[-1], off[:, 0], off[:, -1]])
        assert np.percentile(edge, 95) <= 0.015
        assert fill.measures["seam_step"] <= 0.015


# --- K3: a model that went wrong -------------------------------------------------------------


def broken(value, where):
    def model(sent, index):
        picture = sent.copy()
        if index == 1:
            picture[where] = value
        return picture

    return model


PART = (slice(40, 50), slice(55, 70))


@pytest.mark.parametrize("match", [True, False])
@pytest.mark.parametrize(
    ("value", "where", "said"),
    [
        (np.nan, PART, "NaN or Inf in frame 1002"),
        (np.inf, PART, "NaN or Inf in frame 1002"),
        (np.nan, ..., "no picture for frame 1002"),
        (2.0, PART, "beyond 0..1"),
        (-1.0, PART, "beyond 0..1"),
    ],
    ids=["nan", "inf", "nothing", "too bright", "negative"],
)
def test_what_is_no_picture_is_mended_and_told(studio_set, value, where, said, match):
    scene, heard = studio_set.panned(3), studio_set.Heard()
    fills = studio_set.run(scene, broken(value, where), heard=heard, match=match)
    assert all(np.isfinite(fill.rgb).all() for fill in fills)
    assert any(said in text for text in heard.warnings)
    assert heard.facts["model_pixels_cleaned"] > 0
    good = [fill for fill in fills if fill.frame != 1002]
    assert max(relative(fill, scene).max() for fill in good) <= 1e-3
    # A surface from around, not a black hole.
    assert fills[1].rgb.mean() == pytest.approx(scene.box(fills[1]).mean(), rel=0.5)


def test_what_went_wrong_is_told_before_the_first_fill(studio_set):
    scene, heard = studio_set.panned(3), studio_set.Heard()
    fills = studio_set.started(scene, broken(np.nan, ...), heard=heard)
    next(fills)
    assert any("no picture" in text for text in heard.warnings)
    fills.close()


# --- resume ----------------------------------------------------------------------------------

EVERYTHING = {"detail": True, "grain": "match", "grid": (64, 112)}


@pytest.fixture(scope="module")
def grainy(studio_set):
    return studio_set.grainy()


@pytest.fixture(scope="module")
def whole(studio_set, grainy):
    return studio_set.run(grainy, shifted(0.01), **EVERYTHING)


def test_frames_without_a_hole_yield_nothing(grainy, whole):
    assert [fill.frame for fill in whole] == [f for f in grainy.frames if f != 1004]


@pytest.mark.parametrize("frames", [(1003,), (1006, 1007), (1007, 1002, 1005)])
def test_a_fill_has_the_same_bits_whichever_frames_are_wanted(studio_set, grainy, whole, frames):
    some = studio_set.run(grainy, shifted(0.01), frames=frames, **EVERYTHING)
    assert [fill.frame for fill in some] == list(frames)
    assert studio_set.bits(some).items() <= studio_set.bits(whole).items()
    measures = {fill.frame: fill.measures for fill in whole}
    assert {fill.frame: fill.measures for fill in some} == {f: measures[f] for f in frames}


def test_another_seed_changes_the_grain_and_nothing_else(studio_set, grainy, whole):
    (other,) = studio_set.run(grainy, shifted(0.01), frames=(1002,), seed=2, **EVERYTHING)
    same = next(fill for fill in whole if fill.frame == 1002)
    assert np.array_equal(other.degrained, same.degrained)
    assert np.array_equal(other.seen, same.seen)
    changed = (other.rgb != same.rgb).any(axis=2)
    assert changed[same.seen == 0].mean() > 0.9
    assert not changed[(same.rgb == same.degrained).all(axis=2)].any()


def test_a_shot_of_one_frame_is_filled(studio_set):
    scene = studio_set.panned(1)
    (fill,) = studio_set.run(scene, detail=True, grain="match")
    assert relative(fill, scene).max() <= 2e-4 or fill.degrained is not None
    assert not fill.seen.any()


def test_a_shot_without_any_hole_is_not_an_error(studio_set):
    scene = studio_set.panned(2, holes=[None, None])
    assert studio_set.run(scene) == []


# --- refusals, ends --------------------------------------------------------------------------


def test_a_plate_in_an_unknown_colour_space_is_refused(studio_set):
    scene = studio_set.panned(2, color=PlateColor("", ""))
    with pytest.raises(RequestError) as caught:
        studio_set.run(scene)
    assert caught.value.code == "colorspace"


@pytest.mark.parametrize(
    ("parameters", "subject"),
    [
        ({"region": "0,0,20,20"}, "parameter region"),
        ({"fit": "stretch"}, "parameter fit"),
        ({"curve": "camera-log"}, "plate"),
    ],
)
def test_what_does_not_fit_the_shot_is_refused_before_the_model_runs(
    studio_set, parameters, subject
):
    def never(sent, index):
        raise AssertionError("the model ran")

    with pytest.raises(RequestError) as caught:
        studio_set.run(studio_set.panned(2), never, **parameters)
    assert (caught.value.subject, caught.value.code) == (subject, "parameter")


def closed(frames):
    return not hasattr(frames, "_frames")


def test_all_files_are_let_go_of_at_the_end(studio_set):
    kept = []
    studio_set.run(studio_set.panned(2), kept=kept)
    assert len(kept) == 3
    assert all(map(closed, kept))


def test_all_files_are_let_go_of_when_nobody_wants_more(studio_set):
    kept = []
    fills = studio_set.started(studio_set.panned(3), kept=kept)
    next(fills)
    assert not any(map(closed, kept))
    fills.close()
    assert all(map(closed, kept))


def test_all_files_are_let_go_of_when_the_model_fails(studio_set):
    def failing(sent, index):
        raise ArithmeticError("out of luck")

    kept = []
    with pytest.raises(ArithmeticError):
        studio_set.run(studio_set.panned(2), failing, kept=kept)
    assert len(kept) == 2
    assert all(map(closed, kept))


@pytest.mark.parametrize(
    "stage", ["measuring the hole", "reading the plate", "matching colour", "finishing"]
)
def test_a_cancelled_job_ends_at_once_and_lets_go(studio_set, stage):
    kept = []
    with pytest.raises(Cancelled):
        studio_set.run(studio_set.panned(2), heard=studio_set.Heard(stage), kept=kept)
    assert all(map(closed, kept))


def test_progress_names_each_stage_in_turn(studio_set):
    heard = studio_set.Heard()
    studio_set.run(studio_set.panned(2), heard=heard, detail=True, grain="match")
    first = ["measuring the hole", "measuring light", "reading the plate", "matching colour"]
    assert heard.stages[:4] == first
    assert heard.stages[-1] == "finishing"


# --- stereo ----------------------------------------------------------------------------------

OPEN = ("fit", "region", "curve", "primaries", "exposure", "peak")


def test_the_other_eye_is_shown_as_the_first_was(studio_set):
    left = studio_set.panned(3, light=9.0)
    left.plates[1][:20, :40] = 70.0
    right = studio_set.panned(3, light=2.5, holes=[(26, 30, 30, 30)] * 3)
    first, second, alone = (studio_set.Heard() for _ in range(3))
    studio_set.run(left, heard=first, grid=(64, 112))
    asked = {name: str(first.facts[name]) for name in OPEN}
    studio_set.run(right, heard=second, grid=(64, 112), **asked)
    studio_set.run(right, heard=alone, grid=(64, 112))
    assert {name: second.facts[name] for name in OPEN} == {n: first.facts[n] for n in OPEN}
    assert alone.facts["peak"] != first.facts["peak"]


def test_neighbouring_frames_are_told_apart(studio_set):
    """Frame N in is frame N out: each fill is nearer to its own plate than to any other."""
    scene = studio_set.panned(5, step=3, holes=[(30, 60, 30, 40)] * 5)
    fills = studio_set.run(scene, grid=(48, 80))
    for one, other in pairwise([*fills, fills[0]]):
        off = np.abs(one.rgb - scene.box(one)).mean()
        assert off < np.abs(one.rgb - scene.box(other)).mean() / 3
