"""Makes what a model returned usable: finite, and inside the range that a code may have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from void_server.finish import Code, Mask
from void_server.finish.membrane import membrane

OVERSHOOT = 0.05
"""How far beyond 0 and 1 a filter's ringing may reach; cut without a word. Beyond it, a model went
wrong. A cubic filter overshoots by .024 on plates with highlights."""


@dataclass(frozen=True)
class Cleaned:
    """A model's picture without what cannot be light.

    Attributes:
        picture: (H, W, 3) float32, 0 to 1, finite.
        broken: (H, W) bool where it held NaN or Inf.
        beyond: Pixels that were below 0 or above 1 by more than `OVERSHOOT`.
    """

    picture: Code
    broken: Mask
    beyond: int

    @property
    def lost(self) -> bool:
        """Whether nothing of the picture is left."""
        return bool(self.broken.all())


def cleaned(picture: Code) -> Cleaned:
    """Put a smooth surface in the place of NaN and Inf, and cut the rest to 0..1.

    Args:
        picture: (H, W, 3) float32; anything. It is not changed.
    """
    nothing = np.zeros(picture.shape[:2], np.bool_)
    if picture.min() >= 0.0 and picture.max() <= 1.0:  # false for NaN
        return Cleaned(picture, nothing, 0)
    broken: Mask = np.logical_not(np.isfinite(picture).all(axis=2))
    safe = np.where(broken[..., None], np.float32(0), picture)
    far = (safe < -OVERSHOOT) | (safe > 1 + OVERSHOOT)
    np.clip(safe, 0.0, 1.0, out=safe)
    if broken.any() and not broken.all():
        safe[broken] = membrane(safe, ~broken, cell=1)[broken]
    return Cleaned(safe, broken, int(np.count_nonzero(far.any(axis=2))))
