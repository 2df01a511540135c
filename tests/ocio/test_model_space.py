from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocio.model_space import KNEE_CODE, KNEE_SLOPE, ModelSpace

peaks = st.sampled_from([1.0, 2.0, 8.0, 64.0, 1024.0])
stops = st.integers(-16, 16).map(lambda quarter: quarter / 4)


def _code(space: ModelSpace, light: float) -> float:
    return float(space.encode(np.array([light], np.float32))[0])


@pytest.mark.parametrize(
    ("peak", "code_of_one"),
    [(2.0, 0.843), (4.0, 0.774), (8.0, 0.733), (64.0, 0.665), (1024.0, 0.620)],
)
def test_the_shoulder_is_the_measured_one(peak: float, code_of_one: float) -> None:
    space = ModelSpace(0.0, peak)
    assert _code(space, 1.0) == pytest.approx(code_of_one, abs=5e-4)
    assert _code(space, peak) == pytest.approx(1.0, abs=1e-6)


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
    # float32 codes: half a unit in the last place near 1, times the curve's steepest slope.
    assert back == pytest.approx(light, rel=2e-5, abs=1e-7 * peak / 2**exposure)


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0), peaks)
def test_more_light_is_never_a_lower_code(first: float, second: float, peak: float) -> None:
    space = ModelSpace(0.0, peak)
    low, high = sorted((first * peak, second * peak))
    assert _code(space, low) <= _code(space, high)


def test_a_decoders_overshoot_is_cut_where_the_curve_is_steepest() -> None:
    space = ModelSpace(0.0, 64.0)
    assert space.decode(np.array([1.035, -0.2], np.float32)) == pytest.approx([64.0, 0.0], rel=1e-4)


def test_a_shot_that_stays_below_one_gets_srgb_alone() -> None:
    space = ModelSpace.of_shot(0.18, 0.9)
    assert space == ModelSpace(0.0, 1.0)
    assert _code(space, 0.5) == pytest.approx(1.055 * 0.5 ** (1 / 2.4) - 0.055, abs=1e-6)


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
