"""Sample sizes: a latent frame of 384 x 672 has 64 512 numbers, so the mean of white noise strays
by 0.004, its deviation by 0.003 and its neighbour correlation by 0.004 (one sigma each)."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from void_server.engines.void.noise_field import NoiseField

SIZE = (384, 672)


def affine(size, matrix, shift=(0.0, 0.0)):
    """Flow of (x, y) -> matrix (x, y) + shift about the middle, (H, W, 2) float32."""
    rows, columns = np.mgrid[: size[0], : size[1]]
    middle = np.array([(size[1] - 1) / 2, (size[0] - 1) / 2])
    place = np.stack([columns, rows], axis=-1) - middle
    return (place @ np.asarray(matrix).T + shift - place).astype(np.float32)


def both_ways(size, matrix, shift=(0.0, 0.0)):
    inverse = np.linalg.inv(matrix)
    return affine(size, matrix, shift), affine(size, inverse, -inverse @ shift)


def turn(angle):
    return np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])


def moving_square(size, *, top, left, side, step):
    """A square that goes ``step`` pixels to the right over a background at rest."""
    forward, backward = np.zeros((*size, 2), np.float32), np.zeros((*size, 2), np.float32)
    forward[top : top + side, left : left + side, 0] = step
    backward[top : top + side, left + step : left + side + step, 0] = -step
    return forward, backward


def scattered(size, spread, seed):
    drawn = np.random.default_rng(seed).normal(0, spread, (2, *size, 2)).astype(np.float32)
    return drawn[0], drawn[1]


def towards_one_point(size):
    flow = affine(size, np.zeros((2, 2)))
    return flow, np.zeros_like(flow)


def out_of_one_point(size):
    return np.zeros((*size, 2), np.float32), affine(size, np.full((2, 2), 1e-4))


MOTIONS = {
    "still": both_ways(SIZE, np.eye(2)),
    "slow pan": both_ways(SIZE, np.eye(2), (0.3, 0.1)),
    "half a pixel": both_ways(SIZE, np.eye(2), (0.5, 0.5)),
    "pan": both_ways(SIZE, np.eye(2), (13.7, -5.2)),
    "zoom in": both_ways(SIZE, np.eye(2) * 1.02),
    "zoom in fast": both_ways(SIZE, np.eye(2) * 2.3),
    "zoom out": both_ways(SIZE, np.eye(2) / 1.02),
    "zoom out fast": both_ways(SIZE, np.eye(2) / 2.3),
    "roll": both_ways(SIZE, turn(0.02)),
    "shear": both_ways(SIZE, np.array([[1, 0.2], [0, 1.0]])),
    "occlusion": moving_square(SIZE, top=90, left=90, side=150, step=20),
    "ways that contradict each other": scattered(SIZE, 6.0, 1),
    "into one point": towards_one_point(SIZE),
    "out of one point": out_of_one_point(SIZE),
    "out of the picture": both_ways(SIZE, np.eye(2), (1e9, 0)),
}


def correlation(one, other):
    one, other = one.double(), other.double()
    return float((one * other).mean() / (one.square().mean() * other.square().mean()).sqrt())


def assert_white(latent):
    assert abs(float(latent.mean())) < 0.02
    assert abs(float(latent.std()) - 1) < 0.02
    assert abs(correlation(latent[:, 1:], latent[:, :-1])) < 0.05
    assert abs(correlation(latent[:, :, 1:], latent[:, :, :-1])) < 0.05


@pytest.mark.parametrize("motion", MOTIONS)
def test_every_frame_is_white_noise_of_unit_variance_whatever_moves(motion):
    field = NoiseField(*SIZE, seed=5)
    assert_white(field.latent())
    for _ in range(2):
        field.move(*MOTIONS[motion])
        assert_white(field.latent())


@pytest.mark.parametrize("motion", ["zoom in", "zoom out", "scattered", "split in two and three"])
def test_each_latent_has_unit_variance_and_none_knows_of_another(motion):
    """The covariance of all 24 latents of a small field over 4800 draws; one sigma is 0.015 for a
    pair and 0.020 for a variance."""
    size = (32, 48)
    flows = {
        "zoom in": [both_ways(size, np.eye(2) * 1.6)] * 2,
        "zoom out": [both_ways(size, np.eye(2) / 1.6), both_ways(size, np.eye(2) * 1.1)],
        "scattered": [scattered(size, 5.0, 3), scattered(size, 9.0, 4)],
        "split in two and three": [both_ways(size, np.diag([2.0, 3.0]))] * 2,
    }[motion]
    draws = []
    for seed in range(300):
        field = NoiseField(*size, seed=seed)
        for flow in flows:
            field.move(*flow)
        draws.append(field.latent().flatten(1))
    covariance = np.cov(torch.cat(draws).numpy(), rowvar=False)
    variances = np.diag(covariance).copy()
    np.fill_diagonal(covariance, 0)
    assert np.abs(variances - 1).max() < 0.09
    assert np.abs(covariance).max() < 0.08


def test_channels_are_independent_of_each_other():
    """4032 cells: one sigma of a pair's correlation is 0.016."""
    field = NoiseField(*SIZE, seed=2)
    for _ in range(3):
        field.move(*MOTIONS["zoom in"])
    between = np.corrcoef(field.latent().flatten(1).numpy()) - np.eye(16)
    assert np.abs(between).max() < 0.08


def test_noise_at_rest_stays_as_it_is():
    field = NoiseField(*SIZE, seed=1)
    before = field.latent()
    for _ in range(10):
        field.move(*MOTIONS["still"])
    assert torch.equal(field.latent(), before)


