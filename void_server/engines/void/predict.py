"""What a pass predicts at one step for a chunk: window by window, guided, put together."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from void_server.engines.void.passes import Pass
from void_server.engines.void.seams import Forward
from void_server.engines.void.windows import OVERLAP_LATENTS, WINDOW_LATENTS, Blend, windows


@dataclass(frozen=True, kw_only=True)
class Text:
    """The prompts of a pass.

    Attributes:
        prompt: (1, 226, D) float32.
        negative: The same of the negative prompt; needed where the pass is guided.
    """

    prompt: torch.Tensor
    negative: torch.Tensor | None = None

    def batch(self, stage: Pass) -> torch.Tensor:
        """(B, 226, D): the prompt, after the negative one where the pass is guided."""
        if not stage.guided:
            return self.prompt
        if self.negative is None:
            raise ValueError(f"pass {stage.number} is guided and has no negative prompt")
        return torch.cat([self.negative, self.prompt])


class Predictor:
    """Predicts for one chunk.

    Args:
        forward: The pass's transformer.
        condition: (1, K, 32, h, w) float32 on the device: mask, then plate.
        stage: The pass.
        text: (B, 226, D) on the device, B = 2 where the pass is guided.
        window: Latents the transformer sees at once.
        overlap: Latents that neighbouring windows share.
    """

    def __init__(
        self,
        forward: Forward,
        condition: torch.Tensor,
        *,
        stage: Pass,
        text: torch.Tensor,
        window: int = WINDOW_LATENTS,
        overlap: int = OVERLAP_LATENTS,
    ) -> None:
        self._forward = forward
        self._condition = condition
        self._stage = stage
        self._text = text
        self._plan = windows(condition.shape[1], size=window, overlap=overlap)
        self._blend = Blend(self._plan, overlap=overlap, device=condition.device)

    def __call__(self, latents: torch.Tensor, timestep: int) -> torch.Tensor:
        """The v-prediction.

        Args:
            latents: (1, K, 16, h, w) float32.
            timestep: Of the training schedule.

        Returns:
            (1, K, 16, h, w) float32.
        """
        whole = torch.cat([latents, self._condition], dim=2)
        copies = self._text.shape[0]
        inputs = [whole[:, part.slice].expand(copies, -1, -1, -1, -1) for part in self._plan]
        predictions = [self._forward(window, self._text, timestep) for window in inputs]
        return self._blend([self._guide(prediction) for prediction in predictions])

    def _guide(self, prediction: torch.Tensor) -> torch.Tensor:
        """Away from the negative prompt. Source: Ho and Salimans, Classifier-free guidance."""
        if not self._stage.guided:
            return prediction
        away, towards = prediction.chunk(2)
        return away + self._stage.guidance * (towards - away)
