"""A shot whose background is known, and models that return it with known faults."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from ocio.model_space import ModelSpace

Float = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

SPACE = ModelSpace(exposure=0.0, peak=8.0)

CROSSTALK = np.array([[0.96, 0.03, 0.01], [-0.02, 0.99, 0.03], [0.02, 0.02, 0.96]], np.float32)
"""Greys stay grey."""


@dataclass(frozen=True)
class Fault:
    """What a model does to a picture; defaults do nothing.

    Attributes:
        gain: Of each channel.
        cross: (3, 3): mixes the channels.
        offset: Of each channel, code.
        drift: Largest gain across the picture that changes with place.
        flicker: Deviation of a frame's gain, all channels alike.
        blur: Sigma, pixels.
        noise: Deviation, code.
        levels: Steps between 0 and 1; 0 means no quantisation.
    """

    gain: tuple[float, float, float] = (1.0, 1.0, 1.0)
    cross: Float = field(default_factory=lambda: np.eye(3, dtype=np.float32))
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)
    drift: float = 0.0
    flicker: float = 0.0
    blur: float = 0.0
    noise: float = 0.0
    levels: int = 0

    def of(self, picture: Float, index: int) -> Float:
        """(H, W, 3) code, as the model returns it for frame ``index``."""
        random = np.random.default_rng((77, index))
        frame_gain = 1.0 + self.flicker * random.standard_normal()
        faulty = cv2.transform(picture, self.cross) * np.float32(self.gain) + np.float32(
            self.offset
        )
        if self.blur:
            faulty = cv2.GaussianBlur(faulty, (0, 0), self.blur)
        faulty = faulty * np.float32(frame_gain) * (1 + self.drift * _slope(picture.shape))
        faulty = faulty + np.float32(self.noise) * random.standard_normal(picture.shape, np.float32)
        faulty = np.clip(faulty, 0, 1)
        if self.levels:
            faulty = np.round(faulty * self.levels) / self.levels
        return faulty.astype(np.float32)


def _slope(shape: tuple[int, ...]) -> Float:
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    wave = np.sin(x / shape[1] * 4.0 + 0.5) * np.cos(y / shape[0] * 3.0)
    return wave[..., None] * np.float32([1.0, 0.6, -0.8])


@dataclass(frozen=True)
class Clip:
    """A camera that pans over a set; an object moves through.

    Attributes:
        size: (height, width).
        count: Frames.
        grain: Deviation of the plate's grain, code.
        step: Pixels that the camera moves in a frame.
        colors: Spread of hue; 0 makes a grey set.
    """

    size: tuple[int, int] = (128, 224)
    count: int = 8
    grain: float = 0.01
    step: int = 3
    colors: float = 1.0
    scenery: Float = field(init=False, repr=False)

    def __post_init__(self) -> None:
        width = self.size[1] + self.step * self.count
        object.__setattr__(self, "scenery", _scenery(self.size[0], width, self.colors))

    def truth(self, index: int) -> Float:
        """(H, W, 3) code: the background."""
        left = self.step * index
        return np.ascontiguousarray(self.scenery[:, left : left + self.size[1]])

    def hole(self, index: int) -> Mask:
        """(H, W) bool: an ellipse that travels."""
        height, width = self.size
        y, x = np.mgrid[0:height, 0:width]
        across = width * (0.40 + 0.02 * index)
        spot = ((y - height * 0.52) / (height * 0.24)) ** 2 + ((x - across) / (width * 0.15)) ** 2
        return spot < 1

    def plate(self, index: int) -> Float:
        """(H, W, 3) code: the background with grain, no object."""
        random = np.random.default_rng((5, index))
        truth = self.truth(index)
        grain = np.float32(self.grain) * random.standard_normal(truth.shape, np.float32)
        return np.clip(truth + grain, 0, 1).astype(np.float32)

    def sent(self, index: int) -> Float:
        """(H, W, 3) code: the plate, with grain and the object."""
        plate = self.plate(index)
        plate[self.hole(index)] = (0.75, 0.15, 0.1)
        return plate

    def foreign(self, index: int) -> Mask:
        """(H, W) bool: the hole alone."""
        return self.hole(index)


def _scenery(height: int, width: int, colors: float) -> Float:
    random = np.random.default_rng(3)
    stops = np.zeros((height, width, 3), np.float32)
    for sigma, depth in ((height / 3, 1.6), (height / 8, 1.0), (4.0, 0.35), (1.2, 0.2)):
        shared = _blurred(random.standard_normal((height, width, 1), np.float32), sigma)
        apart = _blurred(random.standard_normal((height, width, 3), np.float32), sigma)
        stops += depth * (shared + np.float32(0.35 * colors) * apart)
    for _ in range(14):
        top, left = random.integers(0, height - 8), random.integers(0, width - 8)
        tall, wide = random.integers(6, height // 3), random.integers(6, height // 2)
        tint = random.standard_normal(3) * 0.35 * colors + random.standard_normal() * 1.2
        stops[top : top + tall, left : left + wide] += np.float32(tint)
    light = 0.18 * np.exp2(stops)
    return SPACE.encode(np.minimum(light, 7.0).astype(np.float32))


def _blurred(noise: Float, sigma: float) -> Float:
    soft = cv2.GaussianBlur(noise, (0, 0), sigma).reshape(noise.shape)
    return (soft / soft.std()).astype(np.float32)


def soft_alpha(hole: Mask, feather: float) -> Float:
    """(H, W) float32: the composite's alpha, rising inside the hole."""
    inside = cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, 5)
    return np.clip(inside / feather, 0, 1).astype(np.float32)


def stops_of(code: Float, truth: Float, *, sigma: float = 6.0, space: ModelSpace = SPACE) -> Float:
    """(H, W, 3) how much brighter than the truth, both low-passed in light, stops."""
    ours, real = (cv2.GaussianBlur(space.decode(part), (0, 0), sigma) for part in (code, truth))
    return np.log2((ours + 1e-4) / (real + 1e-4))


def core_of(hole: Mask, depth: int = 10) -> Mask:
    """The part of a hole that lies deep inside it."""
    return cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, 5) > depth


@pytest.fixture
def clip() -> Clip:
    return Clip()


@pytest.fixture
def clip_of() -> Callable[..., Clip]:
    return Clip


@pytest.fixture(name="fault_of")
def _fault_of() -> Callable[..., Fault]:
    return Fault


@pytest.fixture(name="crosstalk")
def _crosstalk() -> Float:
    return CROSSTALK


@pytest.fixture(name="space")
def _space() -> ModelSpace:
    return SPACE


@pytest.fixture(name="stops_of")
def _stops_of() -> Callable[..., Float]:
    return stops_of


@pytest.fixture(name="soft_alpha")
def _soft_alpha() -> Callable[..., Float]:
    return soft_alpha


@pytest.fixture(name="core_of")
def _core_of() -> Callable[..., Mask]:
    return core_of