@pytest.mark.parametrize(("right", "down"), [(1, 0), (0, 1), (-2, 3), (5, -4)])
def test_noise_moves_by_whole_latents_with_the_picture(right, down):
    field = NoiseField(*SIZE, seed=1)
    before = field.latent()
    field.move(*both_ways(SIZE, np.eye(2), (8.0 * right, 8.0 * down)))
    back = torch.roll(field.latent(), (-down, -right), dims=(1, 2))[:, 5:-5, 5:-5]
    assert correlation(back, before[:, 5:-5, 5:-5]) > 0.999


def test_slow_motion_adds_up():
    """16 steps of half a pixel are one latent; half a pixel and no memory would be 0 or 16."""
    field = NoiseField(*SIZE, seed=1)
    before = field.latent()
    for _ in range(16):
        field.move(*both_ways(SIZE, np.eye(2), (0.5, 0.0)))
    assert correlation(field.latent()[:, :, 1:], before[:, :, :-1]) > 0.95


@pytest.mark.parametrize(
    ("matrix", "least"),
    [(np.eye(2) * 1.01, 0.95), (turn(0.01), 0.95), (np.eye(2) / 1.01, 0.85)],
    ids=["zoom in and out", "roll and back", "zoom out and in"],
)
def test_noise_that_went_away_comes_back(matrix, least):
    field = NoiseField(*SIZE, seed=1)
    before = field.latent()
    forward, backward = both_ways(SIZE, matrix)
    for _ in range(5):
        field.move(forward, backward)
    for _ in range(5):
        field.move(backward, forward)
    middle = np.s_[:, 12:36, 20:64]
    assert correlation(field.latent()[middle], before[middle]) > least


def test_what_moves_takes_its_noise_along_and_what_rests_keeps_it():
    field = NoiseField(*SIZE, seed=1)
    before = field.latent()
    field.move(*moving_square(SIZE, top=96, left=96, side=160, step=16))
    after = field.latent()
    # Its sides are left out: one lent half of itself to the background that it uncovered, the
    # other has taken in the background that it hides.
    assert correlation(after[:, 12:32, 16:32], before[:, 12:32, 14:30]) > 0.99
    assert torch.equal(after[:, :, 40:], before[:, :, 40:])


def test_what_comes_into_the_picture_has_noise_of_its_own():
    field = NoiseField(*SIZE, seed=1)
    before = field.latent()
    field.move(*both_ways(SIZE, np.eye(2), (0.0, 16.0)))
    assert abs(correlation(field.latent()[:, :2], before[:, :2])) < 0.1


def test_the_same_seed_and_motion_give_the_same_bits_with_any_number_of_threads():
    threads = torch.get_num_threads()
    found = []
    try:
        for count in (1, 2, 3):
            torch.set_num_threads(count)
            field = NoiseField(96, 128, seed=-7)
            field.move(*scattered((96, 128), 4.0, 2))
            found.append(field.latent())
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(found[0], found[1])
    assert torch.equal(found[0], found[2])


def test_another_seed_gives_other_noise_and_each_frame_draws_its_own():
    field, other = NoiseField(*SIZE, seed=1), NoiseField(*SIZE, seed=2)
    assert abs(correlation(field.latent(), other.latent())) < 0.02
    before = field.latent()
    field.move(*MOTIONS["out of the picture"])
    fresh = field.latent()
    field.move(*MOTIONS["out of the picture"])
    assert abs(correlation(fresh, before)) < 0.02
    assert abs(correlation(field.latent(), fresh)) < 0.02


def test_a_zoom_that_never_ends_stays_white():
    size = (64, 96)
    for matrix in (np.eye(2) * 1.3, np.eye(2) / 1.3):
        field = NoiseField(*size, seed=1)
        for _ in range(120):
            field.move(*both_ways(size, matrix))
        # 1536 numbers: one sigma is 0.026 of the mean and 0.018 of the deviation.
        latent = field.latent()
        assert abs(float(latent.mean())) < 0.15
        assert abs(float(latent.std()) - 1) < 0.1


def test_motion_that_is_no_number_counts_as_leaving():
    size = (64, 96)
    field = NoiseField(*size, seed=1)
    for wrong in (np.inf, -np.inf, np.nan):
        forward, backward = scattered(size, 2.0, 5)
        forward[::3], backward[:, ::2] = wrong, wrong
        field.move(forward, backward)
        assert torch.isfinite(field.latent()).all()
    before = field.latent()
    forward, backward = both_ways(size, np.eye(2), (8.0, 0.0))
    field.move(forward, np.full_like(backward, np.nan))
    assert correlation(field.latent()[:, :, 1:], before[:, :, :-1]) > 0.99


steps = st.floats(-40, 40)
growth = st.floats(0.2, 4)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([(32, 48), (48, 32), (64, 80)]),
    st.tuples(growth, growth, steps, steps, st.floats(-3, 3)),
    st.floats(0, 20),
    st.integers(0, 2**70),
)
def test_small_fields_stay_unit_noise_under_any_motion(size, motion, spread, seed):
    across, down, right, below, angle = motion
    forward, backward = both_ways(size, turn(angle) @ np.diag([across, down]), (right, below))
    noise, other = scattered(size, spread, seed % 1000)
    field = NoiseField(*size, seed=seed)
    for _ in range(3):
        field.move(forward + noise, backward + other)
    latent = field.latent()
    assert latent.shape == (16, size[0] // 8, size[1] // 8)
    assert latent.dtype == torch.float32
    # At least 384 numbers: one sigma of the deviation is 0.036.
    assert abs(float(latent.std()) - 1) < 0.25
    assert abs(float(latent.mean())) < 0.35
