import numpy as np
import pytest

from bridge.errors import RequestError
from ocio.convert import ColorConfig
from void_server.images.exr_source import ExrSequence
from void_server.images.picture import Picture
from void_server.images.window import Window
from void_server.plate import deliverable, engine_rgb, fill_nonfinite, plate_color


@pytest.fixture(scope="module")
def config():
    return ColorConfig()


def decide(config, *, tag=None, wanted="", untagged="linear"):
    return plate_color(tag=tag, wanted=wanted, untagged=untagged, config=config, subject="plate")


def picture_of(**planes):
    height, width = next(iter(planes.values())).shape
    window = Window.of_size(width, height)
    return Picture(frame=1, subject="p.1", data_window=window, display_window=window,
                   pixel_aspect=1.0, planes=planes)  # fmt: skip


@pytest.mark.parametrize(
    ("given", "space", "linear", "assumed", "warned"),
    [
        pytest.param({"tag": "lin_ap1_scene"}, "lin_ap1_scene", "lin_ap1_scene", False, "",
                     id="tagged-linear"),
        pytest.param({}, "", "", True, "taken as scene-linear, unchanged", id="untagged-exr"),
        pytest.param({"untagged": "display"}, "srgb_rec709_scene", "lin_rec709_scene", True,
                     "taken as srgb_rec709_scene", id="untagged-video"),
        pytest.param({"wanted": "ACEScg"}, "lin_ap1_scene", "lin_ap1_scene", False, "",
                     id="asked"),
        pytest.param({"tag": "lin_ap1_scene", "wanted": "lin_ap0_scene"}, "lin_ap0_scene",
                     "lin_ap0_scene", False, "tagged lin_ap1_scene and was taken as",
                     id="asked-against-the-tag"),
        pytest.param({"tag": "lin_ap1_scene", "wanted": "ACEScg"}, "lin_ap1_scene",
                     "lin_ap1_scene", False, "", id="asked-as-tagged"),
        pytest.param({"wanted": "ARRI LogC4"}, "ocio:arrilogc4_awg4_scene",
                     "ocio:lin_awg4_scene", False, "", id="camera-log"),
        pytest.param({"tag": "data"}, "data", "", True, "tagged data", id="data"),
    ],
)  # fmt: skip
def test_the_colour_is_decided_by_order_tag_and_format(
    config, given, space, linear, assumed, warned
):
    color = decide(config, **given)
    assert (color.space, color.linear, color.assumed) == (space, linear, assumed)
    assert bool(color.warnings) == bool(warned)
    assert all(warned in warning for warning in color.warnings)


def test_what_may_be_log_is_never_assumed(config):
    with pytest.raises(RequestError, match="may be log or video") as caught:
        decide(config, untagged="ask")
    assert "--colorspace" in caught.value.hint


def test_an_unknown_tag_is_an_error_and_not_a_guess(config):
    with pytest.raises(RequestError, match="'void:shaper_m64' is unknown"):
        decide(config, tag="void:shaper_m64")


OLDER = "ocio://cg-config-v1.0.0_aces-v1.3_ocio-v2.1"
SHOW = """ocio_profile_version: 2
roles: {default: raw, scene_linear: show_linear}
displays: {sRGB: [!<View> {name: Raw, colorspace: raw}]}
colorspaces:
  - !<ColorSpace> {name: show_linear, encoding: scene-linear}
  - !<ColorSpace> {name: raw, isdata: true}
"""


@pytest.fixture
def show(tmp_path):
    """A show's own config: none of its names is a standard's, and nothing says what it shares."""
    (tmp_path / "show.ocio").write_text(SHOW)
    return ColorConfig(str(tmp_path / "show.ocio"), label="show.ocio")


@pytest.mark.parametrize(
    ("tag", "linear"),
    [
        ("lin_rec709_scene", "lin_rec709_scene"),
        ("lin_ap1_scene", "lin_ap1_scene"),
        ("lin_ap0_scene", "lin_ap0_scene"),
        ("srgb_rec709_scene", "lin_rec709_scene"),
    ],
)
def test_a_tag_is_understood_with_a_config_older_than_it(tag, linear):
    older = ColorConfig(OLDER)
    color = decide(older, tag=tag)
    assert (color.space, color.linear, color.interop_id) == (tag, linear, linear)
    assert color.config is older
    assert color.warnings == ()


