import numpy as np
import pytest

from ocio.conversion import CameraLog, Conversion
from ocio.convert import ColorConfig


def test_without_anything_to_do_the_numbers_stay():
    rgb = np.array([[1.0, np.inf, -2.0]], np.float32)
    nothing = Conversion(None, None)
    assert nothing.apply(rgb) is rgb
    assert nothing.turned(rgb) is rgb


def test_a_turned_strip_is_not_the_strip():
    rgb = np.ones((4, 3), np.float32)
    assert Conversion(None, np.diag([1.0, 2.0, 3.0])).turned(rgb).tolist() == [[1, 2, 3]] * 4
    assert rgb.tolist() == [[1, 1, 1]] * 4


def test_a_matrix_has_in_its_rows_what_a_channel_becomes():
    matrix = np.array([[0, 1, 0], [0, 0, 1], [1, 0, 0]], np.float64)
    rgb = np.array([[1, 2, 3]], np.float32)
    assert Conversion(None, matrix).apply(rgb).tolist() == [[2, 3, 1]]


@pytest.mark.parametrize("count", [1, 2, 3, 7, 300])
def test_a_cameras_curve_takes_any_number_of_values(count):
    config = ColorConfig()
    log, linear = config.find("ARRI LogC4"), config.find("ocio:lin_awg4_scene")
    curve = CameraLog(config.conversion(linear, log), config.conversion(log, linear))
    values = np.full((count, 1), 0.18)
    curve.to_code(values, [])
    # Source: ARRI, "LogC4 Logarithmic Color Space Specification": mid-grey is code 0.2784.
    assert values == pytest.approx(0.2784, abs=1e-4)
    curve.to_light(values, [])
    assert values == pytest.approx(0.18, rel=1e-5)
