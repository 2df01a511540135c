"""The Triton kernels behind `row_ops`. Imported on CUDA devices only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import triton
import triton.language as tl

from void_server.engines.void.fast.fp8 import FP8_MAX, TINY, Rows

if TYPE_CHECKING:
    from void_server.engines.void.fast.row_ops import Modulation, Norm


@triton.jit
def _add_and_modulate(
    rows,
    update,
    total,
    out,
    scales,
    gate,
    weight,
    bias,
    shift,
    scale,
    stride_gate,
    stride_mod,
    eps,
    fp8_max,
    tiny,
    S: tl.constexpr,
    D: tl.constexpr,
    PROMPT: tl.constexpr,
    HAS_UPDATE: tl.constexpr,
    FP8: tl.constexpr,
    BLOCK: tl.constexpr,
):
    row = tl.program_id(0).to(tl.int64)
    batch = row // S
    picture = tl.where(row % S < PROMPT, 0, 1)
    at = tl.arange(0, BLOCK)
    inside = at < D
    x = tl.load(rows + row * D + at, mask=inside, other=0.0).to(tl.float32)
    if HAS_UPDATE:
        u = tl.load(update + row * D + at, mask=inside, other=0.0).to(tl.float32)
        g = tl.load(
            gate + batch * stride_gate * 2 + picture * stride_gate + at, mask=inside, other=0.0
        )
        x += g.to(tl.float32) * u
        tl.store(total + row * D + at, x.to(total.dtype.element_ty), mask=inside)
    mean = tl.sum(x, 0) / D
    centred = tl.where(inside, x - mean, 0.0)
    rstd = tl.rsqrt(tl.sum(centred * centred, 0) / D + eps)
    w = tl.load(weight + at, mask=inside, other=0.0).to(tl.float32)
    b = tl.load(bias + at, mask=inside, other=0.0).to(tl.float32)
    where = batch * stride_mod * 2 + picture * stride_mod + at
    sc = tl.load(scale + where, mask=inside, other=0.0).to(tl.float32)
    sh = tl.load(shift + where, mask=inside, other=0.0).to(tl.float32)
    y = (centred * rstd * w + b) * (1.0 + sc) + sh
    if FP8:
        most = tl.max(tl.where(inside, tl.abs(y), 0.0), 0)
        by = tl.maximum(most, tiny) / fp8_max
        tl.store(scales + row, by)
        y = y / by
    tl.store(out + row * D + at, y.to(out.dtype.element_ty), mask=inside)


@triton.jit
def _norm_and_rotate(
    qkv,
    weight_q,
    bias_q,
    weight_k,
    bias_k,
    cos,
    sin,
    eps_q,
    eps_k,
    S: tl.constexpr,
    HEADS: tl.constexpr,
    SIZE: tl.constexpr,
    PROMPT: tl.constexpr,
    BLOCK_HEADS: tl.constexpr,
):
    row = tl.program_id(0).to(tl.int64)
    which = tl.program_id(1)
    token = row % S
    half: tl.constexpr = SIZE // 2
    heads = tl.arange(0, BLOCK_HEADS)
    at = tl.arange(0, SIZE)
    inside = (heads < HEADS)[:, None]
    place = (
        qkv + row * 3 * HEADS * SIZE + which * HEADS * SIZE + heads[:, None] * SIZE + at[None, :]
    )
    x = tl.load(place, mask=inside, other=0.0).to(tl.float32)
    mean = tl.sum(x, 1) / SIZE
    x = x - mean[:, None]
    eps = tl.where(which == 0, eps_q, eps_k)
    rstd = tl.rsqrt(tl.sum(x * x, 1) / SIZE + eps)
    if which == 0:
        w = tl.load(weight_q + at).to(tl.float32)
        b = tl.load(bias_q + at).to(tl.float32)
    else:
        w = tl.load(weight_k + at).to(tl.float32)
        b = tl.load(bias_k + at).to(tl.float32)
    x = x * rstd[:, None] * w[None, :] + b[None, :]
    if token >= PROMPT:
        pair = tl.arange(0, half)
        c = tl.load(cos + (token - PROMPT) * half + pair)[None, :]
        s = tl.load(sin + (token - PROMPT) * half + pair)[None, :]
        even, odd = tl.split(tl.reshape(x, (BLOCK_HEADS, half, 2)))
        x = tl.reshape(tl.join(even * c - odd * s, odd * c + even * s), (BLOCK_HEADS, SIZE))
    tl.store(place, x.to(qkv.dtype.element_ty), mask=inside)


@triton.jit
def _gelu(x):
    # tanh(z) = 1 - 2 / (exp(2 z) + 1)
    z = 0.7978845608028654 * (x + 0.044715 * x * x * x)
    return x * (1.0 - 1.0 / (tl.exp(2.0 * z) + 1.0))


@triton.jit
def _quantise(
    rows,
    out,
    scales,
    fp8_max,
    tiny,
    D: tl.constexpr,
    GELU: tl.constexpr,
    PART: tl.constexpr,
):
    row = tl.program_id(0).to(tl.int64)
    at = tl.arange(0, PART)
    most = tl.zeros((PART,), tl.float32)
    for start in tl.static_range(0, D, PART):
        x = tl.load(rows + row * D + start + at, mask=start + at < D, other=0.0).to(tl.float32)
        most = tl.maximum(most, tl.abs(_gelu(x) if GELU else x))
    by = tl.maximum(tl.max(most, 0), tiny) / fp8_max
    tl.store(scales + row, by)
    for start in tl.static_range(0, D, PART):
        inside = start + at < D
        x = tl.load(rows + row * D + start + at, mask=inside, other=0.0).to(tl.float32)
        x = (_gelu(x) if GELU else x) / by
        tl.store(out + row * D + start + at, x.to(out.dtype.element_ty), mask=inside)


def add_and_modulate(
    rows: torch.Tensor,
    update: torch.Tensor | None,
    gate: torch.Tensor | None,
    norm: Norm,
    modulation: Modulation,
    prompt: int,
    fp8: bool,
) -> tuple[torch.Tensor, torch.Tensor | Rows]:
    """See `row_ops.add_and_modulate`."""
    batch, length, width = rows.shape
    total = rows if update is None else torch.empty_like(rows)
    out = torch.empty_like(rows, dtype=torch.float8_e4m3fn) if fp8 else torch.empty_like(rows)
    scales = torch.empty(batch * length, 1, device=rows.device) if fp8 else rows
    _add_and_modulate[(batch * length,)](
        rows,
        update if update is not None else rows,
        total,
        out,
        scales,
        gate if gate is not None else rows,
        norm.weight,
        norm.bias,
        modulation.shift,
        modulation.scale,
        gate.stride(1) if gate is not None else 0,
        modulation.shift.stride(1),
        norm.eps,
        FP8_MAX,
        TINY,
        S=length,
        D=width,
        PROMPT=prompt,
        HAS_UPDATE=update is not None,
        FP8=fp8,
        BLOCK=triton.next_power_of_2(width),
        num_warps=8,
    )
    return total, Rows(out, scales) if fp8 else out


def norm_and_rotate(
    qkv: torch.Tensor, query: Norm, key: Norm, cos: torch.Tensor, sin: torch.Tensor, prompt: int
) -> None:
    """See `row_ops.norm_and_rotate`."""
    batch, length, _, heads, size = qkv.shape
    _norm_and_rotate[(batch * length, 2)](
        qkv,
        query.weight,
        query.bias,
        key.weight,
        key.bias,
        cos,
        sin,
        query.eps,
        key.eps,
        S=length,
        HEADS=heads,
        SIZE=size,
        PROMPT=prompt,
        BLOCK_HEADS=triton.next_power_of_2(heads),
        num_warps=8,
    )


def gelu_rows(rows: torch.Tensor) -> Rows:
    """See `row_ops.gelu_rows`."""
    return _quantised(rows, gelu=True)


def quantise(rows: torch.Tensor) -> Rows:
    """Rows as fp8 with a scale each."""
    return _quantised(rows, gelu=False)


def _quantised(rows: torch.Tensor, *, gelu: bool) -> Rows:
    batch, length, width = rows.shape
    out = torch.empty_like(rows, dtype=torch.float8_e4m3fn)
    scales = torch.empty(batch * length, 1, device=rows.device)
    _quantise[(batch * length,)](
        rows,
        out,
        scales,
        FP8_MAX,
        TINY,
        D=width,
        GELU=gelu,
        PART=min(4096, triton.next_power_of_2(width)),
        num_warps=8,
    )
    return Rows(out, scales)
