"""What one homography leaves over: the motion of what lies before or behind the tracked plane."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from void_server.engines.cleanplate import tone
from void_server.engines.cleanplate.gather import Flow, Sample
from void_server.engines.engine import Mask, Rgb
from void_server.finish.membrane import membrane

_CELL = 8  # pixels
_INSIDE = 6  # pixels that a flow vector keeps from what is no background
_TEXTURE = 0.5  # grey levels per pixel of gradient, smoothed, for a vector to mean something
_WORTH = 0.12  # pixels; a residual below this at nine tenths of the vectors is left alone
_FEWEST = 400  # pixels with a flow vector that means something
_THINNED = 7  # one vector in so many is looked at to judge them all


class Parallax:
    """Finds the motion left between one frame and samples that a homography has brought to it.

    Args:
        target: (h, w, 3) the frame to be filled, scene-linear.
        background: (h, w) bool, where it shows background.

    Source: dense inverse search, Kroeger et al., "Fast optical flow using dense inverse search"
    (2016); carried inside as a harmonic field, as flow-guided completion does (Xu et al., "Deep
    flow-guided video inpainting", 2019).
    """

    def __init__(self, target: Rgb, background: Mask) -> None:
        light = tone.luma(target)
        known = light[background]
        self._background = background
        middle = float(np.median(known[::_THINNED])) if known.size else 1.0
        self._key = max(middle, 1e-4)
        self._gray = tone.visible(light, key=self._key)
        self._textured: Mask = _texture(self._gray) > _TEXTURE

    def residual(self, sample: Sample) -> Flow | None:
        """Where in the sample to look for each pixel of the box, as an offset.

        Returns:
            (h, w, 2) pixels, carried into the hole from around it; None when the homography is
            good enough, or too little is known.
        """
        common = self._background & sample.valid
        if min(common.shape) < 32 or np.count_nonzero(common) < _FEWEST:
            return None
        other = tone.visible(tone.luma(sample.rgb), key=self._key)
        # Where they cannot be compared they are made the same, so that nothing is found there.
        other = np.where(common, other, self._gray)
        search = cv2.DISOpticalFlow.create(cv2.DISOpticalFlow_PRESET_FAST)
        search.setUseSpatialPropagation(False)  # it would depend on the number of threads
        flow = search.calc(self._gray, other, None)
        sure = _inner(common) & self._textured
        length = np.abs(flow[sure][::_THINNED]).max(axis=1)
        if length.size < _FEWEST / _THINNED or float(np.quantile(length, 0.9)) < _WORTH:
            return None
        return membrane(flow * sure[..., None], sure, cell=_CELL)


def _inner(mask: Mask) -> Mask:
    kernel = np.ones((2 * _INSIDE + 1, 2 * _INSIDE + 1), np.uint8)
    return np.asarray(cv2.erode(mask.view(np.uint8), kernel) > 0)


def _texture(gray: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """(h, w) the weaker of the horizontal and vertical gradients about a pixel."""
    soft = cv2.GaussianBlur(gray, (0, 0), 1.2)
    across, down = (cv2.Sobel(soft, cv2.CV_32F, *axis, scale=1 / 8) for axis in ((1, 0), (0, 1)))
    return np.asarray(np.minimum(*(cv2.blur(np.abs(g), (15, 15)) for g in (across, down))))
