import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocio.convert import ColorConfig
from ocio.curves import KNEE, KNEE_SLOPE, Acescct, Shaper, Srgb

PEAKS = [2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0]


def code_of(curve, light):
    values = np.array(light, np.float64).reshape(-1, 1)
    curve.to_code(values, [np.empty_like(values), np.empty_like(values)])
    return values[:, 0]


def light_of(curve, code):
    values = np.array(code, np.float64).reshape(-1, 1)
    curve.to_light(values, [np.empty_like(values), np.empty_like(values)])
    return values[:, 0]


@pytest.mark.parametrize("peak", PEAKS)
def test_c1_a_shaper_in_single_precision_comes_back(peak):
    light = np.concatenate([np.linspace(-0.05, 0, 101), np.geomspace(1e-3, peak, 20_001)])
    light = light.astype(np.float32)
    code = code_of(Shaper(peak), light).astype(np.float32)
    back = light_of(Shaper(peak), code).astype(np.float32)
    bright = light > 1e-3
    assert np.abs(back[bright] / light[bright] - 1).max() <= 2e-6
    assert np.abs(back[light <= 0] - light[light <= 0]).max() <= 1e-8


@pytest.mark.parametrize("peak", PEAKS)
def test_c3_a_shaper_is_smooth_at_the_knee_and_ends_at_one(peak):
    step = 1e-6
    codes = code_of(Shaper(peak), [0.0, KNEE, peak, KNEE - step, KNEE, KNEE + step])
    assert codes[0] == pytest.approx(0.0, abs=1e-12)
    assert codes[1] == pytest.approx(0.46136, abs=1e-5)
    assert codes[2] == pytest.approx(1.0, abs=1e-6)
    below, above = np.diff(codes[3:]) / step
    # Of each side's own bend over half a step, which is no jump, 2e-6 is allowed for.
    bend = 0.5 * step * (KNEE_SLOPE * 7 / 12 / KNEE + KNEE_SLOPE / 0.04)
    assert abs(above - below) <= 1e-6 + bend
    assert above == pytest.approx(KNEE_SLOPE, rel=1e-4)


def curve_name(curve):
    return repr(curve) if isinstance(curve, Shaper) else type(curve).__name__


@pytest.mark.parametrize("curve", [Srgb(), *map(Shaper, PEAKS), Acescct()], ids=curve_name)
def test_c3_more_light_is_always_a_higher_code(curve):
    light = np.unique(
        np.concatenate([np.linspace(-1, 1, 40_001), np.geomspace(1e-6, 3000, 40_001)])
    )
    assert (np.diff(code_of(curve, light)) > 0).all()


@pytest.mark.parametrize(
    ("peak", "code_of_one"),
    [(2, 0.843), (4, 0.774), (8, 0.733), (16, 0.704), (32, 0.682), (64, 0.665), (1024, 0.620)],
)
def test_the_shoulder_is_the_measured_one(peak, code_of_one):
    assert code_of(Shaper(float(peak)), [1.0])[0] == pytest.approx(code_of_one, abs=5e-4)


def test_below_mid_grey_a_shaper_is_srgb():
    light = np.linspace(-0.2, KNEE, 1001)
    np.testing.assert_allclose(code_of(Shaper(64.0), light), code_of(Srgb(), light), atol=1e-14)


def test_srgb_is_the_standards():
    light = np.array([-0.01, 0.0, 0.003, 0.0031308, 0.0032, 0.18, 1.0, 4.0])
    standard = np.where(light <= 0.0031308, 12.92 * light,
                        1.055 * np.maximum(light, 0.0031308) ** (1 / 2.4) - 0.055)  # fmt: skip
    np.testing.assert_allclose(code_of(Srgb(), light), standard, rtol=0, atol=3e-8)


def test_acescct_is_what_ocio_has():
    config = ColorConfig()
    light = np.linspace(-0.005, 0.02, 200).tolist() + np.geomspace(0.02, 200, 200).tolist()
    triples = np.repeat(np.array(light, np.float32)[:, None], 3, axis=1)
    there = config.find("ACEScg"), config.find("ACEScct")
    ocio = config.convert(triples, source=there[0], target=there[1])[:, 0]
    np.testing.assert_allclose(code_of(Acescct(), light), ocio, rtol=0, atol=2e-7)


@given(st.floats(-0.05, 1.0), st.sampled_from([Srgb(), Shaper(2.0), Shaper(64.0), Acescct()]))
def test_a_code_comes_back(code, curve):
    assert code_of(curve, light_of(curve, [code]))[0] == pytest.approx(code, abs=1e-12)
