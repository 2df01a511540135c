"""One pass's transformer as diffusers runs it: the plain way that every faster one is held to."""

from __future__ import annotations

from typing import Any, cast

import torch
from diffusers import CogVideoXTransformer3DModel
from diffusers.models.embeddings import get_3d_rotary_pos_embed

Rotary = tuple[torch.Tensor, torch.Tensor]
"""Cosines and sines, each (tokens, head size) float32."""


def rotary_embedding(config: Any, *, latents: int, height: int, width: int) -> Rotary:
    """The rotary embedding of a window, counted from the window's own first latent, on the CPU.

    Args:
        config: The transformer's; it names the patch and the largest grid.
        latents: K, even.
        height: h, latent rows.
        width: w, latent columns.

    Source: VOID's reference: grid "slice", positions by patch, largest grid 192 x 340.
    """
    patch = config.patch_size
    grid = (height // patch, width // patch)
    largest = (config.sample_height // patch, config.sample_width // patch)
    cosines, sines = get_3d_rotary_pos_embed(
        embed_dim=config.attention_head_dim,
        crops_coords=None,
        grid_size=grid,
        temporal_size=-(-latents // config.patch_size_t),
        grid_type="slice",
        max_size=(max(grid[0], largest[0]), max(grid[1], largest[1])),
    )
    return cosines, sines


class EagerForward:
    """`Forward` by diffusers' own modules.

    The model may be on any device or move there by its own hooks: inputs go in where they are,
    and only their dtype is changed.

    Args:
        model: A transformer of one pass, 48 channels in, in evaluation mode.
        dtype: In which it computes; its own where left out.
    """

    def __init__(
        self, model: CogVideoXTransformer3DModel, *, dtype: torch.dtype | None = None
    ) -> None:
        self.model = cast(Any, model)
        self.dtype: torch.dtype = dtype or self.model.dtype
        self._rotary: dict[tuple[int, int, int, torch.device], Rotary] = {}

    @torch.no_grad()
    def __call__(self, latents: torch.Tensor, text: torch.Tensor, timestep: int) -> torch.Tensor:
        """Predict; see `Forward`."""
        batch, frames, _, height, width = latents.shape
        device = latents.device
        (prediction,) = self.model(
            hidden_states=latents.to(self.dtype),
            encoder_hidden_states=text.to(device=device, dtype=self.dtype),
            timestep=torch.full((batch,), timestep, device=device, dtype=torch.long),
            image_rotary_emb=self._embedding(frames, height, width, device),
            return_dict=False,
        )
        result: torch.Tensor = prediction.float()
        return result

    def _embedding(self, latents: int, height: int, width: int, device: torch.device) -> Rotary:
        key = (latents, height, width, device)
        if key not in self._rotary:
            cosines, sines = rotary_embedding(
                self.model.config, latents=latents, height=height, width=width
            )
            self._rotary[key] = (cosines.to(device), sines.to(device))
        return self._rotary[key]
