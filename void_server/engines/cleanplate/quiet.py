"""A picture with less grain: the mean of frames that show the same."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

from void_server.engines.cleanplate.choose import look
from void_server.engines.cleanplate.gather import Sample
from void_server.engines.engine import Mask, Rgb

_SAME = 0.05
"""Difference in `tone.compressed`, smoothed, up to which a pixel shows the same: 5 per cent."""

_CLEAR = 4
"""Pixels that a mean keeps from where the frames differ."""


def quieted(rgb: Rgb, known: Mask, samples: Iterable[Sample]) -> Rgb:
    """(h, w, 3) ``rgb``, where ``known``, averaged with the samples that show the same there."""
    own = look(Sample(rgb, known))
    total, count = rgb.copy(), np.ones(known.shape, np.float32)
    square = np.ones((2 * _CLEAR + 1, 2 * _CLEAR + 1), np.uint8)
    for sample in samples:
        both = known & sample.valid
        differ = both & (np.abs(look(sample) - own) > _SAME)
        same = both & (cv2.dilate(differ.view(np.uint8), square) == 0)
        total[same] += sample.rgb[same]
        count += same
    return np.asarray(total / count[..., None], np.float32)
