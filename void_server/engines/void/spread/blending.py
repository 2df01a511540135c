"""What windows predict for one segment, put together as `windows.Blend` does it for a chunk."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from void_server.engines.void.spread.segments import Segment
from void_server.engines.void.windows import Window, blend_weights


class SegmentBlend:
    """The same products, sums and quotient in the same order, so the same bits.

    Args:
        segment: Where.
        windows: All of the chunk.
        overlap: Latents that neighbouring windows share.
        device: Where the predictions will be.
    """

    def __init__(
        self, segment: Segment, windows: Sequence[Window], *, overlap: int, device: torch.device
    ) -> None:
        latents = windows[-1].stop
        total = torch.zeros(latents)
        self._alone = len(windows) == 1
        self._rows: list[tuple[slice, slice]] = []
        self._weights: list[torch.Tensor] = []
        for number, window in enumerate(windows):
            weights = blend_weights(window, latents, overlap=overlap)
            total[window.slice] += weights
            if number in segment.windows:
                inside, at = _shared(segment, window)
                self._rows.append((inside, at))
                self._weights.append(_across(weights[inside]).to(device))
        self._total = _across(total[segment.start : segment.stop]).to(device)

    def rows(self, number: int) -> slice:
        """Latents of the ``number``th covering window that lie in the segment."""
        return self._rows[number][0]

    def __call__(self, predictions: Sequence[torch.Tensor]) -> torch.Tensor:
        """The weighted mean.

        Args:
            predictions: Of each covering window in order, its `rows` only: (1, n, C, h, w).

        Returns:
            (1, len(segment), C, h, w) float32.
        """
        first = predictions[0]
        if self._alone:
            return first
        blended = first.new_zeros((first.shape[0], self._total.shape[1], *first.shape[2:]))
        for (_, at), weight, prediction in zip(self._rows, self._weights, predictions, strict=True):
            blended[:, at] += prediction * weight
        return blended / self._total


def _shared(segment: Segment, window: Window) -> tuple[slice, slice]:
    """What both have: counted from the window's first latent, and from the segment's."""
    start, stop = max(segment.start, window.start), min(segment.stop, window.stop)
    return (
        slice(start - window.start, stop - window.start),
        slice(start - segment.start, stop - segment.start),
    )


def _across(weights: torch.Tensor) -> torch.Tensor:
    return weights[None, :, None, None, None]
