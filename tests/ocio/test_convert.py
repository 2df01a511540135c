import numpy as np
import pytest

from bridge.errors import RequestError
from ocio.convert import BUILTIN_CONFIG, ColorConfig


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


def test_a_name_like_nothing_says_where_to_look(config):
    with pytest.raises(RequestError, match="Pass --colorspace"):
        config.find("qqqqqqqqqq")


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


def test_primaries_change_by_a_matrix_and_back(config):
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
    assert same >= 0.999


def test_an_empty_array_comes_back_empty(config):
    srgb, linear = config.find("srgb_rec709_scene"), config.find("lin_rec709_scene")
    assert config.convert(np.zeros((0, 3), np.float32), source=srgb, target=linear).shape == (0, 3)
