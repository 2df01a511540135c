"""The estimate of a shot while it forms, as a small picture."""

from __future__ import annotations

import time
from collections.abc import Callable

import cv2
import numpy as np
import torch

from void_server.engines.engine import Progress
from void_server.engines.void.padding import FRAMES_PER_LATENT
from void_server.engines.void.vae import Vae

SECONDS = 2.0
"""Shortest time between two previews: each waits for the device and decodes a latent."""


class Previews:
    """Decodes the middle of the clean estimate now and then.

    Args:
        numbers: File numbers of the shot.
        progress: Where previews go.
        vae: Gives the VAE if it is on the device, else None, and there is no preview.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        numbers: tuple[int, ...],
        progress: Progress,
        *,
        vae: Callable[[], Vae | None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._numbers = numbers
        self._progress = progress
        self._vae = vae
        self._clock = clock
        self._due = clock()

    def show(self, start: int, clean: torch.Tensor) -> None:
        """Show the middle frame of an estimate, unless it is too soon after the last one.

        Args:
            start: Index of its first latent in the shot.
            clean: (1, K, 16, h, w) float32.
        """
        vae = self._vae()
        if vae is None or self._clock() < self._due:
            return
        # Latents behind the shot's end repeat it.
        last = (len(self._numbers) - 1) // FRAMES_PER_LATENT - start
        middle = max(0, min(clean.shape[1] - 1, last) // 2)
        frame = self._numbers[min((start + middle) * FRAMES_PER_LATENT, len(self._numbers) - 1)]
        still = vae.decode_still(clean[:, middle : middle + 1].transpose(1, 2))
        self._progress.preview(frame, png(still))
        self._due = self._clock() + SECONDS


def png(picture: torch.Tensor) -> bytes:
    """A PNG of (1, 3, 1, H, W) float32, 0 to 1."""
    rgb = picture[0, :, 0].permute(1, 2, 0).float().cpu().nan_to_num().numpy()
    codes = np.rint(rgb[:, :, ::-1] * 255).astype(np.uint8)
    _, encoded = cv2.imencode(".png", codes)
    return encoded.tobytes()