@pytest.mark.parametrize(
    ("tag", "linear"),
    [
        ("lin_rec709_scene", "lin_rec709_scene"),
        ("srgb_rec709_scene", "lin_rec709_scene"),
        ("ocio:arrilogc4_awg4_scene", "ocio:lin_awg4_scene"),
    ],
)
def test_a_tag_that_a_show_s_config_lacks_means_what_the_standard_says(show, tag, linear, config):
    color = decide(show, tag=tag)
    assert (color.space, color.linear, color.interop_id) == (tag, linear, linear)
    (warning,) = color.warnings
    assert f"show.ocio has no {tag}; it was taken from ocio://studio" in warning
    rgb = np.random.default_rng(4).random((4, 3), np.float32)
    expected = decide(config, tag=tag).to_linear(rgb.copy())
    np.testing.assert_array_equal(color.to_linear(rgb.copy()), expected)


def test_untagged_video_is_srgb_whatever_a_show_s_config_knows(show):
    color = decide(show, untagged="display")
    assert (color.space, color.linear, color.assumed) == (
        "srgb_rec709_scene", "lin_rec709_scene", True)  # fmt: skip
    assert "taken as srgb_rec709_scene" in color.warnings[0]
    np.testing.assert_allclose(
        color.to_linear(np.full((1, 3), 0.5, np.float32)), 0.21404, atol=1e-5
    )


def test_what_the_user_names_is_looked_up_in_the_show_s_config_alone(show):
    with pytest.raises(RequestError, match=r"'ARRI LogC4' is unknown in show\.ocio") as caught:
        decide(show, wanted="ARRI LogC4", tag="lin_ap1_scene")
    assert "show_linear" in caught.value.hint
    color = decide(show, wanted="show_linear", tag="lin_ap1_scene")
    assert (color.linear, color.interop_id) == ("show_linear", "")
    assert "the plate is tagged lin_ap1_scene and was taken as show_linear" in color.warnings[0]


def test_a_tag_and_a_wish_that_mean_the_same_space_agree_in_any_config():
    assert decide(ColorConfig(OLDER), wanted="ACEScg", tag="lin_ap1_scene").warnings == ()


def test_what_is_asked_about_comes_with_names_of_the_config_at_hand(show, config):
    for known, names in ((config, "ADX10, 'ARRI LogC4', srgb_rec709_scene"), (show, "show_linear")):
        with pytest.raises(RequestError, match="may be log or video") as caught:
            decide(known, untagged="ask")
        assert names in caught.value.hint


def test_a_linear_exr_reaches_the_engine_as_it_is(config, studio, locate):
    planes = {n: (np.arange(12, dtype=np.float16) * 10).reshape(3, 4) for n in "RGB"}
    picture = ExrSequence(studio.sequence([studio.exr("p.exr", planes)]), locate).read(1001)
    color = decide(config, tag="lin_ap1_scene")
    assert deliverable(picture, color) is picture
    rgb = engine_rgb(picture, color)
    assert rgb.dtype == np.float32
    np.testing.assert_array_equal(rgb[:, :, 1], planes["G"])


