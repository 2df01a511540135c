from __future__ import annotations

from typing import Any

import pytest
import torch

from void_server.engines.void.fast.codec import FastDecoder, FastEncoder, latent_frames
from void_server.engines.void.stretching import StretchingDecoder

ROUNDING = 1e-4
"""Both sum the same numbers in float32 in another order; seen: 8e-6 of values up to 5."""


def _random(*shape: int, seed: int = 3) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def _same(found: torch.Tensor, expected: torch.Tensor) -> bool:
    return found.shape == expected.shape and torch.allclose(found, expected, 0, ROUNDING)


@pytest.mark.parametrize("calls", [[1], [9], [13, 8], [5, 8, 8]])
def test_the_encoder_is_the_same_function_as_diffusers_over_a_stream(
    vae: Any, calls: list[int]
) -> None:
    frames = [_random(1, 3, count, 32, 48, seed=count) for count in calls]
    with torch.no_grad():
        cache, expected = None, []
        for chunk in frames:
            latents, cache = vae.encoder(chunk, conv_cache=cache)
            expected.append(latents)
    fast, cache = FastEncoder(vae.encoder), None
    for chunk, wanted in zip(frames, expected, strict=True):
        found, cache = fast(chunk, conv_cache=cache)
        assert _same(found, wanted)


@pytest.mark.parametrize("calls", [[1], [1, 2, 2], [3], [2, 2]])
def test_the_decoder_is_the_same_function_as_diffusers_over_a_stream(
    vae: Any, calls: list[int]
) -> None:
    latents = [_random(1, 16, count, 4, 6, seed=count) for count in calls]
    with torch.no_grad():
        cache, expected = None, []
        for chunk in latents:
            frames, cache = vae.decoder(chunk, conv_cache=cache)
            expected.append(frames)
    fast, cache = FastDecoder(vae.decoder), None
    for chunk, wanted in zip(latents, expected, strict=True):
        found, cache = fast(chunk, conv_cache=cache)
        assert _same(found, wanted)


def test_a_single_latent_at_the_end_becomes_four_frames(vae: Any) -> None:
    first, last = _random(1, 16, 1, 4, 6), _random(1, 16, 1, 4, 6, seed=4)
    eager = StretchingDecoder(vae.decoder)
    with torch.no_grad():
        _, cache = eager(first, None, False)
        expected, _ = eager(last, cache, True)
    fast = FastDecoder(vae.decoder)
    _, cache = fast(first)
    found, _ = fast(last, cache, stretch=True)
    assert found.shape[2] == 4
    assert _same(found, expected)


def test_frames_come_back_as_float32_whatever_the_weights(vae: Any) -> None:
    fast = FastDecoder(vae.decoder.to(torch.bfloat16))
    found, _ = fast(_random(1, 16, 1, 4, 6).to(torch.bfloat16))
    assert found.dtype == torch.float32
    # bfloat16 has 385 levels between 0 and 1; a picture of more than 1500 values shows no steps.
    assert found.unique().numel() > 1500


@pytest.mark.parametrize(
    ("frames", "latents", "expected"),
    [
        (1, 1, [0]),
        (4, 1, [0, 0, 0, 0]),
        (8, 2, [0, 0, 0, 0, 1, 1, 1, 1]),
        (2, 2, [0, 1]),
        (9, 3, [0, 1, 1, 1, 1, 2, 2, 2, 2]),
    ],
)
def test_each_frame_is_conditioned_on_its_own_latent(
    frames: int, latents: int, expected: list[int]
) -> None:
    assert latent_frames(frames, latents, torch.device("cpu")).tolist() == expected
