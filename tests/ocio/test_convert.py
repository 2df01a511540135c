import numpy as np
import OpenImageIO
import PyOpenColorIO
import pytest

from bridge.errors import RequestError
from ocio.convert import BUILTIN_CONFIG, LINEAR_AP1, LINEAR_REC709, ColorConfig


@pytest.fixture(scope="module")
def config():
    return ColorConfig()


def test_the_built_in_config_is_pinned(config):
    assert config.name == BUILTIN_CONFIG == (
        "ocio://studio-config-v4.0.0_aces-v2.0_ocio-v2.5"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("ACEScg", "ACEScg"),
        ("acescg", "ACEScg"),
        ("lin_ap1_scene", "ACEScg"),
        ("ACES - ACEScg", "ACEScg"),
        ("show:lin_ap1_scene", "ACEScg"),
        ("scene_linear", "ACEScg"),
        ("sRGB - Texture", "sRGB Encoded Rec.709 (sRGB)"),
        ("ocio:acescct_ap1_scene", "ACEScct"),
        ("ARRI LogC4", "ARRI LogC4"),
    ],
)
def test_a_space_is_found_by_id_name_alias_or_role(config, wanted, name):
    assert config.find(wanted).name == name


def test_an_unknown_name_lists_what_is_near(config):
    with pytest.raises(RequestError, match=r"'ACESgc' is unknown") as caught:
        config.find("ACESgc", subject="sh010 plate")
    assert caught.value.subject == "sh010 plate"
    assert "ACEScg" in caught.value.hint
    assert caught.value.code == "colorspace"


def test_a_name_like_nothing_says_where_to_look(config, tmp_path):
    with pytest.raises(RequestError, match="such as ADX10, 'ARRI LogC4', srgb_rec709_scene"):
        config.find("qqqqqqqqqq")
    with pytest.raises(RequestError, match=r"name of that config, such as aces, plate\."):
        users_config(tmp_path).find("qqqqqqqqqq")


OLDER = "ocio://cg-config-v1.0.0_aces-v1.3_ocio-v2.1"


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("lin_rec709_scene", "Linear Rec.709 (sRGB)"),
        ("lin_ap1_scene", "ACEScg"),
        ("LIN_AP0_scene", "ACES2065-1"),
        ("srgb_rec709_scene", "sRGB - Texture"),
    ],
)
def test_a_standard_s_space_is_found_in_a_config_older_than_its_id(wanted, name):
    older = ColorConfig(OLDER)
    assert older.knows(wanted)
    assert (older.find(wanted).name, older.find(wanted).interop_id) == (name, wanted.lower())
    assert (older.find("ACEScct").interop_id, older.find("ACEScct").label) == ("", "ACEScct")


def test_a_show_s_own_space_has_no_interop_id(tmp_path):
    plate = users_config(tmp_path).find("plate")
    assert (plate.interop_id, plate.label) == ("", "plate")


@pytest.mark.parametrize("name", ["/no/such/config.ocio", "ocio://no-such-config"])
def test_a_config_that_does_not_load_is_named(name):
    with pytest.raises(RequestError, match=r"OCIO config .*does not load") as caught:
        ColorConfig(name)
    assert caught.value.code == "ocio_config"


def test_the_environment_is_not_asked(monkeypatch, tmp_path):
    monkeypatch.setenv("OCIO", str(tmp_path / "elsewhere.ocio"))
    assert ColorConfig().find("ACEScg").linear


@pytest.mark.parametrize(
    ("space", "linear", "curve"),
    [
        ("srgb_rec709_scene", "lin_rec709_scene", True),
        ("g22_ap1_scene", "lin_ap1_scene", True),
        ("ACEScct", "lin_ap1_scene", True),
        ("srgb_p3d65_scene", "lin_p3d65_scene", True),
        ("ARRI LogC3 (EI800)", "ocio:lin_awg3_scene", True),
        ("ARRI LogC4", "ocio:lin_awg4_scene", True),
        ("S-Log3 S-Gamut3.Cine", "ocio:lin_sgamut3cine_scene", True),
        ("Log3G10 REDWideGamutRGB", "ocio:lin_rwg_scene", True),
        ("V-Log V-Gamut", "ocio:lin_vgamut_scene", True),
        ("DaVinci Intermediate WideGamut", "ocio:lin_dwg_scene", True),
        ("CanonLog3 CinemaGamut D55", "ocio:lin_cgamutd55_scene", True),
        ("Apple Log", "lin_rec2020_scene", True),
        ("ADX10", "lin_ap1_scene", False),
        ("lin_rec709_scene", "lin_rec709_scene", True),
    ],
)
def test_the_linear_counterpart_has_the_same_primaries(config, space, linear, curve):
    found, is_curve = config.linear_of(config.find(space))
    assert (found.label, is_curve) == (linear, curve)