def test_a_log_exr_reaches_the_engine_linear_and_is_returned_as_it_is(config, studio, locate):
    planes = {n: np.full((3, 4), 0.2784, np.float16) for n in "RGB"}
    picture = ExrSequence(studio.sequence([studio.exr("p.exr", planes)]), locate).read(1001)
    color = decide(config, wanted="ARRI LogC4")
    assert deliverable(picture, color) is picture
    np.testing.assert_allclose(engine_rgb(picture, color), 0.18, atol=1e-3)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_code_values_become_linear_half(config, kind):
    top = np.iinfo(kind).max
    codes = np.array([[0, top // 2, top]], kind)
    out = deliverable(picture_of(R=codes, G=codes, B=codes), decide(config, untagged="display"))
    assert out.channel("R").dtype == np.float16
    expected = ((codes[0, 1] / top + 0.055) / 1.055) ** 2.4
    np.testing.assert_allclose(out.channel("R")[0], [0, expected, 1], rtol=6e-4)
    assert out.colorspace == "lin_rec709_scene"


def test_float_stills_are_taken_as_light(config):
    plane = np.array([[0.5, 20.0, 1e9]], np.float32)
    out = deliverable(picture_of(R=plane, G=plane, B=plane), decide(config))
    np.testing.assert_array_equal(out.channel("R")[0], np.array([0.5, 20, 65504], np.float16))


def test_a_space_without_linear_twin_goes_by_the_whole_colour(config):
    codes = np.full((2, 2), 500, np.uint16) * 64
    other = np.full((2, 2), 300, np.uint16) * 64
    color = decide(config, wanted="ADX10")
    grey = deliverable(picture_of(R=codes, G=codes, B=codes), color)
    red = deliverable(picture_of(R=codes, G=other, B=other), color)
    assert grey.channel("G")[0, 0] != red.channel("G")[0, 0]
    assert grey.channel("R")[0, 0] != red.channel("R")[0, 0]


def test_alpha_of_a_still_is_kept(config):
    codes = np.array([[0, 255]], np.uint8)
    out = deliverable(
        picture_of(R=codes, G=codes, B=codes, A=codes), decide(config, untagged="display")
    )
    assert out.channel("A").tolist() == [[0.0, 1.0]]


def test_layer_names_do_not_matter(config, studio, locate):
    planes = {f"main.{n}": np.full((2, 2), i, np.float16) for i, n in enumerate("RGB")}
    picture = ExrSequence(studio.sequence([studio.exr("p.exr", planes)]), locate).read(1001)
    assert engine_rgb(picture, decide(config))[0, 0].tolist() == [0, 1, 2]


NAN, INF = np.nan, np.inf


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param([[1, 2, 3]], [[1, 2, 3]], id="nothing-to-do"),
        pytest.param([[1, NAN, 3]], [[1, 2, 3]], id="mean-of-neighbours"),
        pytest.param([[NAN, NAN, 3]], [[0, 3, 3]], id="nobody-near"),
        pytest.param([[NAN]], [[0]], id="all-nan"),
        pytest.param([[INF, -INF, 1]], [[65504, -65504, 1]], id="infinite"),
        pytest.param([[INF, NAN, 1]], [[65504, 1, 1]], id="infinite-is-no-neighbour"),
        pytest.param([[1e6, -5, 0]], [[1e6, -5, 0]], id="fireflies-and-negatives-stay"),
    ],
)
def test_nonfinite_pixels_never_reach_the_engine(before, after):
    rgb = np.repeat(np.array(before, np.float32)[..., None], 3, axis=2)
    fill_nonfinite(rgb)
    np.testing.assert_allclose(rgb[..., 2], after, rtol=1e-6)


def test_channels_are_mended_one_by_one():
    rgb = np.ones((3, 3, 3), np.float32)
    rgb[1, 1, 0] = np.nan
    rgb[1, 1, 1] = 5
    fill_nonfinite(rgb)
    assert rgb[1, 1].tolist() == [1, 5, 1]


@pytest.mark.parametrize("kind", [np.float16, np.float32])
def test_the_engine_sees_finite_pixels_whatever_the_file_holds(config, studio, locate, kind):
    rng = np.random.default_rng(3)
    planes = {n: rng.random((9, 9), np.float32).astype(kind) for n in "RGB"}
    planes["R"][2:5, 2:5] = np.nan
    planes["G"][0, 0] = np.inf
    picture = ExrSequence(studio.sequence([studio.exr("p.exr", planes)]), locate).read(1001)
    for color in (decide(config, tag="lin_ap1_scene"), decide(config, wanted="ARRI LogC4")):
        assert np.isfinite(engine_rgb(picture, color)).all()
    assert np.isnan(picture.channel("R")[3, 3])


def test_a_decided_colour_names_the_spaces_it_was_decided_on(config):
    color = decide(config, wanted="ARRI LogC4")
    assert color.config is config
    assert color.own_space == config.find("ARRI LogC4")
    assert color.linear_space == config.find("ocio:lin_awg4_scene")


def test_a_colour_that_nobody_knows_names_none(config):
    color = decide(config)
    assert (color.config, color.own_space, color.linear_space) == (None, None, None)
