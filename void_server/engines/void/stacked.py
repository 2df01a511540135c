"""Frames of a shot as the networks take them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from void_server.model_view.frames import Frames


def stacked(frames: Frames, indices: Sequence[int]) -> torch.Tensor:
    """Some of them, copied: (n, ...)."""
    return torch.from_numpy(np.stack([frames[index] for index in indices]))
