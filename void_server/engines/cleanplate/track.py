"""The motion of the background through the whole shot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from void_server.engines.cleanplate import tone
from void_server.engines.cleanplate.box import Box
from void_server.engines.cleanplate.proxy import Matrix, Proxy, normalised, resized
from void_server.engines.cleanplate.register import Registrar
from void_server.engines.engine import Footage, Progress

_LEAST_VISIBLE = 0.02
"""Share of background below which a frame says nothing of the camera."""

_WANTED_OVERLAP = 0.7
"""Share of the key frame that must still be in the picture; below, a new key frame begins."""

_WANTED_CONFIDENCE = 0.5
"""Confidence below which a new key frame is tried."""

_STILL = 0.10
"""A shot whose background never moves by more, in plate pixels, was shot from a tripod."""

_WHOLE = 0.04
"""Distance from a whole-pixel move, plate pixels, below which pixels are copied, not resampled:
a few times the measured error of the registration."""


@dataclass(frozen=True)
class Track:
    """Where the background is in each frame.

    Attributes:
        poses: Per frame the homography from the shot's reference to the frame, plate pixels.
        confidence: Per frame 0 (guessed) to 1.
    """

    poses: Mapping[int, Matrix]
    confidence: Mapping[int, float]

    def between(self, first: int, second: int) -> Matrix:
        """Homography from the pixels of one frame to those of another."""
        if first == second:
            return np.eye(3)
        return normalised(self.poses[second] @ np.linalg.inv(self.poses[first]))


def whole_shift(matrix: Matrix, box: Box) -> tuple[int, int] | None:
    """(rows, columns) when ``matrix`` moves ``box`` by whole pixels, near enough; else None."""
    moved = cv2.perspectiveTransform(box.corners, matrix) - box.corners
    columns, rows = np.rint(moved.mean(axis=(0, 1)))
    if np.abs(moved - [columns, rows]).max() > _WHOLE:
        return None
    return int(rows), int(columns)


def track(footage: Footage, progress: Progress) -> Track:
    """Follow the background through the shot, one frame in memory besides the key frame.

    Each frame is registered against a key frame rather than against its neighbour, so that errors
    do not add up; a new key frame begins where the old one leaves the picture.
    """
    tracker = _Tracker(footage.size)
    frames = list(footage.frames)
    for index, frame in enumerate(frames):
        tracker.add(frame, footage)
        progress("tracking", index + 1, len(frames), frame=frame)
    return tracker.result(frames)


class _Tracker:
    """The state of following a shot: the key frame, the last frame and all poses so far."""

    def __init__(self, size: tuple[int, int]) -> None:
        self._size = size
        self._poses: dict[int, Matrix] = {}
        self._confidence: dict[int, float] = {}
        self._key: Registrar | None = None
        self._key_pose: Matrix = np.eye(3)
        self._tone_key = 0.0
        self._last: tuple[Proxy, Matrix] | None = None

    def add(self, frame: int, footage: Footage) -> None:
        """Register one more frame; one that shows too little background is left out."""
        foreign = footage.foreign(frame)
        if 1.0 - foreign.mean() < _LEAST_VISIBLE:
            return
        plate = footage.plate(frame)
        if not self._tone_key:
            self._tone_key = max(float(np.median(tone.luma(plate)[~foreign])), 1e-4)
        proxy = Proxy.of(plate, foreign, key=self._tone_key)
        pose, confidence = self._pose(proxy)
        self._poses[frame], self._confidence[frame] = pose, confidence
        self._last = (proxy, pose)

    def _pose(self, proxy: Proxy) -> tuple[Matrix, float]:
        """(pose in proxy pixels, confidence) of the next frame."""
        if self._key is None or self._last is None:
            self._key = Registrar(proxy)
            return np.eye(3), 1.0
        last_proxy, last_pose = self._last
        motion = self._key.find(proxy, normalised(last_pose @ np.linalg.inv(self._key_pose)))
        pose = normalised(motion.matrix @ self._key_pose)
        overlap = _overlap(motion.matrix, proxy.gray.shape)
        if motion.confidence >= _WANTED_CONFIDENCE and overlap >= _WANTED_OVERLAP:
            return pose, motion.confidence
        self._key, self._key_pose = Registrar(last_proxy), last_pose
        step = self._key.find(proxy, np.eye(3))
        if step.confidence >= motion.confidence:
            return normalised(step.matrix @ last_pose), step.confidence
        return pose, motion.confidence

    def result(self, frames: Sequence[int]) -> Track:
        """Every frame's pose in plate pixels; frames left out lie between their neighbours."""
        proxy_size = self._last[0].gray.shape if self._last else self._size
        known = {
            frame: resized(pose, old=proxy_size, new=self._size)
            for frame, pose in self._poses.items()
        }
        if _stands_still(known, self._size):
            known = dict.fromkeys(known, np.eye(3))
        poses = {frame: _interpolated(known, frame) for frame in frames}
        return Track(poses, {frame: self._confidence.get(frame, 0.0) for frame in frames})


def _overlap(matrix: Matrix, shape: tuple[int, ...]) -> float:
    """Share of the picture that is still in the picture after a motion."""
    height, width = shape
    grid = np.stack(np.meshgrid(np.linspace(0, width - 1, 9), np.linspace(0, height - 1, 9)), -1)
    moved = cv2.perspectiveTransform(grid.reshape(-1, 1, 2), matrix)[:, 0]
    inside = (moved >= -0.5).all(axis=1) & (moved[:, 0] < width) & (moved[:, 1] < height)
    return float(inside.mean())


def _stands_still(poses: Mapping[int, Matrix], size: tuple[int, int]) -> bool:
    corners = Box(top=0, left=0, bottom=size[0], right=size[1]).corners
    moved = [np.abs(cv2.perspectiveTransform(corners, p) - corners).mean() for p in poses.values()]
    return all(distance <= _STILL for distance in moved)


def _interpolated(known: Mapping[int, Matrix], frame: int) -> Matrix:
    """The pose of a frame, for an unknown one on the straight line between its neighbours."""
    if frame in known:
        return known[frame]
    before = max((f for f in known if f < frame), default=None)
    after = min((f for f in known if f > frame), default=None)
    if before is None or after is None:
        near = before if before is not None else after
        return np.eye(3) if near is None else known[near]
    share = (frame - before) / (after - before)
    return normalised((1 - share) * known[before] + share * known[after])
