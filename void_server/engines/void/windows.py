"""The overlapping stretches of latents that the model sees at once, and how they are put together.

Every denoising step predicts each window by itself; where windows overlap, the predictions are
cross-faded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

WINDOW_LATENTS = 22
"""Latents of a window: 85 frames."""

OVERLAP_LATENTS = 4
"""Latents that neighbouring windows share. Source: VOID's reference, 16 frames."""


@dataclass(frozen=True)
class Window:
    """Latents ``start`` to ``stop``, the last one excluded."""

    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start

    @property
    def slice(self) -> slice:
        """The window as an index."""
        return slice(self.start, self.stop)


def windows(
    latents: int, *, size: int = WINDOW_LATENTS, overlap: int = OVERLAP_LATENTS
) -> list[Window]:
    """Windows over a number of latents; the last one may be shorter.

    For an even number of latents and even ``size`` and ``overlap`` every window is even, as the
    transformer needs, and longer than the overlap.

    Raises:
        ValueError: A second window would not get beyond the first.
    """
    if size <= overlap and latents > size:
        raise ValueError(f"windows of {size} latents cannot overlap by {overlap}")
    found = [Window(0, min(size, latents))]
    while found[-1].stop < latents:
        start = found[-1].stop - overlap
        found.append(Window(start, min(start + size, latents)))
    return found


def fade_in(overlap: int) -> torch.Tensor:
    """Weights of what begins, over an overlap: .2 .4 .6 .8 for 4. What ends has 1 minus these."""
    return torch.arange(1, overlap + 1, dtype=torch.float32) / (overlap + 1)


def blend_weights(window: Window, latents: int, *, overlap: int = OVERLAP_LATENTS) -> torch.Tensor:
    """(len(window),) float32: rising unless the window is the first, falling unless it is the last.

    Source: VOID's reference. In a window shorter than both ramps the falling one wins, which the
    golden run with windows of 6 latents shows.
    """
    weights = torch.ones(len(window))
    if window.start > 0:
        weights[:overlap] = fade_in(overlap)
    if window.stop < latents:
        weights[-overlap:] = fade_in(overlap).flip(0)
    return weights


class Blend:
    """Puts the predictions of a set of windows together; the weights are made once.

    Args:
        plan: Windows that cover all latents.
        overlap: Latents that neighbours share.
        device: Where the predictions will be.
    """

    def __init__(
        self,
        plan: Sequence[Window],
        *,
        overlap: int = OVERLAP_LATENTS,
        device: torch.device | str = "cpu",
    ) -> None:
        self._plan = plan
        latents = plan[-1].stop
        total = torch.zeros(latents)
        weights = [blend_weights(window, latents, overlap=overlap) for window in plan]
        for window, weight in zip(plan, weights, strict=True):
            total[window.slice] += weight
        self._weights = [_across(weight).to(device) for weight in weights]
        self._total = _across(total).to(device)

    def __call__(self, predictions: Sequence[torch.Tensor]) -> torch.Tensor:
        """The weighted mean.

        Args:
            predictions: One (B, len(window), C, h, w) for each window, in order.

        Returns:
            (B, K, C, h, w) float32; for a single window, that prediction as it is.
        """
        if len(predictions) == 1:
            return predictions[0]
        batch, _, *rest = predictions[0].shape
        blended = predictions[0].new_zeros((batch, self._plan[-1].stop, *rest))
        for window, weight, prediction in zip(self._plan, self._weights, predictions, strict=True):
            blended[:, window.slice] += prediction * weight
        return blended / self._total


def _across(weights: torch.Tensor) -> torch.Tensor:
    return weights[None, :, None, None, None]
