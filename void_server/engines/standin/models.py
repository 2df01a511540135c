"""Models that imagine nothing: what comes back is known, so what the chain does to it shows."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.float32]
"""(H, W, 3) float32, model space, 0 to 1."""

Model = Callable[[Picture, int], Picture]
"""From what a model is shown of a frame, and the frame's index in the shot, to what it returns."""

BLUR = 1.2
"""Sigma of the blur, model pixels: what the public complaints about softness look like."""

CROSSTALK = np.array([[1.04, -0.02, 0.01], [0.01, 0.96, 0.02], [-0.02, 0.01, 1.06]], np.float32)
OFFSET = np.array([0.012, -0.008, 0.010], np.float32)
"""A colour shift as it was seen of decoders: crosstalk of a few per cent, and an offset."""

FLICKER = 0.02
"""Gain by which frames differ, up and down in turn."""


def same(sent: Picture, index: int) -> Picture:
    """What was sent."""
    return sent


def blurred(sent: Picture, index: int) -> Picture:
    """What was sent, out of focus."""
    return np.asarray(cv2.GaussianBlur(sent, (0, 0), BLUR), np.float32)


def shifted(sent: Picture, index: int) -> Picture:
    """What was sent in other colours, brighter and darker by turns, and cut to 0 to 1."""
    gain = np.float32(1 + FLICKER * (1 if index % 2 else -1))
    return np.asarray(np.clip((sent @ CROSSTALK.T + OFFSET) * gain, 0.0, 1.0), np.float32)


MODELS: dict[str, Model] = {"identity": same, "blur": blurred, "shift": shifted}
