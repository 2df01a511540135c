from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocio.curves import KNEE_CODE, KNEE_SLOPE, Acescct
from ocio.model_space import ModelSpace

peaks = st.sampled_from([1.0, 2.0, 8.0, 64.0, 1024.0])
stops = st.integers(-16, 16).map(lambda quarter: quarter / 4)

NASTY = [np.nan, np.inf, -np.inf, 1e6, -1e6, 3.4e38, -3.4e38, 1e-45, -0.0]
SPACES = [
    ModelSpace(0.0, 1.0),
    ModelSpace(-4.0, 64.0),
    ModelSpace(8.0, 1024.0),
    ModelSpace.of_curve("srgb"),
    ModelSpace.of_curve("acescct", exposure=1.0),
]


def _code(space: ModelSpace, light: float) -> float:
    return float(space.encode(np.array([light], np.float32))[0])


def test_value_and_slope_go_on_at_the_knee() -> None:
    space, step = ModelSpace(0.0, 64.0), 1e-3
    below, at, above = (_code(space, 0.18 + side) for side in (-step, 0.0, step))
    assert at == pytest.approx(KNEE_CODE, abs=1e-6)
    assert (at - below) / step == pytest.approx(KNEE_SLOPE, rel=0.01)
    assert (above - at) / step == pytest.approx(KNEE_SLOPE, rel=0.01)


@given(st.floats(0.0, 1.0), peaks, stops)
def test_what_is_below_the_peak_comes_back(share: float, peak: float, exposure: float) -> None:
    space = ModelSpace(exposure, peak)
    light = np.array([share * peak / 2**exposure], np.float32)
    back = space.decode(space.encode(light))
    # C1; below 0.001 half a unit in the last place of the code is what counts.
    assert back == pytest.approx(light, rel=2e-6, abs=3e-9 * 2**-exposure)


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0), peaks)
def test_more_light_is_never_a_lower_code(first: float, second: float, peak: float) -> None:
    space = ModelSpace(0.0, peak)
    low, high = sorted((first * peak, second * peak))
    assert _code(space, low) <= _code(space, high)


def test_a_decoders_overshoot_is_cut_where_the_curve_is_steepest() -> None:
    space = ModelSpace(0.0, 64.0)
    assert space.decode(np.array([1.035, -0.2], np.float32)) == pytest.approx([64.0, 0.0], rel=1e-4)


def test_c7_a_shot_that_stays_below_one_gets_srgb_alone() -> None:
    space = ModelSpace.of_shot(0.18, 0.9)
    assert space == ModelSpace(0.0, 1.0)
    light = np.linspace(0.0, 1.0, 65_536, dtype=np.float32)
    x = light.astype(np.float64)
    srgb = np.where(x <= 0.0031308, 12.92 * x, 1.055 * x ** (1 / 2.4) - 0.055)
    assert np.abs(space.encode(light) - srgb).max() <= 1e-7


@pytest.mark.parametrize("space", SPACES, ids=str)
@pytest.mark.parametrize("bad", NASTY)
def test_n6_one_bad_number_is_made_harmless_and_spoils_no_other(
    space: ModelSpace, bad: float
) -> None:
    light = np.full((5, 4, 3), 0.2, np.float32)
    clean = space.encode(light)
    light[2, 1, 1] = bad
    code = space.encode(light)
    assert np.isfinite(code).all()
    assert code.min() >= 0.0
    assert code.max() <= 1.0
    touched = np.zeros(light.shape, np.bool_)
    touched[2, 1, 1] = True
    np.testing.assert_array_equal(code[~touched], clean[~touched])
    assert np.isnan(bad) or (code[2, 1, 1] > clean[2, 1, 1]) == (bad > 0.2)


@pytest.mark.parametrize("space", SPACES, ids=str)
def test_k3_what_a_model_may_return_comes_back_as_light(space: ModelSpace) -> None:
    light = space.decode(np.array([np.nan, np.inf, -np.inf, 2.0, -3.0, 0.5], np.float32))
    assert np.isfinite(light).all()
    assert light.max() == space.decode(np.ones(1, np.float32))[0]


def test_pictures_of_any_layout_are_encoded_alike() -> None:
    space = ModelSpace(1.0, 8.0)
    light = np.random.default_rng(0).uniform(0, 8, (70, 90, 3)).astype(np.float32)
    code = space.encode(light)
    planes = np.ascontiguousarray(light.transpose(2, 0, 1))
    np.testing.assert_array_equal(space.encode(planes), code.transpose(2, 0, 1))
    np.testing.assert_array_equal(space.encode(light[3:60, 5:80]), code[3:60, 5:80])
    np.testing.assert_array_equal(space.decode(code[::2]), space.decode(code)[::2])


def test_the_input_is_not_changed() -> None:
    light = np.array([[0.1, np.nan, -1.0]], np.float32)
    before = light.copy()
    ModelSpace(1.0, 4.0).decode(ModelSpace(1.0, 4.0).encode(light))
    np.testing.assert_array_equal(light, before)


def test_acescct_ends_where_the_standard_says() -> None:
    space = ModelSpace.of_curve("acescct")
    assert space.peak == pytest.approx(222.86, abs=0.01)
    assert _code(space, 0.18) == pytest.approx(0.4135884, abs=1e-6)


def test_a_plates_own_curve_is_the_one_that_is_used() -> None:
    space = ModelSpace.of_curve("camera-log", log=Acescct(), exposure=-1.0)
    expected = ModelSpace.of_curve("acescct", exposure=-1.0)
    light = np.geomspace(0.001, 100, 50).astype(np.float32)
    np.testing.assert_array_equal(space.encode(light), expected.encode(light))
    with pytest.raises(ValueError, match="pass it as log"):
        ModelSpace(curve="camera-log").encode(light)


def test_exposure_and_peak_may_be_given() -> None:
    assert ModelSpace.of_shot(0.18, 3.0, exposure=-1.5) == ModelSpace(-1.5, 2.0)
    assert ModelSpace.of_shot(0.18, 3.0, ceiling=10.0) == ModelSpace(0.0, 10.0)


@pytest.mark.parametrize(
    ("luminance", "peak", "expected"),
    [
        (0.18, 3.0, ModelSpace(0.0, 4.0)),
        (0.10, 3.0, ModelSpace(0.0, 4.0)),
        (0.02, 1.0, ModelSpace(3.25, 16.0)),
        (100.0, 900.0, ModelSpace(-4.0, 64.0)),
        (0.0, 0.0, ModelSpace(4.0, 1.0)),
        (0.18, 1e9, ModelSpace(0.0, 1024.0)),
    ],
)
def test_exposure_and_peak_come_from_the_shot(
    luminance: float, peak: float, expected: ModelSpace
) -> None:
    assert ModelSpace.of_shot(luminance, peak) == expected
