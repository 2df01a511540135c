from dataclasses import replace

import numpy as np
import pytest

from bridge.errors import RequestError
from ocio.convert import ColorConfig
from ocio.model_space import ModelSpace
from void_server.model_view.color import ModelColor
from void_server.model_view.color_settings import ColorSettings
from void_server.model_view.lights import Lights
from void_server.plate import PlateColor, plate_color

TAGS = ["lin_ap1_scene", "lin_ap0_scene", "lin_rec709_scene", "ARRI LogC4"]
CURVES = ["shaper", "srgb", "acescct", "camera-log"]


@pytest.fixture(scope="module")
def config():
    return ColorConfig()


def tagged(config, tag):
    return plate_color(tag=tag, wanted="", untagged="ask", config=config, subject="plate")


def lights_of(plate, rgb):
    lights = Lights(plate)
    lights.add(rgb, np.ones(rgb.shape[:2], np.bool_))
    return lights


def color_of(plate, rgb, **wishes):
    return ModelColor.of(plate, lights_of(plate, rgb), ColorSettings(**wishes))


def picture(seed=0, brightest=40.0):
    """(h, w, 3) linear Rec.709 colours, from deep shadow to highlights."""
    rng = np.random.default_rng(seed)
    light = np.exp2(rng.uniform(-9, np.log2(brightest), (40, 50, 1)))
    return (light * rng.uniform(0.5, 1.0, (40, 50, 3))).astype(np.float32)


def given_as(config, tag, rec709):
    """The picture as a file in this space would bring it to an engine, and its colour."""
    plate = tagged(config, tag)
    own, rec709_space = config.find(tag), config.find("lin_rec709_scene")
    stored = config.convert(rec709.copy(), source=rec709_space, target=own)
    return plate, plate.to_linear(stored)


@pytest.mark.parametrize("tag", TAGS)
def test_c9_the_same_picture_in_any_space_is_shown_alike(config, tag):
    rec709 = picture()
    plate = tagged(config, "lin_rec709_scene")
    expected = color_of(plate, rec709).encode(rec709)
    other, light = given_as(config, tag, rec709)
    color = color_of(other, light)
    assert color.space == color_of(plate, rec709).space
    assert np.abs(color.encode(light) - expected).max() <= 2e-4


@pytest.mark.parametrize("tag", TAGS)
@pytest.mark.parametrize("curve", ["shaper", "acescct"])
def test_k2_light_comes_back_as_it_was(config, tag, curve):
    plate, light = given_as(config, tag, picture())
    color = color_of(plate, light, curve=curve, primaries="rec709")
    back = color.decode(color.encode(light))
    # Through matrices an error is one of the largest component.
    allowed = 2e-6 * np.abs(light).max(axis=-1, keepdims=True) + 1e-8
    assert (np.abs(back - light) <= allowed * 4).all()


def test_the_usual_choice_is_rec709_and_a_shaper_that_holds_the_peak(config):
    color = color_of(tagged(config, "lin_ap1_scene"), np.full((9, 9, 3), 3.0, np.float32),
                     exposure=0.0)  # fmt: skip
    assert color.space == ModelSpace(0.0, 4.0)
    assert color.facts() == {
        "curve": "shaper",
        "primaries": "rec709",
        "exposure": 0.0,
        "model_space": "void:shaper_m4_rec709",
        "peak": 4.0,
    }


def test_c7_a_display_plate_is_shown_in_its_own_numbers(config):
    plate = plate_color(tag=None, wanted="", untagged="display", config=config, subject="plate")
    codes = np.random.default_rng(1).integers(0, 256, (64, 64, 3)).astype(np.float32) / 255
    light = plate.to_linear(codes.copy())
    color = color_of(plate, light)
    assert color.label == "srgb_rec709_scene"
    # Near 0.04 OCIO's sRGB is 8e-6 from the standard's, half a step of 16 bits.
    assert np.abs(color.encode(light) - codes).max() <= 1e-5


def test_colours_beyond_rec709_make_it_ap1(config):
    rgb = picture()
    rgb[:2] = (0.9, 0.0, 0.0)
    color = color_of(tagged(config, "lin_ap1_scene"), rgb)
    assert color.primaries == "ap1"
    np.testing.assert_allclose(color.decode(color.encode(rgb)), rgb, rtol=2e-6, atol=1e-7)
    assert color_of(tagged(config, "lin_ap1_scene"), rgb, primaries="rec709").primaries == "rec709"


