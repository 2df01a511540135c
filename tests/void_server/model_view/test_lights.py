import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import RequestError
from void_server.model_view.lights import Lights
from void_server.plate import PlateColor

REC709 = PlateColor("lin_rec709_scene", "lin_rec709_scene")
AP1 = PlateColor("lin_ap1_scene", "lin_ap1_scene")


def grey(value, height=20, width=30):
    return np.full((height, width, 3), value, np.float32)


def lights_of(*pictures, plate=REC709, keep=None):
    lights = Lights(plate)
    for rgb in pictures:
        lights.add(rgb, np.ones(rgb.shape[:2], np.bool_) if keep is None else keep)
    return lights


def summary(lights):
    return lights.luminance, lights.peak("rec709"), lights.peak("ap1"), lights.outside


def test_luminance_is_the_geometric_mean_of_the_background():
    rgb = grey(0.1)
    rgb[:10] = 0.4
    rgb[:, 20:] = 50.0
    keep = np.ones(rgb.shape[:2], np.bool_)
    keep[:, 20:] = False
    assert lights_of(rgb, keep=keep).luminance == pytest.approx(0.2, rel=1e-4)


def test_black_bars_make_no_shot_darker():
    rgb = grey(0.2)
    rgb[:8] = 0.0
    assert lights_of(rgb).luminance == pytest.approx(0.2, rel=1e-4)


def test_the_peak_is_counted_where_something_is_in_the_way_too():
    rgb = grey(0.2)
    rgb[:, 25:] = 3.0
    keep = np.ones(rgb.shape[:2], np.bool_)
    keep[:, 25:] = False
    assert 3.0 <= lights_of(rgb, keep=keep).peak("rec709") <= 3.07


def test_a_stray_pixel_is_no_peak():
    rgb = grey(0.2, 60, 60)
    rgb[5, 5] = 1e6
    assert lights_of(rgb).peak("rec709") < 0.21


@pytest.mark.parametrize("white", [1.0, 1.0 + 2**-10, 1.0000002])
def test_white_stays_at_one_though_it_was_rounded(white):
    assert lights_of(grey(white)).peak("rec709") == 1.0


def test_peaks_are_counted_in_the_primaries_they_are_for():
    red = grey(0.0)
    red[..., 0] = 1.0
    lights = lights_of(red, plate=AP1)
    # The matrix from AP1 to Rec.709 has 1.705 in its corner.
    assert 1.705 <= lights.peak("rec709") <= 1.75
    assert lights.peak("ap1") == lights.peak("plate") == 1.0


def test_colours_beyond_rec709_are_counted_where_ap1_has_them():
    rgb = grey(0.2, 10, 10)
    rgb[0, :4] = (0.9, 0.0, 0.0)
    rgb[1, :6] = (-0.2, -0.2, -0.2)
    assert lights_of(rgb, plate=AP1).outside == pytest.approx(0.04)
    assert lights_of(rgb, plate=REC709).outside == 0.0


@given(st.permutations(range(5)))
def test_c8_frames_come_in_any_order(order):
    rng = np.random.default_rng(7)
    frames = np.exp2(rng.uniform(-10, 6, (5, 6, 7, 3))).astype(np.float32)
    keeps = rng.random((5, 6, 7)) < 0.6
    sorted_, shuffled = Lights(REC709), Lights(REC709)
    for index in range(5):
        sorted_.add(frames[index], keeps[index])
    for index in order:
        shuffled.add(frames[index], keeps[index])
    assert summary(shuffled) == summary(sorted_)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_n6_what_is_not_finite_is_left_out(bad):
    rgb = grey(0.3)
    rgb[2, 3, 1] = bad
    assert summary(lights_of(rgb)) == summary(lights_of(grey(0.3)))
    assert lights_of(grey(bad)).luminance == 0.18


@pytest.mark.parametrize("value", [0.0, -5.0, 1e-30, 65504.0, 1e6, 3e38])
def test_n6_any_light_gives_finite_numbers(value):
    assert np.isfinite(summary(lights_of(grey(value)))).all()


def test_nothing_at_all_is_mid_grey():
    assert lights_of(np.zeros((0, 5, 3), np.float32)).luminance == 0.18


def test_a_plate_of_unknown_colour_is_asked_about():
    with pytest.raises(RequestError, match="does not say its colour space") as caught:
        Lights(PlateColor("", ""), subject="sh010 plate")
    assert caught.value.subject == "sh010 plate"
    assert "ACEScg, lin_rec709_scene or 'ARRI LogC4'" in caught.value.hint
