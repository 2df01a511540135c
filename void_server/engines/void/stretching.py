"""A single latent at the end of a shot, made into four frames.

The decoder takes one latent by itself for the first of a shot, which is one frame. VOID's
reference knows better: every later latent is four frames, the last one too.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn


class StretchingDecoder(nn.Module):
    """diffusers' decoder with one more argument.

    Args:
        decoder: A ``CogVideoXDecoder3D``, or what has its call and its upsamplers.
    """

    def __init__(self, decoder: nn.Module) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(
        self, sample: torch.Tensor, conv_cache: dict[str, Any] | None, stretch: bool
    ) -> tuple[torch.Tensor, dict[str, Any]]:
        """Decode a chunk of latents.

        Args:
            sample: (1, 16, k, h, w), unscaled.
            conv_cache: What the call before returned.
            stretch: Whether a single latent becomes four frames rather than one.

        Returns:
            (1, 3, n, H, W), and the cache.
        """
        if not stretch or sample.shape[2] > 1:
            frames, cache = self.decoder(sample, conv_cache=conv_cache)
        else:
            with _doubling(self.decoder):
                frames, cache = self.decoder(sample, conv_cache=conv_cache)
        return frames, cache


def stretching(decoder: nn.Module) -> nn.Module:
    """The decoder itself if it can stretch, or one around it that can."""
    if "stretch" in inspect.signature(decoder.forward).parameters:
        return decoder
    return StretchingDecoder(decoder)


class _Doubled(nn.Module):
    """An upsampler that makes two frames of one.

    To repeat a frame and enlarge it in space alone is what the upsampler does to later frames.
    """

    def __init__(self, upsampler: nn.Module) -> None:
        super().__init__()
        self.upsampler = upsampler

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        doubled: torch.Tensor = self.upsampler(frames.repeat_interleave(2, dim=2))
        return doubled


@contextmanager
def _doubling(decoder: Any) -> Iterator[None]:
    """While it lasts, one latent becomes two frames at the first upsampler in time.

    The next one sees two frames, and doubles these by its own rule.
    """
    upsamplers = next(
        block.upsamplers
        for block in decoder.up_blocks
        if block.upsamplers is not None and block.upsamplers[0].compress_time
    )
    upsampler = upsamplers[0]
    upsampler.compress_time = False
    upsamplers[0] = _Doubled(upsampler)
    try:
        yield
    finally:
        upsamplers[0] = upsampler
        upsampler.compress_time = True
