"""What happens to a token between two matrix products, as one pass over memory.

Eager modules read and write the whole sequence for every small step: a normalisation, a scale, a
gate, a sum. These functions do a row's steps while it is in registers. On a CUDA device they are
Triton kernels; elsewhere the same formulas in plain torch, which is also what tests compare with.

A sequence is the prompt's tokens followed by the picture's. Modulation differs between the two, so
every modulating vector comes in pairs: ``[:, 0]`` for the prompt, ``[:, 1]`` for the picture.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch.nn import functional

from void_server.engines.void.fast.fp8 import Rows, quantised

if torch.cuda.is_available():
    from void_server.engines.void.fast import row_kernels


class Modulation(NamedTuple):
    """(B, 2, D) each, in the sequence's dtype: prompt and picture."""

    shift: torch.Tensor
    scale: torch.Tensor
    gate: torch.Tensor

    @classmethod
    def of(cls, vectors: torch.Tensor) -> Modulation:
        """From (B, 6 * D): shift, scale and gate of the picture, then of the prompt."""
        picture, prompt = vectors.chunk(2, dim=1)
        shift, scale, gate = torch.stack(
            [prompt.unflatten(1, (3, -1)), picture.unflatten(1, (3, -1))], dim=1
        ).unbind(2)
        return cls(shift, scale, gate)


class Norm(NamedTuple):
    """Weight and bias (D,) of a LayerNorm, and its epsilon."""

    weight: torch.Tensor
    bias: torch.Tensor
    eps: float


def add_and_modulate(
    rows: torch.Tensor,
    update: torch.Tensor | None,
    gate: torch.Tensor | None,
    *,
    norm: Norm,
    modulation: Modulation,
    prompt: int,
    fp8: bool = False,
) -> tuple[torch.Tensor, torch.Tensor | Rows]:
    """``rows += gate * update``, then the modulated LayerNorm of the sum.

    Args:
        rows: (B, S, D); not changed.
        update: (B, S, D) to add, or None.
        gate: (B, 2, D) for the update.
        norm: The LayerNorm.
        modulation: Shift and scale after it; its gate is for the caller.
        prompt: How many of the S tokens are the prompt's.
        fp8: Whether the second result is quantised, row by row.

    Returns:
        The sum (B, S, D), and its modulated norm (B, S, D).
    """
    if rows.is_cuda:
        return row_kernels.add_and_modulate(rows, update, gate, norm, modulation, prompt, fp8)
    total = rows.float()
    if update is not None and gate is not None:
        total = total + _spread(gate, prompt, rows.shape[1]) * update.float()
    normed = functional.layer_norm(
        total, total.shape[-1:], norm.weight.float(), norm.bias.float(), norm.eps
    )
    scale, shift = (_spread(v, prompt, rows.shape[1]) for v in (modulation.scale, modulation.shift))
    modulated = normed * (1 + scale) + shift
    return total.to(rows.dtype), quantised(modulated) if fp8 else modulated.to(rows.dtype)


def norm_and_rotate(
    qkv: torch.Tensor, query: Norm, key: Norm, cos: torch.Tensor, sin: torch.Tensor, *, prompt: int
) -> None:
    """LayerNorm of each head's query and key, then the rotary embedding, in place.

    Args:
        qkv: (B, S, 3, heads, head size); queries and keys are changed.
        query: LayerNorm of the queries.
        key: LayerNorm of the keys.
        cos: (S - prompt, head size / 2) float32.
        sin: (S - prompt, head size / 2) float32.
        prompt: How many of the S tokens are the prompt's; they are not rotated.
    """
    if qkv.is_cuda:
        row_kernels.norm_and_rotate(qkv, query, key, cos, sin, prompt)
        return
    for index, norm in enumerate((query, key)):
        heads = qkv[:, :, index].float()
        heads = functional.layer_norm(
            heads, heads.shape[-1:], norm.weight.float(), norm.bias.float(), norm.eps
        )
        even, odd = heads[:, prompt:].unflatten(-1, (-1, 2)).unbind(-1)
        c, s = cos[:, None], sin[:, None]
        heads[:, prompt:] = torch.stack([even * c - odd * s, odd * c + even * s], dim=-1).flatten(
            -2
        )
        qkv[:, :, index] = heads.to(qkv.dtype)


def gelu_rows(rows: torch.Tensor) -> Rows:
    """Tanh-approximated GELU of (B, S, D), quantised row by row."""
    if rows.is_cuda:
        return row_kernels.gelu_rows(rows)
    return quantised(functional.gelu(rows.float(), approximate="tanh"))


def quantise(rows: torch.Tensor) -> Rows:
    """(B, S, D) quantised row by row."""
    return row_kernels.quantise(rows) if rows.is_cuda else quantised(rows)


def _spread(pair: torch.Tensor, prompt: int, length: int) -> torch.Tensor:
    """(B, 2, D) to (B, S, D) float32."""
    counts = torch.tensor([prompt, length - prompt])
    return pair.float().repeat_interleave(counts, dim=1)
