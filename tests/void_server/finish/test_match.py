from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import pytest

from void_server.finish.match import Match, match


@pytest.fixture
def matched(space) -> Callable[..., Match]:
    """Matches a clip with what a model made of it: a `Fault`, or anything that takes an index."""

    def _matched(clip, got, *, hole=None, foreign=None):
        made = [got(index) for index in range(clip.count)]
        hole = hole or clip.hole
        return match(
            range(1001, 1001 + clip.count),
            sent=clip.sent,
            got=made.__getitem__,
            hole=hole,
            foreign=foreign or hole,
            decode=space.decode,
        )

    return _matched


@dataclass(frozen=True)
class Errors:
    """How much brighter than the truth a composite is, stops: means over frames and channels."""

    core: float
    edge: float
    flicker: float


@pytest.fixture
def errors_of(stops_of, soft_alpha, core_of) -> Callable[..., Errors]:
    def _errors_of(clip, picture):
        core, edge, levels = [], [], []
        for index in range(clip.count):
            hole, truth = clip.hole(index), clip.truth(index)
            alpha = soft_alpha(hole, 6.0)[..., None]
            error = stops_of(truth * (1 - alpha) + picture(index) * alpha, truth)
            deep = core_of(hole)
            core.append(np.abs(error[deep]).mean())
            levels.append(error[deep].mean(axis=0))
            edge.append(np.abs(error[hole & ~core_of(hole, 8)]).mean())
        return Errors(np.mean(core), np.mean(edge), np.std(levels, axis=0).max())

    return _errors_of


# --- the acceptance list -----------------------------------------------------------------


def test_k2_a_model_that_changes_nothing_is_not_changed(clip, matched):
    found = matched(clip, clip.sent)
    for index in range(clip.count):
        np.testing.assert_allclose(found.picture(index), clip.sent(index), atol=2e-6)
    assert found.warnings == ()


def test_k3_what_cannot_be_light_is_cleaned_counted_and_told(clip, matched, errors_of):
    def got(index):
        picture = clip.truth(index)
        if index == 2:
            picture[10:14, 20:30] = np.nan
            picture[70, 100, 1] = np.inf
        if index == 3:
            picture[50:60, 80:90] = 2.0
            picture[60:64, 80:90] = -0.5
        return picture

    found = matched(clip, got)
    pictures = [found.picture(index) for index in range(clip.count)]
    assert all(np.isfinite(picture).all() for picture in pictures)
    assert min(picture.min() for picture in pictures) >= 0
    assert max(picture.max() for picture in pictures) <= 1
    assert found.facts["model_pixels_cleaned"] == 41 + 140
    broken, beyond = found.warnings
    assert broken == "the model returned NaN or Inf in frame 1003: smoothed over"
    assert beyond.startswith("the model returned values beyond 0..1")
    assert beyond.endswith("in frame 1004: cut")
    others = [1, 4, 5]
    clean = matched(clip, clip.truth)
    for index in others:
        assert np.abs(pictures[index] - clean.picture(index)).max() < 2e-3


