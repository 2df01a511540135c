"""Where the parts of the engine meet: what a transformer and a mask mean here.

Letters in the shapes of this package: B batch, T frames, K latent frames = (T - 1) / 4 + 1,
H x W model pixels (384 x 672 as trained), h x w = H / 8 x W / 8, D width of the text embedding.
"""

from __future__ import annotations

from typing import Literal, Protocol

import torch

Semantics = Literal["reference", "trimask-both"]
"""What the levels mean to each pass. ``reference``: pass 1 sees 0, 127 and 255 (63 acts as 0),
pass 2 only 0 and 255. ``trimask-both``: pass 2 sees what pass 1 sees.

Source: the released training code has three levels in
both passes."""

TEXT_TOKENS = 226
"""Tokens of a prompt as the model takes it, padding included."""

LATENT_CHANNELS = 16

CONDITIONED_CHANNELS = 48
"""Channels of the transformer's input: 16 of noise, 16 of the mask, 16 of the plate."""


class Forward(Protocol):
    """One pass of a transformer over a window; it knows its device, dtype and rotary grid."""

    def __call__(self, latents: torch.Tensor, text: torch.Tensor, timestep: int) -> torch.Tensor:
        """Predict.

        Args:
            latents: (B, K, 48, h, w), any float dtype; K even.
            text: (B, 226, D), any float dtype.
            timestep: Of the training schedule, 0 to 999.

        Returns:
            (B, K, 16, h, w) float32: the v-prediction.
        """
        ...
