from __future__ import annotations

from typing import cast

import cv2
import numpy as np
import torch

from void_server.engines.void.preview import SECONDS, Previews, png
from void_server.engines.void.vae import Vae


class Shown:
    """A `Progress` that keeps previews and takes nothing else."""

    def __init__(self) -> None:
        self.frames: list[int] = []

    def preview(self, frame: int, png: bytes) -> None:
        self.frames.append(frame)


class Still:
    """Decodes a latent to a grey picture of its mean."""

    def decode_still(self, latent: torch.Tensor) -> torch.Tensor:
        assert latent.shape[:3] == (1, 16, 1)
        return latent.mean().expand(1, 3, 1, 4, 6)


def _previews(count: int, clock: list[float], here: bool = True) -> tuple[Previews, Shown]:
    shown = Shown()
    numbers = tuple(range(1001, 1001 + count))
    vae = cast(Vae, Still()) if here else None
    return Previews(numbers, shown, vae=lambda: vae, clock=lambda: clock[0]), shown  # type: ignore[arg-type]


def test_the_middle_of_the_shot_is_shown_not_of_its_padding() -> None:
    previews, shown = _previews(10, [0.0])
    previews.show(0, torch.zeros(1, 22, 16, 2, 2))
    # 10 frames end in latent 2; the middle one of 0, 1, 2 stands for frames up to index 4.
    assert shown.frames == [1005]


def test_a_later_chunk_shows_its_own_middle() -> None:
    previews, shown = _previews(400, [0.0])
    previews.show(42, torch.zeros(1, 50, 16, 2, 2))
    assert shown.frames == [1001 + 4 * (42 + 24)]


def test_previews_keep_their_distance_in_time() -> None:
    clock = [0.0]
    previews, shown = _previews(10, clock)
    for now in (0.0, SECONDS / 2, SECONDS, SECONDS * 1.5):
        clock[0] = now
        previews.show(0, torch.zeros(1, 22, 16, 2, 2))
    assert len(shown.frames) == 2


def test_without_the_vae_on_the_device_there_is_none() -> None:
    previews, shown = _previews(10, [0.0], here=False)
    previews.show(0, torch.zeros(1, 22, 16, 2, 2))
    assert shown.frames == []


def test_a_preview_is_a_png_in_the_right_order_of_channels() -> None:
    picture = torch.tensor([1.0, 0.5, 0.0]).view(1, 3, 1, 1, 1).expand(1, 3, 1, 2, 2)
    decoded = cv2.imdecode(np.frombuffer(png(picture), np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    assert decoded[0, 0].tolist() == [0, 128, 255]
