"""A transformer block's parameters, in the form in which the fast forward reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from void_server.engines.void.fast.fp8 import Rows, quantised
from void_server.engines.void.fast.row_ops import Norm

Weight = torch.Tensor | Rows
"""(out, in): as it is, or quantised by output channel."""


@dataclass(frozen=True)
class Linear:
    """A matrix product's weight and bias (out,)."""

    weight: Weight
    bias: torch.Tensor


@dataclass(frozen=True)
class Modulated:
    """An adaptive LayerNorm: the norm, and what makes its modulation from the time embedding."""

    norm: Norm
    linear: Linear


@dataclass(frozen=True)
class BlockWeights:
    """One block. Query, key and value are one product; ``fp8`` says whether products are in fp8."""

    heads: int
    fp8: bool
    qkv: Linear
    query: Norm
    key: Norm
    out: Linear
    before_attention: Modulated
    before_feed_forward: Modulated
    up: Linear
    down: Linear

    @classmethod
    def of(cls, block: Any, *, device: torch.device, fp8: bool) -> BlockWeights:
        """Read diffusers' ``CogVideoXBlock``.

        Args:
            block: On any device. Unless its weights are quantised or moved, it goes on using
                the same memory: query, key and value become views of one matrix.
            device: Where the weights shall be.
            fp8: Whether the four large products are quantised.
        """
        attn = block.attn1
        as_is = _linear(device=device, fp8=fp8)
        return cls(
            heads=attn.heads,
            fp8=fp8,
            qkv=as_is(_fused(attn.to_q, attn.to_k, attn.to_v)),
            query=_norm(attn.norm_q, device),
            key=_norm(attn.norm_k, device),
            out=as_is(attn.to_out[0]),
            before_attention=_modulated(block.norm1, device),
            before_feed_forward=_modulated(block.norm2, device),
            up=as_is(block.ff.net[0].proj),
            down=as_is(block.ff.net[2]),
        )


def _fused(*parts: nn.Linear) -> nn.Linear:
    """One layer for several of the same input; the parts become views of it."""
    weight = torch.cat([part.weight.data for part in parts])
    bias = torch.cat([part.bias.data for part in parts])
    for part, rows, offsets in zip(
        parts, weight.chunk(len(parts)), bias.chunk(len(parts)), strict=True
    ):
        part.weight.data, part.bias.data = rows, offsets
    fused = nn.Linear(weight.shape[1], weight.shape[0], device="meta")
    fused.weight = nn.Parameter(weight, requires_grad=False)
    fused.bias = nn.Parameter(bias, requires_grad=False)
    return fused


def _linear(*, device: torch.device, fp8: bool) -> Any:
    def read(layer: nn.Linear) -> Linear:
        weight = layer.weight.data.to(device)
        return Linear(quantised(weight) if fp8 else weight, layer.bias.data.to(device))

    return read


def _modulated(norm: Any, device: torch.device) -> Modulated:
    linear = Linear(norm.linear.weight.data.to(device), norm.linear.bias.data.to(device))
    return Modulated(_norm(norm.norm, device), linear)


def _norm(norm: nn.LayerNorm, device: torch.device) -> Norm:
    return Norm(norm.weight.data.to(device), norm.bias.data.to(device), norm.eps)
