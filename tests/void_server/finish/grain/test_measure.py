from __future__ import annotations

import weakref

import numpy as np
import pytest

from void_server.finish.grain import frames_to_measure, measured


def shot(pictures, film, **changes):
    """Samples of even or textured pictures under fresh grain, all of each kept."""
    return [(film.on(p, seed), np.ones(p.shape[:2], bool)) for seed, p in enumerate(pictures)]


def ratios(grain, film, lights=(0.1, 0.3)):
    found = [np.sqrt(grain.response.variance(np.full(3, y, np.float32))) for y in lights]
    return np.array(found) / film.sigma(np.array(lights))[:, None]


@pytest.mark.parametrize("softness", [0.3, 0.7, 1.2])
@pytest.mark.parametrize("count", [1, 2])
def test_grain_is_measured_where_a_picture_is_even(film, ramp, softness, count):
    stock = film(softness)
    grain = measured(shot([ramp()] * count, stock))
    assert grain is not None
    assert ratios(grain, stock) == pytest.approx(np.ones((2, 3)), abs=0.1)
    np.testing.assert_allclose(grain.spectrum.channels, stock.channels, atol=0.08)


@pytest.mark.parametrize("move", [0.0, 0.4, 7.3])
def test_grain_is_measured_through_texture_that_is_there_in_the_next_frame(film, texture, move):
    stock = film()
    grain = measured(shot([texture(240, 384), texture(240, 384, left=move)], stock))
    assert grain is not None
    found = np.sqrt(grain.response.variance(np.full(3, 0.2, np.float32))) / stock.sigma(0.2)
    assert found == pytest.approx(np.ones(3), abs=0.1)


def test_a_plate_without_grain_has_none(ramp, texture):
    keep = np.ones((240, 384), bool)
    for picture in (ramp(), np.full((240, 384, 3), 0.2, np.float32)):
        assert measured([(picture, keep)] * 2) is None
    assert measured([(texture(240, 384), keep)] * 2) is None


def test_the_steps_of_half_floats_are_not_grain(ramp):
    stepped = ramp().astype(np.float16).astype(np.float32)
    assert measured([(stepped, np.ones(stepped.shape[:2], bool))] * 2) is None


def test_clipped_and_black_areas_do_not_count(film, ramp):
    stock, light = film(), ramp()
    frames = [np.clip(stock.on(light, seed), 0.06, 0.3) for seed in range(2)]
    grain = measured((frame, np.ones(light.shape[:2], bool)) for frame in frames)
    assert grain is not None
    assert ratios(grain, stock, (0.12, 0.2)) == pytest.approx(np.ones((2, 3)), abs=0.1)
    assert grain.highest == pytest.approx(np.full(3, 0.3))
    assert grain.lowest == pytest.approx(np.full(3, 0.06))


def test_hidden_pixels_are_not_looked_at(film, ramp):
    stock = film()
    rgb, keep = shot([ramp()], stock)[0]
    keep[:, 200:] = False
    worse = rgb.copy()
    worse[:, 200:] += np.random.default_rng(0).normal(0, 5, worse[:, 200:].shape)
    ours, theirs = (measured([(picture, keep)]) for picture in (rgb, worse))
    assert ours.facts() == theirs.facts()
    assert ours.highest.tobytes() == theirs.highest.tobytes()


@pytest.mark.parametrize("light", [-0.3, 0.0])
def test_grain_is_measured_on_black_and_below(light):
    rng = np.random.default_rng(0)
    frames = [rng.normal(light, 0.004, (160, 200, 3)).astype(np.float32) for _ in range(2)]
    grain = measured((frame, np.ones((160, 200), bool)) for frame in frames)
    assert grain is not None
    found = np.sqrt(grain.response.variance(np.full(3, light, np.float32)))
    assert found == pytest.approx(np.full(3, 0.004), rel=0.1)


EVERY = np.ones((240, 384), bool)


