"""How much brighter one frame is than another, channel by channel."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from void_server.engines.cleanplate.gather import Sample
from void_server.engines.engine import Mask, Rgb

_DARK, _BRIGHT = 0.01, 1.0
"""Scene-linear values between which a ratio is not ruled by grain or by a clipped sensor."""

_ENOUGH = 400  # ratios, for a median to mean something
_MOST = 60_000  # pixels that are looked at
_NOTHING = 0.004  # gains nearer to 1 than this are measurement error; pixels keep their bits
_LEAST, _LARGEST = 0.5, 2.0


def gain(target: Rgb, background: Mask, sample: Sample) -> npt.NDArray[np.float32]:
    """(3,) float32 by which to multiply ``sample`` so that it is as bright as ``target``.

    The median ratio over the pixels that both show: outliers on up to half of them, such as a
    passer-by, do not move it. Exactly 1 where the two are as good as equal, or share too little.

    Args:
        target: (h, w, 3) the frame to be filled, scene-linear.
        background: (h, w) bool, where it shows background.
        sample: The source in the same box.
    """
    common = background & sample.valid
    thin = max(int(np.sqrt(common.size / _MOST)), 1)
    common = common[::thin, ::thin]
    ours, theirs = target[::thin, ::thin][common], sample.rgb[::thin, ::thin][common]
    found = np.array([_ratio(ours[:, c], theirs[:, c]) for c in range(3)], np.float32)
    found = found.clip(_LEAST, _LARGEST)
    return np.where(np.abs(found - 1) < _NOTHING, np.float32(1), found).astype(np.float32)


def _ratio(ours: npt.NDArray[np.float32], theirs: npt.NDArray[np.float32]) -> float:
    usable = (theirs > _DARK) & (theirs < _BRIGHT) & (ours > _DARK / 2) & (ours < 2 * _BRIGHT)
    if np.count_nonzero(usable) < _ENOUGH:
        return 1.0
    return float(np.exp(np.median(np.log(ours[usable] / theirs[usable]))))
