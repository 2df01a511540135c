"""Differences between codes as an eye would meet them: in stops of light."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from void_server.finish import Code

Decode = Callable[[Code], npt.NDArray[np.float32]]
"""(..., 3) code to (..., 3) light."""

_FLOOR = 1e-3
"""Light that is added to both sides, 7.5 stops below mid-grey: in black, ratios mean nothing."""

_AROUND = 4  # frames on either side


def apart(first: Code, second: Code, decode: Decode) -> npt.NDArray[np.float32]:
    """(...,) by how many stops the first is brighter than the second, all channels together."""
    light = (np.maximum(decode(part).sum(axis=-1) / 3, 0) + _FLOOR for part in (first, second))
    return np.asarray(np.log2(next(light) / next(light)), np.float32)


def unsteady(levels: Sequence[float | None]) -> list[float | None]:
    """How far each frame's level is from the middle of those around it; None stays None."""
    known = [(index, level) for index, level in enumerate(levels) if level is not None]
    found: list[float | None] = [None] * len(levels)
    for place, (index, level) in enumerate(known):
        around = known[max(0, place - _AROUND) : place + _AROUND + 1]
        found[index] = level - float(np.median([near for _, near in around]))
    return found
