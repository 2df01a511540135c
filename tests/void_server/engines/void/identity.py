"""Networks that change nothing: a VAE that keeps pixels, a transformer that predicts the plate.

What comes out of the engine is then the plate itself, frame by frame, if every index in it is
right. They have the calls of diffusers' modules and refuse what those would refuse.
"""

from __future__ import annotations

from types import SimpleNamespace

import torch
from torch import nn
from torch.nn import functional

from void_server.engines.void.checkpoint import scheduler_config
from void_server.engines.void.layout import Layout
from void_server.engines.void.passes import PASS_1, PASS_2, build_scheduler
from void_server.engines.void.seams import Forward
from void_server.engines.void.vae import Vae

CELL = 8


class Encoder(nn.Module):
    """A latent's channels are the colours of its four frames, averaged over a cell."""

    def forward(
        self, sample: torch.Tensor, conv_cache: dict[str, int] | None = None
    ) -> tuple[torch.Tensor, dict[str, int]]:
        cells = functional.avg_pool3d(sample, (1, CELL, CELL))
        if conv_cache is None:
            assert cells.shape[2] % 4 == 1
            cells = torch.cat([cells[:, :, :1].repeat(1, 1, 3, 1, 1), cells], dim=2)
        assert cells.shape[2] % 4 == 0
        packed = cells.unflatten(2, (-1, 4)).transpose(2, 3).flatten(1, 2)
        moments = packed.new_zeros(1, 32, *packed.shape[2:])
        moments[:, :12] = packed
        return moments, {"frames": 1}


class Decoder(nn.Module):
    """The way back; a single latent is one frame unless it is stretched."""

    def forward(
        self,
        sample: torch.Tensor,
        conv_cache: dict[str, int] | None = None,
        stretch: bool = False,
    ) -> tuple[torch.Tensor, dict[str, int]]:
        frames = sample[:, :12].unflatten(1, (3, 4)).transpose(2, 3).flatten(2, 3)
        if sample.shape[2] == 1 and not stretch:
            assert conv_cache is None
            frames = frames[:, :, :1]
        enlarged = frames.repeat_interleave(CELL, 3).repeat_interleave(CELL, 4)
        return enlarged, {"frames": 1}


class IdentityModels:
    """Stands for `Models` of a checkpoint."""

    def __init__(self, layout: Layout, mode: str = "full") -> None:
        self.layout = layout
        self.mode = mode
        self.device, self.dtype = torch.device("cpu"), torch.float32
        self.attention = "none"
        self.vae_is_here = True
        self.released = False
        self._vae = Vae(
            SimpleNamespace(  # type: ignore[arg-type]
                encoder=Encoder(),
                decoder=Decoder(),
                quant_conv=None,
                post_quant_conv=None,
                device=self.device,
                dtype=self.dtype,
                config=SimpleNamespace(
                    scaling_factor=0.7, latent_channels=16, block_out_channels=(1,) * 4
                ),
            )
        )

    def vae(self) -> Vae:
        return self._vae

    def spread(self) -> None:
        return None

    def make_room(self) -> None:
        pass

    def release(self) -> None:
        self.released = True

    def forward(self, pass_number: int) -> Forward:
        stage = (PASS_1, PASS_2)[pass_number - 1]
        alphas = build_scheduler(stage, scheduler_config(self.layout)).alphas_cumprod

        def forward(latents: torch.Tensor, text: torch.Tensor, timestep: int) -> torch.Tensor:
            assert latents.shape[1] % 2 == 0
            assert latents.shape[2] == 48
            assert text.shape[:2] == (latents.shape[0], 226)
            alpha = float(alphas[timestep])
            noisy, clean = latents[:, :, :16], latents[:, :, 32:]
            return (alpha**0.5 * noisy - clean) / (1 - alpha) ** 0.5

        return forward
