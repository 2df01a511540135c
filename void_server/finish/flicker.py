"""How steady a shot is before and after its correction, as the report draws it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from void_server.finish.color_fit import ColorFit
from void_server.finish.pairs import Pairs
from void_server.finish.ring_gain import Gains
from void_server.finish.stops import Decode, apart, unsteady


@dataclass(frozen=True)
class Flicker:
    """One number for each frame; None where a frame cannot be compared with the plate.

    Attributes:
        before: Stops by which the model's surroundings of the hole, in the shot's colours, are
            brighter than the plate's, against the frames around.
        after: The same with the frame's own gain.
        residual: Root mean square of what is then left there, code.
    """

    before: tuple[float | None, ...]
    after: tuple[float | None, ...]
    residual: tuple[float | None, ...]

    @classmethod
    def of(cls, pairs: Sequence[Pairs], color: ColorFit, gains: Gains, decode: Decode) -> Flicker:
        """Measure a shot on what `match` keeps of it."""
        before, after, residual = [], [], []
        for pair, gain in zip(pairs, gains, strict=True):
            counted = pair.near if pair.near.any() else np.ones(len(pair), np.bool_)
            sent, fitted = pair.sent[counted], color.apply(pair.got[counted])
            before.append(_level(fitted, sent, decode))
            after.append(_level(fitted * gain, sent, decode))
            left = sent - fitted * gain
            residual.append(float(np.sqrt(np.mean(left**2))) if left.size else None)
        return cls(tuple(unsteady(before)), tuple(unsteady(after)), tuple(residual))


def spread(values: Sequence[float | None]) -> float:
    """Standard deviation of what is known; 0 when nothing is."""
    known = [value for value in values if value is not None]
    return float(np.std(known)) if known else 0.0


def _level(
    ours: npt.NDArray[np.float32], plate: npt.NDArray[np.float32], decode: Decode
) -> float | None:
    return float(np.mean(apart(ours, plate, decode))) if len(ours) else None
