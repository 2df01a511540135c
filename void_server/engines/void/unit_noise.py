"""Random numbers that belong to a place: the same for a frame however the shot is cut up.

Each frame or latent has its own counter-based generator on the CPU, keyed by the seed, by what
the noise is for and by the index. So a number depends neither on the device nor on what was drawn
before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch

Stream = Literal["plate", "pass 1", "pass 2"]
"""What the noise is for."""

_STREAMS: dict[Stream, int] = {"plate": 0, "pass 1": 1, "pass 2": 2}
_WORD = (1 << 64) - 1


def unit_noise(shape: Sequence[int], *, seed: int, stream: Stream, index: int) -> torch.Tensor:
    """Normal noise of mean 0 and variance 1, on the CPU.

    Args:
        shape: Of one frame or latent.
        seed: The job's seed; any integer.
        stream: Equal indices of two streams have independent noise.
        index: Frame or latent, from 0.

    Returns:
        ``shape`` float32.

    Source: Philox 4x64, Salmon et al., Parallel random numbers: as easy as 1, 2, 3 (2011).
    """
    key = np.array([seed & _WORD, (_STREAMS[stream] << 48) | index], np.uint64)
    generator = np.random.Generator(np.random.Philox(key=key))
    return torch.from_numpy(generator.standard_normal(tuple(shape), np.float32))
