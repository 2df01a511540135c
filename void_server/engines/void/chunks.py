"""How a shot longer than the model's longest clip is denoised: piece by piece, joined in between.

A chunk is what the reference would take as a whole clip. Neighbours share latents; what the
earlier chunk made of them at each step is kept, and fades out of the later chunk's own estimate.
The later chunk's result stands for the shared latents.
"""

from __future__ import annotations

import torch

from void_server.engines.void.windows import Window, fade_in, windows

CHUNK_LATENTS = 50
"""Latents of a chunk: 197 frames, the longest clip that the reference takes."""

JOIN_LATENTS = 8
"""Latents that neighbouring chunks share.

Source: measured on a model that is exact, for scenes that change little from latent to latent. The
largest change between neighbours is within a tenth of that of one run over all windows; with the
windows' overlap of 4 it is up to 1.7 times as large, at the join.
"""


def chunks(latents: int, *, size: int = CHUNK_LATENTS, overlap: int = JOIN_LATENTS) -> list[Window]:
    """The chunks of a shot, laid out as windows are; one for a shot that the reference takes."""
    return windows(latents, size=size, overlap=overlap)


class Join:
    """Carries the end of a chunk into the beginning of the next, step by step.

    What is kept is the estimate of the clean latents, not the prediction itself: the two chunks
    arrive at a step with latents that differ, and only the clean estimate means the same in both.
    Where the estimates agree the join is exact.

    Args:
        overlap: Latents that neighbours share.
    """

    def __init__(self, *, overlap: int = JOIN_LATENTS) -> None:
        self._overlap = overlap
        self._kept: dict[int, torch.Tensor] = {}

    def fade(
        self, step: int, prediction: torch.Tensor, latents: torch.Tensor, alpha: float
    ) -> torch.Tensor:
        """The later chunk's prediction, begun with what the earlier one kept at the same step.

        Args:
            step: From 0.
            prediction: (1, K, 16, h, w) float32, the v-prediction of the later chunk.
            latents: (1, K, 16, h, w) float32, what was predicted from.
            alpha: The scheduler's cumulative alpha at this step, 0 to 1 excluded.

        Returns:
            (1, K, 16, h, w) float32.
        """
        kept = self._kept[step].to(latents.device)
        shared = latents[:, : self._overlap]
        kept_prediction = (alpha**0.5 * shared - kept) / (1 - alpha) ** 0.5
        weights = fade_in(self._overlap).to(latents.device)[None, :, None, None, None]
        begun = torch.lerp(kept_prediction, prediction[:, : self._overlap], weights)
        return torch.cat([begun, prediction[:, self._overlap :]], dim=1)

    def keep(self, step: int, clean: torch.Tensor) -> None:
        """Keep the last latents of a chunk's clean estimate (1, K, 16, h, w) for the next chunk."""
        self._kept[step] = clean[:, -self._overlap :].clone()
