"""What an engine with a model is asked for, and the seams where its model comes in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from void_server.engines.modelled.settings import Finish
from void_server.model_view.frames import Frames
from void_server.model_view.shot import ModelShot


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is asked for.

    Attributes:
        frames: File numbers still wanted.
        seed: Seed of everything random.
        grid: (height, width) of the model's picture.
        finish: How its pictures become a patch.
    """

    frames: Sequence[int]
    seed: int
    grid: tuple[int, int]
    finish: Finish


class Model(Protocol):
    """Turns what it is shown into clean pictures."""

    def __call__(self, shot: ModelShot, part: int, parts: int) -> Frames:
        """Work on a whole shot, or on one tile of it.

        Args:
            shot: What the model is shown.
            part: Index of the tile.
            parts: How many tiles there are.

        Returns:
            (H, W, 3) float32 in model space for each frame, perhaps more behind them.
        """
        ...