def test_k3_a_lost_picture_leaves_a_smooth_surface(clip, matched):
    def got(index):
        return np.full((*clip.size, 3), np.nan, np.float32) if index == 4 else clip.truth(index)

    found = matched(clip, got)
    picture, hole = found.picture(4), clip.hole(4)
    around = cv2.dilate(hole.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    edge = clip.truth(4)[around & ~hole]
    assert np.isfinite(picture).all()
    assert edge.min() - 0.05 < picture[hole].min() <= picture[hole].max() < edge.max() + 0.05
    assert "frame 1005" in found.warnings[0]
    assert "smooth surface" in found.warnings[0]
    assert all(np.isfinite(value) for value in found.measures(4).values())
    # The frames beside it are not drawn along.
    alone = matched(clip, clip.truth)
    assert np.abs(found.picture(5) - alone.picture(5)).max() < 3e-3


@pytest.mark.parametrize(
    ("gain", "offset"),
    [
        pytest.param((0.9, 1.0, 1.1), (0.03, 0.0, -0.01), id="warm to cold"),
        pytest.param((1.1, 1.1, 1.1), (-0.015, 0.03, 0.0), id="brighter"),
        pytest.param((0.9, 0.9, 0.9), (0.03, 0.03, 0.03), id="darker, lifted blacks"),
        pytest.param((1.0, 1.0, 1.0), (0.0, 0.0, 0.0), id="crosstalk alone"),
    ],
)
def test_k4_a_constant_shift_of_color_is_undone(
    clip, fault_of, crosstalk, matched, errors_of, gain, offset
):
    fault = fault_of(gain=gain, cross=crosstalk, offset=offset)
    got = [fault.of(clip.truth(index), index) for index in range(clip.count)]
    assert errors_of(clip, got.__getitem__).core > 0.01
    found = matched(clip, got.__getitem__)
    assert errors_of(clip, found.picture).core <= 0.02
    assert found.color.freedom == "3x4"
    assert found.warnings == ()


def test_k5_flicker_is_taken_out(clip, fault_of, matched, errors_of):
    fault = fault_of(flicker=0.02)
    got = [fault.of(clip.truth(index), index) for index in range(clip.count)]
    assert errors_of(clip, got.__getitem__).flicker > 0.03
    found = matched(clip, got.__getitem__)
    assert errors_of(clip, found.picture).flicker <= 0.003
    assert found.facts["flicker_before_stops"] > 0.03
    assert found.facts["flicker_after_stops"] < 0.003


def test_k6_no_step_is_left_at_the_seam(
    clip, fault_of, crosstalk, matched, stops_of, soft_alpha, core_of
):
    fault = fault_of(
        gain=(0.97, 1.02, 1.03), cross=crosstalk, offset=(0.012, -0.008, 0.01),
        drift=0.015, flicker=0.012, blur=0.8, noise=0.01, levels=255,
    )  # fmt: skip
    found = matched(clip, lambda index: fault.of(clip.truth(index), index))
    for index in range(clip.count):
        hole, truth = clip.hole(index), clip.truth(index)
        alpha = soft_alpha(hole, 6.0)[..., None]
        soft = cv2.GaussianBlur(truth, (0, 0), fault.blur)
        out = truth * (1 - alpha) + found.picture(index) * alpha
        step = stops_of(out, truth * (1 - alpha) + soft * alpha)
        rim = hole & ~core_of(hole, 8)
        assert np.abs(step[rim].mean(axis=0)).max() <= 0.015
        assert np.abs(step[rim]).mean() <= 0.015
        assert found.measures(index)["seam_step"] <= 0.02


# --- what must not mislead it ------------------------------------------------------------


def test_noise_in_the_ring_does_not_make_the_fill_flicker(
    clip_of, fault_of, matched, errors_of, core_of
):
    clip = clip_of(grain=0.03, step=0, count=10)
    steady = fault_of(noise=0.01)
    hole = clip.hole(3)
    found = matched(
        replace_sent(clip, clip.plate),
        lambda index: steady.of(clip.truth(index), index),
        hole=lambda index: hole,
    )
    deep = core_of(hole)
    offsets = [
        (found.picture(i) - steady.of(clip.truth(i), i))[deep].mean(axis=0)
        for i in range(clip.count)
    ]
    # The ring's 2000 pixels alone would give .03 / sqrt(2000) = .0007.
    assert np.std(offsets, axis=0).max() < 6e-4


def test_a_color_that_really_wavers_is_followed(clip_of, matched, errors_of, core_of):
    clip = clip_of(step=0, count=8)
    slope = np.linspace(-0.5, 0.5, clip.size[1], dtype=np.float32)[None, :, None]

    def got(index):
        return clip.truth(index) * (1 + 0.04 * (-1) ** index * slope)

    found = matched(clip, got)
    assert errors_of(clip, got).edge > 2 * errors_of(clip, found.picture).edge
    assert errors_of(clip, found.picture).edge < 0.006


def test_a_lamp_beside_the_hole_does_not_pull_the_fill(clip, matched, core_of):
    def sent(index):
        plate = clip.sent(index)
        row, column = np.argwhere(clip.hole(index))[0]
        plate[row - 7 : row - 2, column - 3 : column + 4] = 0.99 if index % 2 else 0.6
        return plate

    lit = replace_sent(clip, sent)
    found, plain = matched(lit, clip.truth), matched(clip, clip.truth)
    for index in range(clip.count):
        deep = core_of(clip.hole(index))
        assert np.abs(found.picture(index) - plain.picture(index))[deep].max() < 4e-3


def test_a_grey_shot_makes_up_no_colors(clip_of, fault_of, matched):
    clip = clip_of(colors=0.0, grain=0.004)
    fault = fault_of(gain=(0.95, 1.0, 1.06))
    found = matched(clip, lambda index: fault.of(clip.truth(index), index))
    linear = found.color.matrix[:, :3]
    assert np.abs(linear - np.diag(np.diag(linear))).max() < 0.02
    np.testing.assert_allclose(found.color.gain, 1 / np.float32(fault.gain), atol=0.02)
    assert found.color.freedom == "gain and offset"


def test_another_background_is_told_and_not_taken_for_a_shift(clip, matched):
    found = matched(clip, lambda index: 1 - clip.truth(index)[::-1])
    assert any("changed the background" in warning for warning in found.warnings)
    assert found.color.freedom == "none"
    assert all(np.isfinite(found.picture(index)).all() for index in range(clip.count))


def test_a_large_but_even_shift_is_told_and_undone(clip, fault_of, matched, errors_of):
    fault = fault_of(gain=(0.7, 0.7, 0.7))
    found = matched(clip, lambda index: fault.of(clip.truth(index), index))
    assert any(re.search(r"gain 1\.4\d, expected 0\.8 to 1\.25", w) for w in found.warnings)
    assert errors_of(clip, found.picture).core <= 0.02


def test_one_wild_frame_takes_the_gain_of_the_shot(clip, matched):
    def got(index):
        return clip.truth(index) * np.float32(0.4 if index == 5 else 1.0)

    found = matched(clip, got)
    np.testing.assert_allclose(found.gains[5], 1, atol=0.01)
    np.testing.assert_allclose(found.gains[4], 1, atol=0.01)
    assert any("frame 1006" in warning for warning in found.warnings)


# --- where there is little or nothing to go by -------------------------------------------


def test_a_hole_over_everything_leaves_the_model_alone(clip, matched):
    found = matched(clip, clip.truth, hole=lambda index: np.ones(clip.size, bool))
    np.testing.assert_array_equal(found.picture(0), clip.truth(0))
    assert found.color.freedom == "none"
    assert set(found.measures(0)) == {"gain_r", "gain_g", "gain_b"}


def test_a_frame_whose_hole_covers_it_takes_what_the_others_tell(clip, fault_of, matched):
    fault = fault_of(gain=(0.92, 1.05, 1.0))

    def hole(index):
        return np.ones(clip.size, bool) if index == 3 else clip.hole(index)

    found = matched(clip, lambda index: fault.of(clip.truth(index), index), hole=hole)
    inside = (clip.truth(3) > 0.05).all(axis=2) & (clip.truth(3) < 0.9).all(axis=2)
    assert np.abs(found.picture(3) - clip.truth(3))[inside].max() < 0.01


def test_a_hole_at_the_border_is_joined_where_it_has_a_ring(clip, fault_of, matched):
    fault = fault_of(offset=(0.02, 0.02, 0.02), drift=0.01)
    corner = np.zeros(clip.size, bool)
    corner[:50, :80] = True
    found = matched(
        replace_sent(clip, clip.plate),
        lambda index: fault.of(clip.truth(index), index),
        hole=lambda index: corner,
    )
    assert np.abs(found.picture(2) - clip.truth(2))[corner].mean() < 0.006


def test_a_frame_without_a_hole_has_no_seam(clip, matched):
    found = matched(clip, clip.truth, hole=lambda index: np.zeros(clip.size, bool))
    assert "seam_step" not in found.measures(1)
    np.testing.assert_allclose(found.picture(1), clip.truth(1), atol=5e-3)


def test_what_is_foreign_counts_neither_for_the_color_nor_at_the_seam(clip, matched):
    held = np.zeros(clip.size, bool)
    held[40:100, 0:75] = True

    def sent(index):
        plate = clip.sent(index)
        plate[held & ~clip.hole(index)] = (0.1, 0.9, 0.2)
        return plate

    found = matched(
        replace_sent(clip, sent), clip.truth, foreign=lambda index: clip.hole(index) | held
    )
    hole = clip.hole(2) & ~held
    assert np.abs(found.picture(2) - clip.truth(2))[hole].max() < 0.01
    assert found.warnings == ()


def test_frames_come_out_the_same_in_any_order(clip, fault_of, matched):
    fault = fault_of(flicker=0.02, noise=0.01)

    def got(index):
        return fault.of(clip.truth(index), index)

    forward, backward = matched(clip, got), matched(clip, got)
    there = {index: forward.picture(index) for index in range(clip.count)}
    back = {index: backward.picture(index) for index in reversed(range(clip.count))}
    for index in there:
        np.testing.assert_array_equal(there[index], back[index])
        assert forward.measures(index) == backward.measures(index)


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (37, 53)])
def test_any_size_and_layout_works(matched, size):
    planes = np.full((3, *size), 0.5, np.float32)
    planes.setflags(write=False)
    hole = np.zeros(size, bool)
    hole[0, 0] = True

    class Planar:
        count = 2

        def sent(self, index):
            return planes.transpose(1, 2, 0)

        def hole(self, index):
            return hole

    clip = Planar()
    found = matched(clip, lambda index: clip.sent(index) * np.float32(0.98))
    assert found.picture(1).shape == (*size, 3)
    wanted = 0.5 if size == (37, 53) else 0.49
    np.testing.assert_allclose(found.picture(1), wanted, atol=0.02)


def test_a_shot_of_one_frame_works(clip_of, fault_of, matched, errors_of):
    clip = clip_of(count=1)
    fault = fault_of(gain=(0.95, 1.0, 1.04), offset=(0.01, 0.0, 0.0))
    found = matched(clip, lambda index: fault.of(clip.truth(index), index))
    assert errors_of(clip, found.picture).core <= 0.02


def test_measures_and_facts_are_finite_and_named(clip, fault_of, matched):
    fault = fault_of(flicker=0.02)
    found = matched(clip, lambda index: fault.of(clip.truth(index), index))
    assert set(found.measures(0)) == {
        "gain_r", "gain_g", "gain_b",
        "ring_residual", "flicker_before", "flicker_after", "seam_step",
    }  # fmt: skip
    numbers = [v for v in found.facts.values() if not isinstance(v, str)]
    assert np.isfinite([*numbers, *found.measures(0).values()]).all()


def replace_sent(clip, sent):
    """The same clip with another plate."""

    class Shown:
        count, size = clip.count, clip.size
        truth, hole = staticmethod(clip.truth), staticmethod(clip.hole)

    Shown.sent = staticmethod(sent)
    return Shown