@pytest.mark.parametrize("value", [0.0, 0.3, -0.02])
@pytest.mark.parametrize("still", [(2,), (1, 2)], ids=["blue", "green and blue"])
@pytest.mark.parametrize("moving", [False, True], ids=["even", "texture"])
def test_channels_without_any_grain_do_not_keep_it_from_the_others(
    film, ramp, texture, still, value, moving
):
    stock = film()
    pictures = [texture(240, 384, left=move) for move in (0.0, 0.4)] if moving else [ramp()] * 2
    frames = [stock.on(picture, seed) for seed, picture in enumerate(pictures)]
    for frame in frames:
        frame[..., still] = value
    grain = measured((frame, EVERY) for frame in frames)
    others = [c for c in range(3) if c not in still]
    found = np.sqrt(grain.response.variance(np.full(3, 0.2, np.float32)))
    assert found[others] / stock.sigma(0.2) == pytest.approx(1, abs=0.12)
    assert (found[list(still)] == 0).all()
    expected = stock.channels[np.ix_(others, others)]
    np.testing.assert_allclose(grain.spectrum.channels[np.ix_(others, others)], expected, atol=0.08)
    assert all(np.isfinite(value) for value in grain.facts().values())
    assert grain.spectrum.neighbour > 0.1


def test_a_channel_that_is_still_over_half_of_the_plate_is_measured_on_the_rest(film, ramp):
    stock = film()
    frames = [stock.on(ramp(), seed) for seed in range(2)]
    for frame in frames:
        frame[:120, :, 2] = 0
    grain = measured((frame, EVERY) for frame in frames)
    assert ratios(grain, stock) == pytest.approx(np.ones((2, 3)), abs=0.1)


@pytest.mark.parametrize("light", [-0.05, -0.001, 1e-5])
@pytest.mark.parametrize("variance", [1e-8, 1e-6, 1e-5])
def test_a_channel_below_black_over_part_of_the_plate_spoils_nothing(light, variance):
    base = np.linspace(0.1, 0.4, 384, dtype=np.float32)[:, None] * np.ones((256, 1, 3), np.float32)
    power = base * np.float32(2e-4)
    base[:51, :, 2], power[:51, :, 2] = light, variance
    noise = [np.random.default_rng(seed).standard_normal(base.shape) for seed in range(2)]
    frames = [base + np.sqrt(power) * n.astype(np.float32) for n in noise]
    grain = measured((frame, np.ones((256, 384), bool)) for frame in frames)
    at = np.sqrt(grain.response.variance(np.full(3, 0.25, np.float32)))
    assert at == pytest.approx(np.full(3, 5e-5**0.5), rel=0.1)
    np.testing.assert_allclose(grain.spectrum.channels, np.eye(3), atol=0.08)
    assert abs(grain.spectrum.neighbour) < 0.08


@pytest.mark.parametrize("value", [1e6, -1e6, 65504.0])
def test_fireflies_change_nothing(film, ramp, value):
    stock = film()
    samples = shot([ramp()] * 2, stock)
    for rgb, _ in samples:
        rgb[60::97, 40::83] = value
    grain = measured(samples)
    assert grain is not None
    assert ratios(grain, stock) == pytest.approx(np.ones((2, 3)), abs=0.1)


@pytest.mark.parametrize(
    "samples",
    [
        [],
        [(np.full((8, 8, 3), 0.2, np.float32), np.ones((8, 8), bool))] * 3,
        [(np.full((99, 99, 3), 0.2, np.float32), np.zeros((99, 99), bool))] * 2,
    ],
    ids=["no frames", "tiny frames", "nothing kept"],
)
def test_too_little_to_measure_is_none(samples):
    assert measured(samples) is None


def test_no_more_than_four_frames_are_held(film, ramp):
    made, alive = [], []

    def frames():
        for seed in range(8):
            rgb = film().on(ramp(120, 160), seed)
            made.append(weakref.ref(rgb))
            alive.append(sum(ref() is not None for ref in made))
            yield rgb, np.ones((120, 160), bool)
            del rgb

    assert measured(frames()) is not None
    assert len(alive) == 8
    assert max(alive) <= 4


def test_the_same_frames_give_the_same_grain(film, ramp):
    first, second = (measured(shot([ramp(120, 200)] * 2, film())) for _ in range(2))
    assert first.facts() == second.facts()
    assert first.spectrum.power.tobytes() == second.spectrum.power.tobytes()


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        ((), ()),
        ((7,), (7,)),
        ((7, 8), (7, 8)),
        ((7, 8, 9), (7, 8, 8, 9)),
        (tuple(range(1001, 1049)), (1001, 1002, 1024, 1025, 1047, 1048)),
    ],
)
def test_pairs_of_neighbours_are_measured(frames, expected):
    assert frames_to_measure(frames) == expected