@pytest.mark.parametrize(
    ("display", "scene"),
    [
        ("srgb_rec709_display", "srgb_rec709_scene"),
        ("g24_rec709_display", "ocio:g24_rec709_scene"),
        ("g22_rec709_display", "g22_rec709_scene"),
        ("srgb_rec709_scene", "srgb_rec709_scene"),
    ],
)
def test_a_display_space_is_read_as_its_scene_twin(config, display, scene):
    assert config.scene_twin(config.find(display)).label == scene


@pytest.mark.parametrize("space", ["pq_rec2020_display", "hlg_rec2020_display"])
def test_a_display_space_without_a_twin_is_refused(config, space):
    with pytest.raises(RequestError, match="made for a display"):
        config.scene_twin(config.find(space), subject="plate.mov")


def test_values_are_converted_as_the_standards_say(config):
    srgb, linear = config.find("srgb_rec709_scene"), config.find("lin_rec709_scene")
    rgb = np.array([[0.5, 0.04045, 1.0]], np.float32)
    out = config.convert(rgb.copy(), source=srgb, target=linear)
    # IEC 61966-2-1: ((v + 0.055) / 1.055) ** 2.4 above 0.04045, v / 12.92 below.
    expected = [((0.5 + 0.055) / 1.055) ** 2.4, 0.04045 / 12.92, 1.0]
    np.testing.assert_allclose(out[0], expected, rtol=2e-6)


@pytest.mark.parametrize("space", ["ARRI LogC4", "ACEScct", "srgb_rec709_scene"])
def test_there_and_back_is_the_same(config, space):
    source = config.find(space)
    target, _ = config.linear_of(source)
    rgb = np.random.default_rng(1).uniform(0.05, 0.9, (50, 40, 3)).astype(np.float32)
    there = config.convert(rgb.copy(), source=source, target=target)
    back = config.convert(there, source=target, target=source)
    np.testing.assert_allclose(back, rgb, rtol=3e-6)


def test_c4_primaries_change_by_a_matrix_and_back(config):
    ap1, rec709 = config.find("lin_ap1_scene"), config.find("lin_rec709_scene")
    rgb = np.random.default_rng(2).uniform(0.01, 60, (64, 64, 3)).astype(np.float32)
    there = config.convert(rgb.copy(), source=ap1, target=rec709)
    assert np.abs(there - rgb).max() > 0.1
    back = config.convert(there, source=rec709, target=ap1)
    # A float is good to 6e-8 of the largest channel, which the matrix mixes into the others.
    np.testing.assert_allclose(back, rgb, rtol=1e-6, atol=60 * 2e-7)
    same = (
        back.astype(np.float16).view(np.uint16) == rgb.astype(np.float16).view(np.uint16)
    ).mean()
    assert same >= 0.9999


def test_an_empty_array_comes_back_empty(config):
    srgb, linear = config.find("srgb_rec709_scene"), config.find("lin_rec709_scene")
    assert config.convert(np.zeros((0, 3), np.float32), source=srgb, target=linear).shape == (0, 3)


@pytest.mark.parametrize(
    ("source", "target"),
    [("lin_ap1_scene", "lin_rec709_scene"), ("lin_rec709_scene", "ocio:lin_awg4_scene")],
)
def test_c4_a_matrix_gives_the_numbers_that_ocio_gives(config, source, target):
    conversion = config.conversion(config.find(source), config.find(target))
    assert conversion.matrix is not None
    rgb = np.random.default_rng(2).uniform(-1, 60, (90, 70, 3)).astype(np.float32)
    ocio = rgb.copy()
    conversion._processor.applyRGB(ocio)
    # A unit in the last place of the largest channel is 6e-8 of it.
    np.testing.assert_allclose(conversion.apply(rgb.copy()), ocio, rtol=1e-6, atol=60 * 1.2e-7)


def test_a_conversion_works_in_place_and_on_cut_pictures(config):
    conversion = config.conversion(config.find("lin_ap1_scene"), config.find("lin_rec709_scene"))
    rgb = np.random.default_rng(2).random((90, 70, 3), np.float32)
    cut = conversion.apply(rgb[3:50, 4:60])
    whole = conversion.apply(rgb)
    assert whole is rgb
    # The last pixels of a strip are reckoned one by one, which rounds differently.
    np.testing.assert_allclose(cut, whole[3:50, 4:60], rtol=0, atol=3e-7)


