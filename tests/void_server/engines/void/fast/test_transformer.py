from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from void_server.engines.void.fast.residency import Blocks, Streamed, resident
from void_server.engines.void.fast.transformer import FastForward
from void_server.engines.void.transformer import EagerForward

CPU = torch.device("cpu")
Make = Callable[[], Any]

ROUNDING = 1e-5
"""Both sum the same numbers in float32 in another order; seen: 7e-7 of values up to 3."""


def _window(batch: int = 2, frames: int = 4) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(2)
    latents = torch.randn(batch, frames, 48, 8, 12, generator=generator)
    return latents, torch.randn(batch, 226, 32, generator=generator)


def _on_device(model: Any) -> Blocks:
    return resident(model, device=CPU, fp8=False)


def _passing_through(model: Any) -> Blocks:
    return Streamed(model, device=CPU)


@pytest.mark.parametrize("blocks", [_on_device, _passing_through])
@pytest.mark.parametrize(("batch", "frames"), [(1, 2), (2, 4)])
def test_the_fast_forward_is_the_same_function_as_diffusers(
    make_transformer: Make, blocks: Callable[[Any], Blocks], batch: int, frames: int
) -> None:
    latents, text = _window(batch, frames)
    expected = EagerForward(make_transformer())(latents, text, 500)
    model = make_transformer()
    found = FastForward(model, blocks(model))(latents, text, 500)
    assert found.dtype == torch.float32
    assert torch.allclose(found, expected, rtol=0, atol=ROUNDING)


def test_every_timestep_has_its_own_modulation(make_transformer: Make) -> None:
    latents, text = _window()
    model = make_transformer()
    fast = FastForward(model, _on_device(model))
    eager = EagerForward(make_transformer())
    for timestep in (0, 333, 999):
        expected = eager(latents, text, timestep)
        assert torch.allclose(fast(latents, text, timestep), expected, rtol=0, atol=ROUNDING)
    assert not torch.allclose(fast(latents, text, 0), fast(latents, text, 999))


def test_a_forward_that_was_parked_gives_the_same_bits_again(make_transformer: Make) -> None:
    latents, text = _window()
    model = make_transformer()
    fast = FastForward(model, _on_device(model))
    before = fast(latents, text, 500)
    fast.park()
    assert list(fast.blocks) == []
    fast.wake(CPU)
    assert torch.equal(fast(latents, text, 500), before)


def test_blocks_in_fp8_stay_within_their_rounding(make_transformer: Make) -> None:
    latents, text = _window()
    expected = EagerForward(make_transformer())(latents, text, 500)
    model = make_transformer().to(torch.bfloat16)
    found = FastForward(model, resident(model, device=CPU, fp8=True))(latents, text, 500)
    error = (found - expected).norm() / expected.norm()
    # Three bits of mantissa round by 3 % at most; here residuals carry most of the signal.
    assert 0.001 < error < 0.03


@pytest.mark.parametrize("blocks", [_on_device, _passing_through])
def test_the_model_gives_up_its_blocks(
    make_transformer: Make, blocks: Callable[[Any], Blocks]
) -> None:
    model = make_transformer()
    blocks(model)
    assert len(model.transformer_blocks) == 0
    assert model.proj_out.weight.device.type == "cpu"
