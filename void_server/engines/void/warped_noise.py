"""Pass 2's initial noise: white within each frame, correlated along the motion of pass 1's result.

The transport and why it keeps variance and whiteness: `noise_field`. Here it becomes a stream of
latents with any number of frames.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import torch

from void_server.engines.void.flow import Flow, Picture
from void_server.engines.void.noise_field import NoiseField
from void_server.engines.void.padding import FRAMES_PER_LATENT
from void_server.engines.void.unit_noise import unit_noise


class NoiseStream:
    """Noise per latent from frames, one after the other, in constant memory.

    Latent k stands for frames 4k - 3 to 4k (latent 0 for frame 0) and has the noise of frame 4k:
    the one that nearest-neighbour picking by index gives, as the reference does it, since T frames
    and K = (T - 1) / 4 + 1 latents are (T - 1) / (K - 1) = 4 apart. It is also the last one that
    the causal VAE has seen when it closes the latent.

    Args:
        flow: Motion between consecutive frames; called both ways.
        seed: Any integer.
        degradation: Share of fresh noise, 0 to 1; see `degraded`.
    """

    def __init__(self, flow: Flow, *, seed: int, degradation: float = 0.0) -> None:
        self._flow = flow
        self._seed = seed
        self._degradation = degradation
        self._field: NoiseField | None = None
        self._before: Picture | None = None
        self._frames = 0

    def push(self, picture: Picture) -> torch.Tensor | None:
        """Take the next frame.

        Args:
            picture: (H, W, 3) float32 in [0, 1]; H and W multiples of 16 and the same for all. It
                is kept until the next call.

        Returns:
            (16, h, w) float32 on the CPU for frames 0, 4, 8, ..., else None.
        """
        if self._field is None or self._before is None:
            self._field = NoiseField(*picture.shape[:2], seed=self._seed)
        else:
            forward = self._flow(self._before, picture)
            self._field.move(forward, self._flow(picture, self._before))
        self._before = picture
        frame, self._frames = self._frames, self._frames + 1
        if frame % FRAMES_PER_LATENT:
            return None
        return self._degraded(self._field.latent(), frame // FRAMES_PER_LATENT)

    def _degraded(self, noise: torch.Tensor, index: int) -> torch.Tensor:
        if not self._degradation:
            return noise
        fresh = unit_noise(noise.shape, seed=self._seed, stream="pass 2", index=index)
        return degraded(noise, fresh, self._degradation)


def warped_noise(
    pictures: Iterable[Picture], flow: Flow, *, seed: int, degradation: float = 0.0
) -> Iterator[torch.Tensor]:
    """Noise of each latent of a padded shot, (16, h, w) float32 each; see `NoiseStream`."""
    stream = NoiseStream(flow, seed=seed, degradation=degradation)
    for picture in pictures:
        noise = stream.push(picture)
        if noise is not None:
            yield noise


def degraded(noise: torch.Tensor, fresh: torch.Tensor, degradation: float) -> torch.Tensor:
    """Mix two independent noises of unit variance into one: 0 is all ``noise``, 1 all ``fresh``.

    ``((1 - g) noise + g fresh) / sqrt((1 - g)^2 + g^2)``; training draws g from 0 to 0.3, where
    the correlation with ``noise`` is 0.92 at least.

    Source: Go-with-the-Flow, arXiv 2501.08331 (noise degradation).
    """
    keep = 1.0 - degradation
    mixed = noise * keep + fresh * degradation
    return mixed / math.sqrt(keep**2 + degradation**2)
