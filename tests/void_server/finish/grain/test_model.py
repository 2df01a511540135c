"""K7: what a compositor sees when grain is put onto a fill."""

from __future__ import annotations

import numpy as np
import pytest

from void_server.finish.grain import measured
from void_server.finish.grain.blocks import SIDE

SIZE = (160, 224)
FULL = np.ones(SIZE, np.float32)
EVERY, NONE = np.ones((240, 384), bool), np.zeros((240, 384), bool)
WAYS = pytest.mark.parametrize("keep", [EVERY, NONE], ids=["transplant", "synthesis"])


@pytest.fixture(scope="module")
def stock(film):
    return film(0.7)


@pytest.fixture(scope="module")
def plates(stock, ramp):
    return [stock.on(ramp(), seed) for seed in range(4)]


@pytest.fixture(scope="module")
def grain(plates):
    found = measured((plate, EVERY) for plate in plates)
    assert found is not None
    return found


def flat(light=0.3):
    return np.full((*SIZE, 3), light, np.float32)


def put(grain, plates, keep, *, light=0.3, weight=FULL, seed=1, frame=0):
    return grain.onto(
        flat(light), weight, plate=plates[frame % 4], keep=keep, seed=seed, frame=frame
    )


def rings(pictures, side=2 * SIDE):
    """(rings, 3) power in rings of two cycles."""
    fade = np.outer(np.hanning(side), np.hanning(side))[..., None]
    total = np.zeros((side, side, 3))
    for picture in pictures:
        for top in range(0, SIZE[0] - side + 1, SIDE):
            for left in range(0, SIZE[1] - side + 1, SIDE):
                square = picture[top : top + side, left : left + side] * fade
                total += np.abs(np.fft.fft2(square, axes=(0, 1))) ** 2
    cycles = np.fft.fftfreq(side) * side
    ring = np.hypot(cycles[:, None], cycles).astype(int) // 2
    return np.array([total[ring == n].mean(axis=0) for n in range(side // 4)]) / len(pictures)


@WAYS
@pytest.mark.parametrize("light", [0.05, 0.3, 0.55])
def test_k7_grain_is_as_strong_as_the_plates_at_the_same_light(grain, plates, stock, keep, light):
    added = [put(grain, plates, keep, light=light, frame=n) - flat(light) for n in range(4)]
    ratio = np.std(added, axis=(0, 1, 2)) / stock.sigma(light)
    assert ((ratio > 0.9) & (ratio < 1.1)).all()


@WAYS
def test_k7_grain_is_as_soft_as_the_plates(grain, plates, stock, keep):
    ours = rings([put(grain, plates, keep, frame=n) - flat() for n in range(4)])
    truth = rings([stock.sigma(0.3) * stock.field(SIZE, 50 + n) for n in range(4)])
    assert np.abs(10 * np.log10(ours / truth)).mean() < 2.0


@WAYS
def test_k7_grain_is_new_in_every_frame(grain, plates, keep):
    first, second = (put(grain, plates, keep, frame=n) - flat() for n in range(2))
    for c in range(3):
        assert abs(np.corrcoef(first[..., c].ravel(), second[..., c].ravel())[0, 1]) <= 0.08


@WAYS
def test_k7_the_same_seed_gives_the_same_bits_whatever_came_before(grain, plates, keep):
    first = put(grain, plates, keep, frame=2)
    put(grain, plates, keep, frame=0)
    assert first.tobytes() == put(grain, plates, keep, frame=2).tobytes()
    assert first.tobytes() != put(grain, plates, keep, frame=2, seed=2).tobytes()


@WAYS
def test_channels_share_as_much_as_the_plates(grain, plates, stock, keep):
    added = np.stack([put(grain, plates, keep, frame=n) - flat() for n in range(4)])
    found = np.corrcoef(added.reshape(-1, 3).T)
    np.testing.assert_allclose(found, stock.channels, atol=0.08)


@WAYS
def test_a_pixel_that_lacks_nothing_keeps_its_bits_and_half_lacks_half(grain, plates, keep):
    weight = np.zeros(SIZE, np.float32)
    weight[40:120, 40:180] = 0.5
    light = flat()
    light[:20, :20] = -0.0
    grained = grain.onto(light, weight, plate=plates[0], keep=keep, seed=1, frame=0)
    assert grained[weight == 0].tobytes() == light[weight == 0].tobytes()
    added = (grained - light)[weight > 0]
    expected = 0.5 * np.sqrt(grain.response.variance(np.full(3, 0.3, np.float32)))
    assert added.std(axis=0) == pytest.approx(expected, rel=0.12)


def test_where_nothing_is_lacking_nothing_is_done(grain, plates):
    assert put(grain, plates, EVERY, weight=0 * FULL) is not None
    assert put(grain, plates, EVERY, weight=0 * FULL).tobytes() == flat().tobytes()


@WAYS
@pytest.mark.parametrize("light", [-1e6, -0.01, 0.0, 50.0, 65504.0, 3e38])
def test_grain_is_finite_at_any_light_and_no_stronger_than_at_twice_the_brightest(
    grain, plates, keep, light
):
    grained = put(grain, plates, keep, light=light)
    assert np.isfinite(grained).all()
    assert np.abs(grained - np.float32(light)).max() < 0.2


def test_nothing_is_driven_beyond_where_the_plate_is_cut_off(plates):
    video = [np.clip(plate, 0.06, 0.4) for plate in plates]
    grain = measured((plate, EVERY) for plate in video)
    for light in (0.06, 0.4):
        grained = put(grain, video, EVERY, light=light)
        assert grained.min() >= np.float32(0.06)
        assert grained.max() <= np.float32(0.4)


def test_grain_around_black_goes_below_it_as_the_plates_does(film, ramp):
    dark = [film().on(ramp() - np.float32(0.02), seed) for seed in range(2)]
    grain = measured((plate, EVERY) for plate in dark)
    grained = put(grain, dark * 2, EVERY, light=0.0)
    assert grained.mean() == pytest.approx(0, abs=3e-4)
    assert (grained < 0).mean() == pytest.approx(0.5, abs=0.03)


@WAYS
def test_what_was_added_is_told(grain, plates, keep):
    found = grain.measures(flat(), put(grain, plates, keep), FULL)
    assert found["grain_sigma_ratio"] == pytest.approx(1, abs=0.08)
    assert found["grain_sigma"] == pytest.approx(0.0144, rel=0.1)
    assert grain.measures(flat(), flat(), 0 * FULL) == {}


@pytest.mark.parametrize("light", [0.0, -0.004])
def test_where_the_plate_has_no_grain_no_ratio_is_told(plates, light):
    even = np.random.default_rng(0).standard_normal((4, 240, 384, 3)).astype(np.float32)
    base = np.linspace(0.05, 0.6, 384, dtype=np.float32)[:, None]
    grain = measured((base + np.sqrt(base * 2e-4) * noise, EVERY) for noise in even)
    grained = put(grain, plates, EVERY, light=light)
    assert grain.measures(flat(light), grained, FULL) == {"grain_sigma": 0.0}


@WAYS
def test_a_channel_without_grain_gets_none(plates, stock, keep):
    red = [plate * np.float32([1, 1, 0]) for plate in plates]
    grain = measured((plate, EVERY) for plate in red)
    light = flat(0.3)
    grained = put(grain, red, keep, light=0.3)
    assert grained[..., 2].tobytes() == light[..., 2].tobytes()
    assert (grained - light).std(axis=(0, 1))[:2] == pytest.approx(
        np.full(2, stock.sigma(0.3)), rel=0.12
    )


def test_facts_are_numbers_that_can_be_written_down(grain, stock):
    facts = grain.facts()
    assert facts["grain_sigma_green"] == pytest.approx(float(stock.sigma(0.18)), rel=0.05)
    assert facts["grain_blocks"] > 100
    assert facts["grain_agreement"] > 0.9
    assert all(np.isfinite(value) for value in facts.values())


def test_texture_of_the_frame_is_not_carried_into_the_fill(grain, stock, texture):
    busy = stock.on(texture(240, 384), 9)
    grained = grain.onto(flat(), FULL, plate=busy, keep=EVERY, seed=1, frame=0)
    assert grain.measures(flat(), grained, FULL)["grain_sigma_ratio"] == pytest.approx(1, abs=0.08)
    own = rings([grained - flat()])
    truth = rings([stock.sigma(0.3) * stock.field(SIZE, 50 + n) for n in range(4)])
    assert np.abs(10 * np.log10(own / truth)).mean() < 2.0
