from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from void_server.engines.void.fast.fp8 import FP8_MAX, Rows, quantised
from void_server.engines.void.fast.row_ops import (
    Modulation,
    Norm,
    add_and_modulate,
    gelu_rows,
    norm_and_rotate,
)

WIDTH, PROMPT = 32, 3


def _random(*shape: int, seed: int = 1) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def _norm(width: int = WIDTH) -> Norm:
    return Norm(_random(width, seed=2), _random(width, seed=3), 1e-5)


def test_prompt_and_picture_are_modulated_by_their_own_vectors() -> None:
    rows, vectors = _random(1, 5, WIDTH), _random(1, 6 * WIDTH, seed=4)
    norm, modulation = _norm(), Modulation.of(vectors)
    total, found = add_and_modulate(
        rows, None, None, norm=norm, modulation=modulation, prompt=PROMPT
    )
    shift, scale, _, prompt_shift, prompt_scale, _ = vectors.chunk(6, dim=1)
    normed = functional.layer_norm(rows, (WIDTH,), norm.weight, norm.bias, 1e-5)
    expected = normed * (1 + scale) + shift
    expected[:, :PROMPT] = (normed * (1 + prompt_scale) + prompt_shift)[:, :PROMPT]
    assert torch.equal(total, rows)
    assert isinstance(found, torch.Tensor)
    assert torch.allclose(found, expected, atol=1e-6)


def test_an_update_goes_through_its_gate_before_the_norm() -> None:
    rows, update = _random(2, 5, WIDTH), _random(2, 5, WIDTH, seed=5)
    modulation = Modulation.of(_random(2, 6 * WIDTH, seed=6))
    total, _ = add_and_modulate(
        rows, update, modulation.gate, norm=_norm(), modulation=modulation, prompt=PROMPT
    )
    assert torch.allclose(total[:, 0], rows[:, 0] + modulation.gate[:, 0] * update[:, 0])
    assert torch.allclose(total[:, 4], rows[:, 4] + modulation.gate[:, 1] * update[:, 4])


def test_only_the_pictures_queries_and_keys_turn_and_values_stay() -> None:
    qkv = _random(1, 5, 3, 2, 8)
    before = qkv.clone()
    angles = _random(2, 4, seed=7)
    norm = _norm(8)
    norm_and_rotate(qkv, norm, norm, angles.cos(), angles.sin(), prompt=PROMPT)
    assert torch.equal(qkv[:, :, 2], before[:, :, 2])
    normed = functional.layer_norm(before[:, :, :2], (8,), norm.weight, norm.bias, 1e-5)
    assert torch.allclose(qkv[:, :PROMPT, :2], normed[:, :PROMPT], atol=1e-6)
    pair = torch.view_as_complex(normed[:, PROMPT:].unflatten(-1, (-1, 2)).contiguous())
    turn = torch.polar(torch.ones_like(angles), angles)[None, :, None, None]
    turned = torch.view_as_real(pair * turn).flatten(-2)
    assert torch.allclose(qkv[:, PROMPT:, :2], turned, atol=1e-5)


@given(st.integers(0, 2**31), st.floats(1e-6, 1e6))
def test_a_quantised_row_is_within_a_sixteenth_of_itself(seed: int, size: float) -> None:
    rows = _random(1, 4, WIDTH, seed=seed) * size
    found = quantised(rows)
    # e4m3 has three bits of mantissa; below the normal range steps are 2^-9 of the scale.
    slack = rows.abs() / 16 + found.scales.view(1, -1, 1) * 2**-9
    assert ((found.dequantised() - rows).abs() <= slack).all()
    assert found.values.float().abs().max() == FP8_MAX


def test_a_row_of_zeros_stays_zero() -> None:
    assert torch.equal(quantised(torch.zeros(1, 2, 4)).dequantised(), torch.zeros(1, 2, 4))


def test_gelu_is_the_one_the_model_was_trained_with() -> None:
    rows = _random(1, 4, WIDTH)
    found: Rows = gelu_rows(rows)
    expected = functional.gelu(rows, approximate="tanh")
    assert torch.allclose(found.dequantised(), expected, rtol=1 / 16, atol=1e-2)


@pytest.mark.parametrize("fp8", [False, True])
def test_the_second_result_is_quantised_when_asked(fp8: bool) -> None:
    rows, modulation = _random(1, 5, WIDTH), Modulation.of(_random(1, 6 * WIDTH, seed=4))
    _, found = add_and_modulate(
        rows, None, None, norm=_norm(), modulation=modulation, prompt=PROMPT, fp8=fp8
    )
    assert isinstance(found, Rows) == fp8