def test_a_curve_is_no_matrix_and_nothing_is_nothing(config):
    ap1 = config.find("lin_ap1_scene")
    assert config.conversion(config.find("ACEScct"), ap1).matrix is None
    rgb = np.array([[np.nan, 1.0, -2.0]], np.float32)
    assert config.conversion(ap1, ap1).apply(rgb) is rgb


USERS = """ocio_profile_version: 2.1
search_path: ""
name: show
roles: {{default: plate, scene_linear: plate{interchange}}}
file_rules: [!<Rule> {{name: Default, colorspace: default}}]
displays: {{d: [!<View> {{name: v, colorspace: plate}}]}}
colorspaces:
  - !<ColorSpace> {{name: aces, encoding: scene-linear}}
  - !<ColorSpace>
    name: plate
    encoding: scene-linear
    to_scene_reference: !<MatrixTransform> {{matrix: [2,0,0,0, 0,2,0,0, 0,0,2,0, 0,0,0,1]}}
{more}"""


def users_config(folder, *, interchange=", aces_interchange: aces", more=""):
    path = folder / "show.ocio"
    path.write_text(USERS.format(interchange=interchange, more=more))
    return ColorConfig(str(path))


def test_a_space_that_the_users_config_lacks_comes_by_way_of_aces(tmp_path, config):
    show = users_config(tmp_path)
    there, back = show.to_known(show.find("plate"), LINEAR_REC709)
    rgb = np.random.default_rng(2).random((9, 7, 3), np.float32)
    ap0, rec709 = config.find("lin_ap0_scene"), config.find("lin_rec709_scene")
    expected = config.convert(rgb * 2, source=ap0, target=rec709)
    np.testing.assert_allclose(there.apply(rgb.copy()), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(back.apply(expected.copy()), rgb, rtol=1e-5, atol=1e-6)


def test_a_space_that_the_users_config_has_is_the_users(tmp_path):
    more = "  - !<ColorSpace> {name: mine, aliases: [lin_srgb], encoding: scene-linear}\n"
    show = users_config(tmp_path, more=more)
    there, _ = show.to_known(show.find("plate"), LINEAR_REC709)
    np.testing.assert_allclose(there.matrix, np.eye(3) * 2)


def test_a_config_with_nothing_in_common_is_refused(tmp_path):
    show = users_config(tmp_path, interchange="")
    with pytest.raises(RequestError, match="neither lin_rec709_scene nor the role") as caught:
        show.to_known(show.find("plate"), LINEAR_REC709, subject="sh010 plate")
    assert (caught.value.subject, caught.value.code) == ("sh010 plate", "ocio_config")


@pytest.mark.parametrize(
    "name", ["cg-config-v1.0.0_aces-v1.3_ocio-v2.1", "cg-config-v2.1.0_aces-v1.3_ocio-v2.3"]
)
def test_older_configs_have_the_working_spaces_by_one_of_their_names(name):
    older = ColorConfig(f"ocio://{name}")
    there, _ = older.to_known(older.find("ACEScg"), LINEAR_REC709)
    assert there.matrix[0, 0] == pytest.approx(1.7050509926579815)
    assert older.to_known(older.find("ACEScg"), LINEAR_AP1)[0].matrix is None


def test_c10_a_config_that_knows_no_colour_is_refused(tmp_path):
    path = tmp_path / "raw.ocio"
    path.write_text(
        "ocio_profile_version: 2.1\nroles: {default: raw}\n"
        "file_rules: [!<Rule> {name: Default, colorspace: default}]\n"
        "displays: {d: [!<View> {name: v, colorspace: raw}]}\n"
        "colorspaces:\n  - !<ColorSpace> {name: raw, isdata: true}\n"
    )
    with pytest.raises(RequestError, match="it knows no colour") as caught:
        ColorConfig(str(path))
    assert caught.value.code == "ocio_config"


def test_c10_both_libraries_see_the_same_pinned_config(config):
    theirs = OpenImageIO.ColorConfig(BUILTIN_CONFIG)
    assert theirs.geterror() == ""
    mine = config._config.getColorSpaces(
        PyOpenColorIO.SEARCH_REFERENCE_SPACE_ALL, PyOpenColorIO.COLORSPACE_ALL
    )
    assert sorted(theirs.getColorSpaceNames()) == sorted(space.getName() for space in mine)


def test_a_config_that_moves_with_the_library_says_which_one_it_is():
    default = ColorConfig("ocio://default")
    assert default.name == "ocio://default"
    assert "aces-v" in default.title