def test_a_cameras_own_log_curve_gives_the_files_numbers(config):
    plate, light = given_as(config, "ARRI LogC4", picture())
    color = color_of(plate, light, curve="camera-log")
    assert (color.primaries, color.label) == ("plate", plate.space)
    assert color.space.peak == pytest.approx(469.8, abs=0.1)
    np.testing.assert_allclose(
        color.encode(light), plate.from_linear(light.copy()), rtol=0, atol=1e-6
    )
    np.testing.assert_allclose(color.decode(color.encode(light)), light, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("tag", ["lin_ap1_scene", "srgb_rec709_scene"])
def test_a_plate_without_a_log_curve_cannot_have_it(config, tag):
    plate = tagged(config, tag)
    with pytest.raises(RequestError, match="in its camera's log space") as caught:
        color_of(plate, picture(), curve="camera-log")
    assert caught.value.code == "parameter"


def test_acescct_is_the_hosts(config):
    rgb = picture()
    plate = tagged(config, "lin_ap1_scene")
    color = color_of(plate, rgb, curve="acescct")
    host = config.convert(rgb.copy(), source=config.find("ACEScg"), target=config.find("ACEScct"))
    np.testing.assert_allclose(color.encode(rgb), host, rtol=0, atol=3e-7)
    assert color.facts()["model_space"] == "ocio:acescct_ap1_scene"


def test_highlights_that_a_curve_cuts_are_told_of(config):
    plate = tagged(config, "lin_rec709_scene")
    assert color_of(plate, picture()).warnings == ()
    (cut,) = color_of(plate, picture(), curve="srgb").warnings
    assert "the srgb curve ends at 1 and the plate reaches" in cut
    (white,) = color_of(plate, np.full((9, 9, 3), 5000.0, np.float32), exposure=0.0).warnings
    assert "beyond 1024 of light the model is shown white" in white


def test_a_ceiling_keeps_an_overshoot_below_the_plates_brightest(config):
    plate, rgb = tagged(config, "lin_rec709_scene"), picture(brightest=33.0)
    lights = lights_of(plate, rgb)
    color = replace(ModelColor.of(plate, lights), ceiling=float(rgb.max()))
    assert color.decode(np.ones((1, 1, 3), np.float32)).max() <= rgb.max()
    np.testing.assert_allclose(color.decode(color.encode(rgb)), rgb, rtol=2e-6, atol=1e-8)


def test_a_plate_known_by_name_alone_is_looked_up():
    plate = PlateColor("lin_ap1_scene", "lin_ap1_scene")
    rgb = np.full((4, 4, 3), 0.18, np.float32)
    assert color_of(plate, rgb).encode(rgb) == pytest.approx(0.46136, abs=1e-5)


def test_a_plate_of_unknown_colour_is_asked_about():
    lights = lights_of(PlateColor("x", "lin_ap1_scene"), picture())
    with pytest.raises(RequestError, match="does not say its colour space"):
        ModelColor.of(PlateColor("", ""), lights)


def test_pictures_of_other_shapes_are_taken_and_cut_ones_too(config):
    rgb = picture()
    color = color_of(tagged(config, "lin_ap1_scene"), rgb)
    whole = color.encode(rgb)
    np.testing.assert_allclose(color.encode(rgb[3:30, 4:44]), whole[3:30, 4:44], rtol=0, atol=1e-6)
    assert color.encode(rgb[0, 0]).shape == (3,)
    assert color.encode(rgb[:0]).shape == (0, 50, 3)
    with pytest.raises(ValueError, match="three components"):
        color.encode(rgb.transpose(2, 0, 1))


NASTY = {
    "all-nan": np.nan,
    "all-inf": np.inf,
    "all-minus-inf": -np.inf,
    "firefly": 1e6,
    "black": 0.0,
    "negative": -3.0,
}


@pytest.mark.parametrize("value", NASTY.values(), ids=NASTY)
@pytest.mark.parametrize("whole", [True, False], ids=["every-pixel", "one-pixel"])
@pytest.mark.parametrize(
    ("tag", "curve"),
    [(tag, curve) for tag in TAGS for curve in CURVES if tag == TAGS[3] or curve != CURVES[3]],
)
def test_n6_nasty_frames_are_shown_as_finite_numbers(config, value, whole, curve, tag):
    plate = tagged(config, tag)
    rgb = picture()
    rgb[... if whole else (slice(3, 4), slice(3, 4))] = value
    color = color_of(plate, rgb, curve=curve)
    code = color.encode(rgb)
    assert np.isfinite(color.space.exposure)
    assert np.isfinite(code).all()
    assert code.min() >= 0.0
    assert code.max() <= 1.0
    assert np.isfinite(color.decode(code)).all()


def test_c8_the_choice_is_the_same_again(config):
    plate, rgb = tagged(config, "lin_ap1_scene"), picture()
    assert color_of(plate, rgb) == color_of(plate, rgb.copy())
    np.testing.assert_array_equal(
        color_of(plate, rgb).encode(rgb), color_of(plate, rgb).encode(rgb)
    )
