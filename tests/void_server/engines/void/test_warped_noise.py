"""A latent frame of 384 x 672 has 64 512 numbers: one sigma of the mean is 0.004, of the deviation
0.003, of a neighbour correlation 0.004. Of 96 x 128 it has 3072: 0.018, 0.013, 0.018."""

import weakref
from itertools import pairwise

import cv2
import numpy as np
import pytest
import torch

from void_server.engines.void.flow import DisFlow
from void_server.engines.void.noise_field import NoiseField
from void_server.engines.void.unit_noise import unit_noise
from void_server.engines.void.warped_noise import NoiseStream, degraded, warped_noise

SIZE = (96, 128)


def blank(frame):
    return np.full((*SIZE, 3), frame / 100, np.float32)


class NumberedFlow:
    """Knows frames by their grey: from each to its neighbour everything moves as it was told to."""

    def __init__(self, moves):
        self.moves = moves

    def __call__(self, first, second):
        start, end = (round(float(picture[0, 0, 0]) * 100) for picture in (first, second))
        assert abs(start - end) == 1, "flow is asked for neighbours only"
        right = self.moves.get(min(start, end), 0.0) * (end - start)
        return np.broadcast_to(np.float32([right, 0.0]), (*SIZE, 2))


def noise_of(count, moves=None, **options):
    options = {"seed": 3} | options
    return list(warped_noise(map(blank, range(count)), NumberedFlow(moves or {}), **options))


def correlation(one, other):
    return float((one * other).mean() / (one.square().mean() * other.square().mean()).sqrt())


def textured(height, width, *, seed=0):
    """Detail at several scales, (H, W, 3) in [0, 1]."""
    drawn = np.random.default_rng(seed)
    picture = sum(
        cv2.resize(drawn.random((height // s, width // s, 3), np.float32), (width, height))
        for s in (2, 4, 8, 16)
    )
    return picture / 4


@pytest.mark.parametrize("frames", [1, 5, 13, 85])
def test_there_is_one_latent_for_the_first_frame_and_one_for_every_four_more(frames):
    found = noise_of(frames)
    assert len(found) == (frames - 1) // 4 + 1
    assert {tuple(latent.shape) for latent in found} == {(16, 12, 16)}
    assert {latent.dtype for latent in found} == {torch.float32}


def test_a_stream_says_nothing_until_a_latent_is_complete():
    stream = NoiseStream(NumberedFlow({}), seed=0)
    said = [stream.push(blank(frame)) is not None for frame in range(10)]
    assert said == [frame in (0, 4, 8) for frame in range(10)]


@pytest.mark.parametrize("moving", range(8))
def test_a_latent_has_the_noise_of_its_last_frame(moving):
    """One latent's width of motion, from frame ``moving`` to the next one."""
    first, second, third = noise_of(9, {moving: 8.0})
    moved = slice(1, None), slice(None, -1)
    by_one, at_rest = [
        correlation(second[:, :, a], first[:, :, b]) for a, b in (moved, moved[::-1])
    ]
    still = correlation(second, first)
    assert (still > 0.99) == (moving >= 4)
    assert (by_one > 0.99) == (moving < 4)
    assert at_rest < 0.2
    assert (correlation(third, second) > 0.99) == (moving < 4)


def test_noise_follows_a_moving_picture_by_its_optical_flow():
    """Two pixels a frame, eight a latent, found by DIS."""
    wide = textured(96, 256)
    pictures = [wide[:, 64 - 2 * frame : 192 - 2 * frame] for frame in range(13)]
    latents = list(warped_noise(pictures, DisFlow(), seed=1))
    for before, after in pairwise(latents):
        assert correlation(after[:, 1:-1, 4:], before[:, 1:-1, 3:-1]) > 0.9
    assert correlation(latents[3][:, 1:-1, 6:], latents[0][:, 1:-1, 3:-3]) > 0.8


def test_frames_that_are_noise_themselves_leave_it_white():
    """Flow between pictures that have nothing to do with each other is as bad as flow gets."""
    drawn = np.random.default_rng(0)
    pictures = [drawn.random((384, 672, 3), np.float32) for _ in range(5)]
    for latent in warped_noise(pictures, DisFlow(), seed=1):
        assert abs(float(latent.mean())) < 0.02
        assert abs(float(latent.std()) - 1) < 0.02
        assert abs(correlation(latent[:, 1:], latent[:, :-1])) < 0.05
        assert abs(correlation(latent[:, :, 1:], latent[:, :, :-1])) < 0.05


def test_the_smallest_picture_works():
    pictures = [textured(32, 48, seed=seed) for seed in range(5)]
    assert [tuple(latent.shape) for latent in warped_noise(pictures, DisFlow(), seed=1)] == [
        (16, 4, 6)
    ] * 2


def test_the_same_job_gives_the_same_bits():
    moves = {frame: 1.3 * frame for frame in range(9)}
    for one, other in zip(noise_of(9, moves), noise_of(9, moves), strict=True):
        assert torch.equal(one, other)
    assert not torch.equal(noise_of(9, moves)[2], noise_of(9, moves, seed=4)[2])


def test_a_stream_of_any_length_keeps_one_picture():
    stream, seen = NoiseStream(NumberedFlow({}), seed=0), []
    for frame in range(20):
        picture = blank(frame)
        seen.append(weakref.ref(picture))
        stream.push(picture)
        del picture
    assert [reference() is None for reference in seen] == [True] * 19 + [False]


@pytest.mark.parametrize("degradation", [0.1, 0.3, 0.5, 0.8])
def test_degraded_noise_keeps_its_variance_and_the_share_that_was_asked_for(degradation):
    """100 000 numbers: one sigma of the deviation is 0.002, of the correlation 0.003."""
    plain, fresh = torch.randn(2, 100_000, generator=torch.Generator().manual_seed(1))
    mixed = degraded(plain, fresh, degradation)
    wanted = (1 - degradation) / ((1 - degradation) ** 2 + degradation**2) ** 0.5
    assert abs(float(mixed.std()) - 1) < 0.02
    assert abs(correlation(mixed, plain) - wanted) < 0.02


def test_no_degradation_changes_nothing_and_full_degradation_forgets_the_motion():
    plain, whole = noise_of(9), noise_of(9, degradation=1.0)
    assert all(map(torch.equal, plain, noise_of(9, degradation=0.0)))
    assert correlation(plain[0], plain[2]) > 0.99
    for index, latent in enumerate(whole):
        wanted = unit_noise((16, 12, 16), seed=3, stream="pass 2", index=index)
        assert torch.equal(latent, wanted)


def test_the_noise_is_not_the_one_that_pass_2_would_have_without_motion():
    """What is mixed in must know nothing of what it is mixed into."""
    field = NoiseField(384, 672, seed=3).latent()
    for stream in ("plate", "pass 1", "pass 2"):
        other = unit_noise(tuple(field.shape), seed=3, stream=stream, index=0)
        assert abs(correlation(field, other)) < 0.02
