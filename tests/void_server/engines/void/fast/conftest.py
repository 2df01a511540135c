from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from diffusers import AutoencoderKLCogVideoX, CogVideoXTransformer3DModel


def _stirred(model: torch.nn.Module) -> torch.nn.Module:
    """Weights that differ from what they are made as, norms' included."""
    generator = torch.Generator().manual_seed(1)
    for parameter in model.parameters():
        parameter.data += 0.05 * torch.randn(parameter.shape, generator=generator)
    return model.requires_grad_(False).eval()


@pytest.fixture
def make_transformer() -> Callable[[], CogVideoXTransformer3DModel]:
    """A transformer with the published one's parts, two heads wide; always the same numbers."""

    def make() -> CogVideoXTransformer3DModel:
        torch.manual_seed(0)
        return _stirred(
            CogVideoXTransformer3DModel(
                num_attention_heads=2,
                attention_head_dim=64,
                in_channels=48,
                out_channels=16,
                num_layers=3,
                patch_size=2,
                patch_size_t=2,
                patch_bias=False,
                time_embed_dim=32,
                text_embed_dim=32,
                use_rotary_positional_embeddings=True,
                sample_height=384,
                sample_width=680,
                sample_frames=85,
            )
        )

    return make


@pytest.fixture
def vae() -> AutoencoderKLCogVideoX:
    """A VAE with the published one's parts, few channels."""
    torch.manual_seed(0)
    return _stirred(
        AutoencoderKLCogVideoX(
            block_out_channels=(8, 8, 8, 16),
            down_block_types=("CogVideoXDownBlock3D",) * 4,
            up_block_types=("CogVideoXUpBlock3D",) * 4,
            layers_per_block=1,
            norm_num_groups=2,
            latent_channels=16,
        )
    )
