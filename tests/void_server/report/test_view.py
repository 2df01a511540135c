"""Scene-linear pictures as sRGB, whichever config their space is from."""

import numpy as np
import pytest

from bridge.errors import RequestError
from ocio.convert import ColorConfig
from void_server.plate import PlateColor, plate_color
from void_server.report.view import display, shown

SHOW = """ocio_profile_version: 2
roles: {{default: raw, scene_linear: show_linear{interchange}}}
displays: {{sRGB: [!<View> {{name: Raw, colorspace: raw}}]}}
colorspaces:
  - !<ColorSpace> {{name: ap0, encoding: scene-linear}}
  - !<ColorSpace> {{name: raw, isdata: true}}
  - !<ColorSpace>
    name: show_linear
    encoding: scene-linear
    to_scene_reference: !<MatrixTransform> {{matrix: [2,0,0,0, 0,2,0,0, 0,0,2,0, 0,0,0,1]}}
"""
LIGHT = np.random.default_rng(6).random((8, 9, 3), np.float32)


def color_in(folder, interchange=", aces_interchange: ap0"):
    path = folder / "show.ocio"
    path.write_text(SHOW.format(interchange=interchange))
    return plate_color(
        tag=None, wanted="show_linear", untagged="ask", config=ColorConfig(str(path)), subject="p"
    )


def test_light_is_shown_by_the_curve_of_srgb_and_clips():
    rgb = np.array([[[0.0, 0.18, 1.0], [-1.0, 0.001, 40.0]]], np.float32)
    kept = rgb.copy()
    # Source: IEC 61966-2-1.
    expected = [[[0, 1.055 * 0.18 ** (1 / 2.4) - 0.055, 1], [0, 0.01292, 1]]]
    np.testing.assert_allclose(display(rgb, "lin_rec709_scene"), expected, atol=1e-6)
    np.testing.assert_allclose(display(rgb, ""), expected, atol=1e-6)
    np.testing.assert_array_equal(rgb, kept)


def test_a_space_of_a_show_s_own_config_is_shown_by_way_of_aces(tmp_path):
    expected = display(LIGHT * 2, "lin_ap0_scene")
    assert 0.1 < expected.mean() < 0.95
    np.testing.assert_allclose(shown(LIGHT, color_in(tmp_path)), expected, atol=1e-5)


def test_an_older_config_shows_what_the_built_in_one_shows():
    older = ColorConfig("ocio://cg-config-v1.0.0_aces-v1.3_ocio-v2.1")
    color = plate_color(
        tag="lin_ap1_scene", wanted="", untagged="ask", config=older, subject="plate"
    )
    np.testing.assert_allclose(shown(LIGHT, color), display(LIGHT, "ACEScg"), atol=1e-5)


def test_light_of_unknown_primaries_is_shown_as_it_is():
    np.testing.assert_array_equal(shown(LIGHT, PlateColor("", "")), display(LIGHT, ""))


def test_a_config_that_says_nothing_of_rec709_is_told_of(tmp_path):
    with pytest.raises(RequestError, match="neither lin_rec709_scene nor the role"):
        shown(LIGHT, color_in(tmp_path, interchange=""))
