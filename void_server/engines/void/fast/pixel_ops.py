"""GroupNorm, its conditioning and SiLU over frames in memory order (T, H, W, C), in two passes.

The first pass adds a skip connection, if there is one, and takes the moments. The second scales,
shifts, conditions, activates, and writes behind the frames that a causal convolution needs to
see again. Triton on a CUDA device, plain torch elsewhere.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional

if torch.cuda.is_available():
    from void_server.engines.void.fast import pixel_kernels


class Affine(NamedTuple):
    """(C,) float32 each: ``x * scale + shift`` is the normalised x."""

    scale: torch.Tensor
    shift: torch.Tensor


class Spatial(NamedTuple):
    """Conditioning on the latents (the VAE's spatial norm): ``x * y + b``.

    Attributes:
        factors: (t, h, w, 2 * C): y, then b.
        frames: (T,) int32: the latent frame of each frame.
    """

    factors: torch.Tensor
    frames: torch.Tensor


def moments(
    x: torch.Tensor, bias: torch.Tensor, skip: torch.Tensor | None, norm: nn.GroupNorm
) -> tuple[torch.Tensor, Affine]:
    """``x + bias + skip``, and what normalises it.

    Without a skip the sum is not written: x comes back as it is, and its bias is in the affine.

    Args:
        x: (T, H, W, C).
        bias: (C,): of the convolution that made x.
        skip: (T, H, W, C) or None.
        norm: The GroupNorm.
    """
    if x.is_cuda:
        return pixel_kernels.moments(x, bias, skip, norm)
    total = x + bias
    if skip is not None:
        total = total + skip
    groups = total.float().flatten(0, 2).unflatten(1, (norm.num_groups, -1))
    mean = groups.mean(dim=(0, 2))
    variance = groups.var(dim=(0, 2), correction=0)
    rstd = torch.rsqrt(variance + norm.eps).repeat_interleave(groups.shape[2])
    scale = rstd * norm.weight.float()
    shift = norm.bias.float() - mean.repeat_interleave(groups.shape[2]) * scale
    if skip is None:
        return x, Affine(scale, shift + bias.float() * scale)
    return total, Affine(scale, shift)


def activated(
    x: torch.Tensor,
    affine: Affine,
    spatial: Spatial | None,
    lead: torch.Tensor | None,
) -> torch.Tensor:
    """``silu(norm(x))`` behind two leading frames.

    Args:
        x: (T, H, W, C).
        affine: From `moments`.
        spatial: Conditioning after the norm, or None.
        lead: (2, H, W, C): the last activated frames of the chunk before; None repeats the first.

    Returns:
        (2 + T, H, W, C).
    """
    if x.is_cuda:
        return pixel_kernels.activated(x, affine, spatial, lead)
    y = x.float() * affine.scale + affine.shift
    if spatial is not None:
        height, width = x.shape[1:3]
        factors = spatial.factors.float()[spatial.frames.long()]
        factors = factors.repeat_interleave(height // factors.shape[1], 1)
        factors = factors.repeat_interleave(width // factors.shape[2], 2)
        times, plus = factors.chunk(2, dim=-1)
        y = y * times + plus
    y = functional.silu(y).to(x.dtype)
    return torch.cat([lead if lead is not None else y[:1].expand(2, -1, -1, -1), y])


def few_channels(padded: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """A 3x3x3 convolution to a few channels, in float32 from bfloat16; on a CUDA device.

    One product makes every tap's share of every pixel; a second pass adds the 27 shares.

    Args:
        padded: (2 + T, H, W, C).
        weight: (c, C, 3, 3, 3).
        bias: (c,).

    Returns:
        (T, H, W, c) float32.
    """
    channels = weight.shape[0]
    taps = weight.permute(2, 3, 4, 0, 1).reshape(27 * channels, -1)
    # Products are fastest over whole multiples of 16 columns.
    taps = functional.pad(taps, (0, 0, 0, -taps.shape[0] % 16))
    shares = torch.mm(padded.flatten(0, 2), taps.t(), out_dtype=torch.float32)
    return pixel_kernels.summed(shares.view(*padded.shape[:3], -1), bias)
