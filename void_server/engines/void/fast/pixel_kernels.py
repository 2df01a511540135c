"""The Triton kernels behind `pixel_ops`. Imported on CUDA devices only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import triton
import triton.language as tl
from torch import nn

if TYPE_CHECKING:
    from void_server.engines.void.fast.pixel_ops import Affine, Spatial

_PROGRAMS = 132 * 8
"""Programs of the first pass; a fixed number, so that sums are always taken in the same order."""


_ELEMENTS = 16384
"""Numbers that a program of the first pass takes at once."""


@triton.jit
def _partial_sums(
    x,
    bias,
    skip,
    total,
    partial,
    N,
    C: tl.constexpr,
    TILE: tl.constexpr,
    HAS_SKIP: tl.constexpr,
):
    program = tl.program_id(0)
    programs = tl.num_programs(0)
    channel = tl.arange(0, C)
    row = tl.arange(0, TILE)
    first = tl.zeros((C,), tl.float32)
    second = tl.zeros((C,), tl.float32)
    added = tl.load(bias + channel).to(tl.float32)[None, :]
    for tile in range(program, tl.cdiv(N, TILE), programs):
        rows = tile.to(tl.int64) * TILE + row
        inside = (rows < N)[:, None]
        at = rows[:, None] * C + channel[None, :]
        v = tl.load(x + at, mask=inside, other=0.0).to(tl.float32) + added
        if HAS_SKIP:
            v += tl.load(skip + at, mask=inside, other=0.0).to(tl.float32)
            v = v.to(total.dtype.element_ty)
            tl.store(total + at, v, mask=inside)
            v = v.to(tl.float32)
        v = tl.where(inside, v, 0.0)
        first += tl.sum(v, 0)
        second += tl.sum(v * v, 0)
    tl.store(partial + program * 2 * C + channel, first)
    tl.store(partial + program * 2 * C + C + channel, second)


@triton.jit
def _affine(
    partial,
    weight,
    bias,
    before,
    scale,
    shift,
    N,
    eps,
    programs,
    C: tl.constexpr,
    GROUP: tl.constexpr,
    BLOCK: tl.constexpr,
    BIAS: tl.constexpr,
):
    group = tl.program_id(0)
    channel = group * GROUP + tl.arange(0, GROUP)
    row = tl.arange(0, BLOCK)
    first = tl.zeros((BLOCK, GROUP), tl.float64)
    second = tl.zeros((BLOCK, GROUP), tl.float64)
    for start in range(0, programs, BLOCK):
        inside = (start + row < programs)[:, None]
        at = (start + row)[:, None] * 2 * C + channel[None, :]
        first += tl.load(partial + at, mask=inside, other=0.0).to(tl.float64)
        second += tl.load(partial + at + C, mask=inside, other=0.0).to(tl.float64)
    count = N.to(tl.float64) * GROUP
    mean = tl.sum(tl.sum(first, 0), 0) / count
    variance = tl.sum(tl.sum(second, 0), 0) / count - mean * mean
    rstd = 1.0 / tl.sqrt(variance.to(tl.float32) + eps)
    by = tl.load(weight + channel).to(tl.float32) * rstd
    tl.store(scale + channel, by)
    offset = tl.load(bias + channel).to(tl.float32) - mean.to(tl.float32) * by
    if BIAS:
        offset += tl.load(before + channel).to(tl.float32) * by
    tl.store(shift + channel, offset)


@triton.jit
def _activate(
    x,
    out,
    scale,
    shift,
    factors,
    frames,
    N,
    plane,
    width,
    ratio,
    z_width,
    z_plane,
    C: tl.constexpr,
    TILE: tl.constexpr,
    SPATIAL: tl.constexpr,
    REPEAT: tl.constexpr,
):
    rows = tl.program_id(0).to(tl.int64) * TILE + tl.arange(0, TILE)
    channel = tl.arange(0, C)
    inside = (rows < N)[:, None]
    at = rows[:, None] * C + channel[None, :]
    v = tl.load(x + at, mask=inside, other=0.0).to(tl.float32)
    v = v * tl.load(scale + channel)[None, :] + tl.load(shift + channel)[None, :]
    if SPATIAL:
        frame = rows // plane
        pixel = rows % plane
        z = tl.load(frames + frame, mask=rows < N, other=0).to(tl.int64) * z_plane
        z += (pixel // width // ratio) * z_width + (pixel % width) // ratio
        from_z = z[:, None] * 2 * C + channel[None, :]
        v = v * tl.load(factors + from_z, mask=inside, other=0.0).to(tl.float32)
        v += tl.load(factors + from_z + C, mask=inside, other=0.0).to(tl.float32)
    v = (v / (1.0 + tl.exp(-v))).to(out.dtype.element_ty)
    lead = 2 * plane.to(tl.int64) * C
    tl.store(out + lead + at, v, mask=inside)
    if REPEAT:
        again = inside & (rows < plane)[:, None]
        tl.store(out + at, v, mask=again)
        tl.store(out + lead // 2 + at, v, mask=again)


@triton.jit
def _sum_taps(
    shares,
    bias,
    out,
    N,
    plane,
    height,
    width,
    COLUMNS: tl.constexpr,
    CHANNELS: tl.constexpr,
    TILE: tl.constexpr,
):
    pixel = tl.program_id(0).to(tl.int64) * TILE + tl.arange(0, TILE)
    inside = pixel < N
    channel = tl.program_id(1)
    y = pixel % plane // width
    x = pixel % width
    total = tl.zeros((TILE,), tl.float32) + tl.load(bias + channel).to(tl.float32)
    for tap in tl.static_range(27):
        dy = tap // 3 % 3 - 1
        dx = tap % 3 - 1
        there = inside & (y + dy >= 0) & (y + dy < height) & (x + dx >= 0) & (x + dx < width)
        row = pixel + (tap // 9) * plane + dy * width + dx
        at = row * COLUMNS + tap * CHANNELS + channel
        total += tl.load(shares + at, mask=there, other=0.0)
    tl.store(out + pixel * CHANNELS + channel, total, mask=inside)


def summed(shares: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """Add the taps' shares; see `pixel_ops.few_channels`.

    Args:
        shares: (2 + T, H, W, columns) float32; column ``tap * c + channel``.
        bias: (c,).

    Returns:
        (T, H, W, c) float32.
    """
    frames, height, width, columns = shares.shape
    out = shares.new_empty(frames - 2, height, width, bias.shape[0])
    count = (frames - 2) * height * width
    _sum_taps[(triton.cdiv(count, 256), bias.shape[0])](
        shares,
        bias,
        out,
        count,
        height * width,
        height,
        width,
        COLUMNS=columns,
        CHANNELS=bias.shape[0],
        TILE=256,
        num_warps=4,
    )
    return out


def moments(
    x: torch.Tensor, bias: torch.Tensor, skip: torch.Tensor | None, norm: nn.GroupNorm
) -> tuple[torch.Tensor, Affine]:
    """See `pixel_ops.moments`."""
    from void_server.engines.void.fast.pixel_ops import Affine

    channels = x.shape[3]
    count = x.numel() // channels
    partial = torch.empty(_PROGRAMS, 2, channels, device=x.device)
    total = torch.empty_like(x) if skip is not None else x
    _partial_sums[(_PROGRAMS,)](
        x,
        bias,
        skip if skip is not None else x,
        total,
        partial,
        count,
        C=channels,
        TILE=max(1, _ELEMENTS // channels),
        HAS_SKIP=skip is not None,
        num_warps=8,
    )
    scale = torch.empty(channels, device=x.device)
    shift = torch.empty(channels, device=x.device)
    _affine[(norm.num_groups,)](
        partial,
        norm.weight,
        norm.bias,
        bias,
        scale,
        shift,
        count,
        norm.eps,
        _PROGRAMS,
        C=channels,
        GROUP=channels // norm.num_groups,
        BLOCK=128,
        BIAS=skip is None,
        num_warps=4,
    )
    return total, Affine(scale, shift)


def activated(
    x: torch.Tensor, affine: Affine, spatial: Spatial | None, lead: torch.Tensor | None
) -> torch.Tensor:
    """See `pixel_ops.activated`."""
    frames, height, width, channels = x.shape
    out = x.new_empty(frames + 2, height, width, channels)
    if lead is not None:
        out[:2] = lead
    factors = spatial.factors if spatial is not None else x
    tile = max(1, 4096 // channels)
    count = frames * height * width
    _activate[(triton.cdiv(count, tile),)](
        x,
        out,
        affine.scale,
        affine.shift,
        factors,
        spatial.frames if spatial is not None else x,
        count,
        height * width,
        width,
        height // factors.shape[1],
        factors.shape[2],
        factors.shape[1] * factors.shape[2],
        C=channels,
        TILE=tile,
        SPATIAL=spatial is not None,
        REPEAT=lead is None,
        num_warps=4,
    )
    return out
