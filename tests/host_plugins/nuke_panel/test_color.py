"""The script's working space, in Nuke's own mode and in OCIO mode."""

import pytest

from bridge.errors import RequestError


@pytest.fixture
def color(nuke):
    from host_plugins.nuke_panel import color

    return color


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "aces" / "config.ocio"
    path.parent.mkdir()
    path.write_text("ocio_profile_version: 2\n")
    return path


@pytest.fixture
def ocio(nuke, config):
    """A script in OCIO mode, with a config that Nuke brings along, in this working space."""

    def set_up(space, *, name="aces_1.2", knob="OCIOConfigPath"):
        root = nuke.root()
        root["colorManagement"].setValue("OCIO")
        root["OCIO_config"].setValue(name)
        root[knob].setValue(config.as_posix())
        root["workingSpaceLUT"].setValue(space)

    return set_up


def test_nukes_linear_is_taken_for_rec709_and_that_is_said(color):
    found = color.working_space(environ={})
    assert (found.colorspace, found.config) == ("lin_rec709_scene", None)
    assert "Rec.709 are assumed" in found.note


def test_what_the_artist_says_goes_before_that(color):
    found = color.working_space(" ACEScg ", environ={})
    assert (found.colorspace, found.config, found.note) == ("ACEScg", None, "")


@pytest.mark.parametrize("space", ["sRGB", "Cineon", "AlexaV3LogC"])
def test_a_curve_is_no_working_space(color, nuke, space):
    nuke.root()["workingSpaceLUT"].setValue(space)
    with pytest.raises(RequestError, match=f"no scene-linear one .got '{space}'") as caught:
        color.working_space(environ={})
    assert caught.value.code == "colorspace"


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("scene_linear", "scene_linear"),
        ("scene_linear (ACES - ACEScg)", "ACES - ACEScg"),
        ("ACES - ACEScg", "ACES - ACEScg"),
        ("ACEScg\tColorspaces/ACES/ACEScg\t\tACES - ACEScg", "ACEScg"),
        ("Linear Rec.709 (sRGB)", "Linear Rec.709 (sRGB)"),
        ("rendering (ACEScg)", "ACEScg"),
        ("ACES2065-1", "ACES2065-1"),
    ],
)
def test_a_space_of_the_config_by_any_of_its_names(color, ocio, config, said, meant):
    ocio(said)
    found = color.working_space(environ={})
    assert found.colorspace == meant
    assert (found.config.path, found.config.origin) == (config, "host")


@pytest.mark.parametrize(
    "space",
    [
        "compositing_log (ACES - ACEScct)",
        "matte_paint",
        "ACES - ACEScct",
        "ACEScc",
        "Input - ARRI - V3 LogC (EI160) - Wide Gamut",
        "Utility - sRGB - Texture",
        "Output - Rec.709",
        "sRGB Encoded Rec.709 (sRGB)",
        "Raw",
        "ADX10",
    ],
)
def test_what_goes_by_the_name_of_a_curve_is_refused(color, ocio, space):
    ocio(space)
    with pytest.raises(RequestError, match="no scene-linear one"):
        color.working_space(environ={})


def test_a_custom_config_is_found_where_its_knob_says(color, ocio, config):
    ocio("scene_linear", name="custom", knob="customOCIOConfigPath")
    assert color.working_space(environ={}).config.path == config


def test_the_environment_wins_over_the_scripts_config(color, ocio, tmp_path):
    other = tmp_path / "show.ocio"
    other.write_text("ocio_profile_version: 2\n")
    ocio("scene_linear")
    found = color.working_space(environ={"OCIO": str(other)})
    assert (found.config.path, found.config.origin) == (other, "$OCIO")


def test_a_config_that_ocio_brings_along_is_named(color, ocio):
    ocio("ACEScg")
    found = color.working_space(environ={"OCIO": "ocio://cg-config-v2.2.0_aces-v1.3_ocio-v2.4"})
    assert found.config.config.startswith("ocio://cg-config")


def test_the_config_nuke_default_has_no_primaries_either(color, ocio):
    ocio("scene_linear", name="nuke-default")
    found = color.working_space(environ={})
    assert (found.colorspace, found.config) == ("lin_rec709_scene", None)
    assert found.note


def test_a_config_that_is_nowhere_is_an_error_and_not_another_config(color, ocio, nuke):
    ocio("scene_linear")
    nuke.root()["OCIOConfigPath"].setValue("")
    with pytest.raises(RequestError, match="do not say where it is") as caught:
        color.working_space(environ={})
    assert caught.value.code == "ocio_config"


def test_a_config_that_was_moved_away_is_an_error(color, ocio, config):
    ocio("scene_linear")
    config.unlink()
    with pytest.raises(RequestError, match="there is no such file"):
        color.working_space(environ={})
