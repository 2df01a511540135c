"""Pixels to latents and back, as causal streams of any length in constant memory.

The autoencoder's convolutions look back in time only, and carry what they saw last in a cache.
Its group norms, though, take their statistics over whatever is passed in at once: how a shot is
cut into calls is part of the function, and follows the reference here.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from diffusers import AutoencoderKLCogVideoX

from void_server.engines.void.padding import FRAMES_PER_LATENT
from void_server.engines.void.stretching import stretching

GROUP_FRAMES = 2 * FRAMES_PER_LATENT
"""Frames, or two latents, that go through the network at once; the first call is larger or smaller.

Source: diffusers' encoder, which agrees with VOID's reference; VOID's reference decoder.
"""

Cache = dict[str, Any] | None


class Vae:
    """An autoencoder that is already on its device.

    Inputs may be on any device; what comes back is float32 on the autoencoder's. Only
    ``model.encoder``, ``model.decoder`` and the two 1x1 convolutions around the latents are used,
    so encoder and decoder may be replaced by faster ones of the same call before they come here;
    such a decoder may also have the argument of `StretchingDecoder`.

    Args:
        model: In evaluation mode, of any dtype.
    """

    def __init__(self, model: AutoencoderKLCogVideoX) -> None:
        self.model = cast(Any, model)
        self.scaling: float = self.model.config.scaling_factor
        self._decoder = stretching(self.model.decoder)

    def encode_stream(self, frames: int) -> EncodeStream:
        """A stream for one shot.

        Args:
            frames: Padded length T of the whole shot, 4k + 1: the first call takes the remainder.
        """
        return EncodeStream(self, frames)

    def decode_stream(self) -> DecodeStream:
        """A stream for one shot."""
        return DecodeStream(self)

    def encode(self, pixels: torch.Tensor) -> torch.Tensor:
        """A whole shot: (1, 3, T, H, W) to (1, 16, K, h, w) float32."""
        stream = self.encode_stream(pixels.shape[2])
        latents = stream.push(pixels)
        stream.finish()
        return latents

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        """A whole shot: (1, 16, K, h, w) to (1, 3, 4K - 3, H, W) float32, 0 to 1."""
        stream = self.decode_stream()
        return torch.cat([stream.push(latents), stream.finish()], dim=2)

    def decode_still(self, latent: torch.Tensor) -> torch.Tensor:
        """One latent by itself, for a preview: (1, 16, 1, h, w) to (1, 3, 1, H, W), 0 to 1.

        It is decoded as if a shot began with it, and touches no stream.
        """
        return self.decode_group(latent, None, stretch=False)[0]

    @torch.no_grad()
    def encode_group(self, pixels: torch.Tensor, cache: Cache) -> tuple[torch.Tensor, Cache]:
        """One call of the encoder: the scaled mode of the latents, and the cache for the next."""
        moments, cache = self.model.encoder(self._own(pixels), conv_cache=cache)
        if self.model.quant_conv is not None:
            moments = self.model.quant_conv(moments)
        mode, _ = moments.float().chunk(2, dim=1)
        return mode * self.scaling, cache

    @torch.no_grad()
    def decode_group(
        self, latents: torch.Tensor, cache: Cache, *, stretch: bool
    ) -> tuple[torch.Tensor, Cache]:
        """One call of the decoder: the frames, and the cache for the next.

        Args:
            latents: (1, 16, k, h, w), scaled.
            cache: Of the call before.
            stretch: Whether a single latent stands for four frames, not for a shot's first.
        """
        unscaled = self._own(latents.float() / self.scaling)
        if self.model.post_quant_conv is not None:
            unscaled = self.model.post_quant_conv(unscaled)
        frames, cache = self._decoder(unscaled, conv_cache=cache, stretch=stretch)
        return (frames.float() / 2 + 0.5).clamp(0, 1), cache

    def _own(self, values: torch.Tensor) -> torch.Tensor:
        return values.to(device=self.model.device, dtype=self.model.dtype)


class EncodeStream:
    """Takes frames in any portions and gives the latents that they complete.

    Args:
        vae: The autoencoder.
        frames: Padded length T of the shot, 4k + 1.
    """

    def __init__(self, vae: Vae, frames: int) -> None:
        if frames % FRAMES_PER_LATENT != 1:
            raise ValueError(f"a padded shot has 4k + 1 frames (got {frames})")
        self._vae = vae
        self._left = frames
        self._next = min(frames, GROUP_FRAMES + frames % GROUP_FRAMES)
        self._cache: Cache = None
        self._waiting: torch.Tensor | None = None

    def push(self, pixels: torch.Tensor) -> torch.Tensor:
        """Take frames.

        Args:
            pixels: (1, 3, n, H, W) float: the plate in -1 to 1, or a mask in 0 to 1.

        Returns:
            (1, 16, k, h, w) float32: mode of the posterior times the scaling factor; k may be 0.

        Raises:
            ValueError: More frames than the shot has.
        """
        waiting = pixels if self._waiting is None else torch.cat([self._waiting, pixels], dim=2)
        if waiting.shape[2] > self._left:
            raise ValueError(f"{waiting.shape[2] - self._left} frames too many for the shot")
        done = [self._empty(pixels)]
        while self._left and waiting.shape[2] >= self._next:
            group, waiting = waiting[:, :, : self._next], waiting[:, :, self._next :]
            latents, self._cache = self._vae.encode_group(group, self._cache)
            done.append(latents)
            self._left -= self._next
            self._next = GROUP_FRAMES
        self._waiting = waiting
        return torch.cat(done, dim=2)

    def finish(self) -> None:
        """Make sure that the shot is complete, and let go of the cache.

        Raises:
            ValueError: Frames are missing.
        """
        if self._left:
            raise ValueError(f"the shot lacks frames ({self._left} not encoded)")
        self._cache = self._waiting = None

    def _empty(self, pixels: torch.Tensor) -> torch.Tensor:
        channels = self._vae.model.config.latent_channels
        shrink = 2 ** (len(self._vae.model.config.block_out_channels) - 1)
        height, width = pixels.shape[-2] // shrink, pixels.shape[-1] // shrink
        device = self._vae.model.device
        return torch.empty((1, channels, 0, height, width), device=device)


class DecodeStream:
    """Takes latents in any portions and gives the frames that they complete.

    Latents go through the decoder as 1, 2, 2, ...; the stream holds one back until its pair is
    there. The first latent gives one frame, every other one four.
    """

    def __init__(self, vae: Vae) -> None:
        self._vae = vae
        self._cache: Cache = None
        self._next = 1
        self._waiting: torch.Tensor | None = None

    def push(self, latents: torch.Tensor) -> torch.Tensor:
        """Take latents.

        Args:
            latents: (1, 16, k, h, w) float, scaled as the encoder gives them.

        Returns:
            (1, 3, n, H, W) float32, 0 to 1; n may be 0.
        """
        waiting = latents if self._waiting is None else torch.cat([self._waiting, latents], dim=2)
        done = [self._empty(latents)]
        while waiting.shape[2] >= self._next:
            group, waiting = waiting[:, :, : self._next], waiting[:, :, self._next :]
            frames, self._cache = self._vae.decode_group(group, self._cache, stretch=False)
            done.append(frames)
            self._next = 2
        self._waiting = waiting
        return torch.cat(done, dim=2)

    def finish(self) -> torch.Tensor:
        """The four frames of a latent that was held back, if any; the stream is over."""
        waiting, self._waiting = self._waiting, None
        cache, self._cache = self._cache, None
        if waiting is None:
            raise ValueError("no latent was decoded")
        if not waiting.shape[2]:
            return self._empty(waiting)
        return self._vae.decode_group(waiting, cache, stretch=True)[0]

    def _empty(self, latents: torch.Tensor) -> torch.Tensor:
        grow = 2 ** (len(self._vae.model.config.block_out_channels) - 1)
        height, width = latents.shape[-2] * grow, latents.shape[-1] * grow
        return torch.empty((1, 3, 0, height, width), device=self._vae.model.device)
