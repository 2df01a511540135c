"""The VAE's encoder and decoder, arranged for a GPU; the same functions as diffusers' modules.

Frames lie in memory as (T, H, W, C) from the first convolution to the last, so that cuDNN never
has to turn them around. A 1x1 convolution of the latents comes before their enlargement, not
after it, and frames that are doubled in time are doubled after their convolution.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from void_server.engines.void.fast import pixel_ops
from void_server.engines.void.fast.pixel_ops import Spatial, activated, moments

Cache = dict[str, torch.Tensor]
"""Last two input frames of every causal convolution, by its place in the network."""


@dataclass
class _Sum:
    """A convolution's result that nobody has added up yet: ``x + bias + skip``.

    Whoever adds it up spends it: frames at full size are large, and a caller's name for them
    would keep them until it returns.

    Attributes:
        x: (T, H, W, C).
        bias: (C,).
        skip: (T, H, W, C) or None.
    """

    x: torch.Tensor
    bias: torch.Tensor
    skip: torch.Tensor | None

    def spend(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
        """The parts, which are gone from here."""
        parts = self.x, self.bias, self.skip
        self.x = self.bias = self.x.new_empty(0)
        self.skip = None
        return parts

    def total(self) -> torch.Tensor:
        """The sum, written out."""
        x, bias, skip = self.spend()
        if skip is None:
            return x + bias
        return torch.add(x, skip).add_(bias)


class _Stream:
    """One chunk on its way through the network: the latents it is conditioned on, the caches."""

    def __init__(self, latents: torch.Tensor | None, before: Cache) -> None:
        self.latents = latents
        self.before = before
        self.after: Cache = {}

    def normed(
        self,
        made: _Sum,
        norm: Any,
        name: str,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The sum, and its norm, activated, behind the two frames before it.

        Of a sum without a skip only the norm is of use: its bias has not been added.
        """
        plain = norm if self.latents is None else norm.norm_layer
        total, affine = moments(*made.spend(), plain)
        spatial = None if self.latents is None else self._spatial(norm, total.shape[0])
        padded = activated(total, affine, spatial, self.before.get(name))
        self.after[name] = padded[-2:].clone()
        return total, padded

    def padded(self, x: torch.Tensor, name: str) -> torch.Tensor:
        """X behind the two frames before it."""
        lead = self.before.get(name)
        padded = torch.cat([x[:1].expand(2, -1, -1, -1) if lead is None else lead, x])
        self.after[name] = padded[-2:].clone()
        return padded

    def _spatial(self, norm: Any, frames: int) -> Spatial:
        assert self.latents is not None
        weights = [conv.conv.weight.flatten(1) for conv in (norm.conv_y, norm.conv_b)]
        biases = [conv.conv.bias for conv in (norm.conv_y, norm.conv_b)]
        factors = functional.linear(self.latents, torch.cat(weights), torch.cat(biases))
        return Spatial(factors, latent_frames(frames, self.latents.shape[0], factors.device))


def latent_frames(frames: int, latents: int, device: torch.device) -> torch.Tensor:
    """(T,) int32: the latent frame that conditions each frame; the nearest one.

    With an odd number of frames the first belongs to the first latent alone.
    """
    apart = 1 if frames > 1 and frames % 2 else 0
    if apart:
        rest = torch.arange(frames - 1) * (latents - 1) // (frames - 1) + 1
        index = torch.cat([torch.zeros(1, dtype=rest.dtype), rest])
    else:
        index = torch.arange(frames) * latents // frames
    return index.to(device=device, dtype=torch.int32)


class FastDecoder(nn.Module):
    """A ``CogVideoXDecoder3D`` by other means.

    Args:
        decoder: diffusers' decoder on its device; its weights are laid out anew, in place.
    """

    def __init__(self, decoder: Any) -> None:
        super().__init__()
        self.net = _channels_last(decoder)

    @torch.no_grad()
    def forward(
        self, sample: torch.Tensor, conv_cache: Cache | None = None, stretch: bool = False
    ) -> tuple[torch.Tensor, Cache]:
        """Decode a chunk of latents.

        Args:
            sample: (1, 16, k, h, w).
            conv_cache: What the call before returned.
            stretch: Whether a single latent becomes four frames rather than one.

        Returns:
            (1, 3, T, H, W) float32, and the caches.
        """
        net = self.net
        latents = sample[0].permute(1, 2, 3, 0).contiguous()
        stream = _Stream(latents, conv_cache or {})
        made = _begun(stream.padded(latents, "in"), net.conv_in)
        for index, resnet in enumerate(net.mid_block.resnets):
            made = _resnet(stream, made, resnet, f"mid.{index}")
        for level, block in enumerate(net.up_blocks):
            for index, resnet in enumerate(block.resnets):
                made = _resnet(stream, made, resnet, f"up.{level}.{index}")
            for upsampler in block.upsamplers or ():
                made = _upsampled(made.total(), upsampler, stretch)
        _, padded = stream.normed(made, net.norm_out, "out")
        out = _conv3d_float(padded, net.conv_out)
        return out.permute(3, 0, 1, 2)[None], stream.after


class FastEncoder(nn.Module):
    """A ``CogVideoXEncoder3D`` by other means; see `FastDecoder`."""

    def __init__(self, encoder: Any) -> None:
        super().__init__()
        self.net = _channels_last(encoder)

    @torch.no_grad()
    def forward(
        self, sample: torch.Tensor, conv_cache: Cache | None = None
    ) -> tuple[torch.Tensor, Cache]:
        """Encode a chunk of frames.

        Args:
            sample: (1, 3, T, H, W).
            conv_cache: What the call before returned.

        Returns:
            (1, 32, k, h, w) float32: mean and log variance, and the caches.
        """
        net = self.net
        stream = _Stream(None, conv_cache or {})
        frames = sample[0].permute(1, 2, 3, 0).contiguous()
        made = _begun(stream.padded(frames, "in"), net.conv_in)
        for level, block in enumerate(net.down_blocks):
            for index, resnet in enumerate(block.resnets):
                made = _resnet(stream, made, resnet, f"down.{level}.{index}")
            for downsampler in block.downsamplers or ():
                made = _downsampled(made.total(), downsampler)
        for index, resnet in enumerate(net.mid_block.resnets):
            made = _resnet(stream, made, resnet, f"mid.{index}")
        _, padded = stream.normed(made, net.norm_out, "out")
        out = _conv3d(padded, net.conv_out).float() + net.conv_out.conv.bias.float()
        return out.permute(3, 0, 1, 2)[None], stream.after


def _begun(padded: torch.Tensor, causal: Any) -> _Sum:
    """The first convolution; the first block's skip needs its sum written out."""
    return _sampled(_conv3d(padded, causal).add_(causal.conv.bias))


def _resnet(stream: _Stream, made: _Sum, resnet: Any, name: str) -> _Sum:
    """A residual block; its sum is left to whoever reads it next."""
    total, padded = stream.normed(made, resnet.norm1, f"{name}.1")
    middle = _Sum(_conv3d(padded, resnet.conv1), resnet.conv1.conv.bias, None)
    del padded
    padded = stream.normed(middle, resnet.norm2, f"{name}.2")[1]
    if resnet.in_channels != resnet.out_channels:
        shortcut = resnet.conv_shortcut
        total = functional.linear(total, shortcut.weight.flatten(1), shortcut.bias)
    return _Sum(_conv3d(padded, resnet.conv2), resnet.conv2.conv.bias, total)


def _upsampled(x: torch.Tensor, upsampler: Any, stretch: bool) -> _Sum:
    enlarged = functional.interpolate(x.permute(0, 3, 1, 2), scale_factor=2.0)
    return _sampled(_doubled(_conv2d(enlarged, upsampler.conv), upsampler, stretch))


def _doubled(out: torch.Tensor, upsampler: Any, stretch: bool) -> torch.Tensor:
    frames = out.shape[0]
    if not upsampler.compress_time or (frames == 1 and not stretch):
        return out
    if frames % 2 and frames > 1:
        return torch.cat([out[:1], out[1:].repeat_interleave(2, dim=0)])
    return out.repeat_interleave(2, dim=0)


def _downsampled(x: torch.Tensor, downsampler: Any) -> _Sum:
    if downsampler.compress_time:
        first = x[: x.shape[0] % 2]
        rest = x[x.shape[0] % 2 :]
        x = torch.cat([first, (rest[::2] + rest[1::2]) * 0.5])
    return _sampled(_conv2d(functional.pad(x.permute(0, 3, 1, 2), (0, 1, 0, 1)), downsampler.conv))


def _sampled(x: torch.Tensor) -> _Sum:
    """A finished tensor as a sum of itself."""
    return _Sum(x, x.new_zeros(x.shape[3]), None)


def _conv3d(padded: torch.Tensor, causal: Any) -> torch.Tensor:
    """(2 + T, H, W, C) to (T, H, W, C'), the bias left out."""
    frames = padded.permute(3, 0, 1, 2)[None]
    out = functional.conv3d(frames, causal.conv.weight, padding=(0, 1, 1))
    return out[0].permute(1, 2, 3, 0).contiguous()


def _conv3d_float(padded: torch.Tensor, causal: Any) -> torch.Tensor:
    """As `_conv3d`, bias and all, in float32: bfloat16 has only 385 levels in a picture."""
    conv = causal.conv
    if padded.is_cuda and padded.dtype == torch.bfloat16:
        return pixel_ops.few_channels(padded, conv.weight, conv.bias)
    frames = padded.permute(3, 0, 1, 2)[None].float()
    out = functional.conv3d(frames, conv.weight.float(), conv.bias.float(), padding=(0, 1, 1))
    return out[0].permute(1, 2, 3, 0)


def _conv2d(frames: torch.Tensor, conv: nn.Conv2d) -> torch.Tensor:
    """(T, C, H, W) in any memory order to (T, H', W', C')."""
    out = functional.conv2d(
        frames, conv.weight, conv.bias, stride=conv.stride, padding=conv.padding
    )
    return out.permute(0, 2, 3, 1).contiguous()


def _channels_last(net: Any) -> Any:
    for module in net.modules():
        if isinstance(module, nn.Conv3d):
            module.weight.data = module.weight.data.contiguous(memory_format=torch.channels_last_3d)
        elif isinstance(module, nn.Conv2d):
            module.weight.data = module.weight.data.contiguous(memory_format=torch.channels_last)
    return net
