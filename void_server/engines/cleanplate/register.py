"""The motion of the background between two frames."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from void_server.engines.cleanplate.proxy import Gray, Matrix, Proxy, normalised, resized
from void_server.engines.engine import Mask

Points = npt.NDArray[np.float32]
"""(N, 1, 2) float32: x, y in proxy pixels."""

_MOST_POINTS = 2000
_RETURN_ERROR = 0.5  # proxy pixels a point may miss its start by when tracked there and back
_REPROJECTION = 0.7  # proxy pixels; MAGSAC++ marginalises below it, so it is no sharp bound
_FEW = 8  # fewer agreeing points than this say nothing
_MANY = 30  # fewer than this do not carry the eight parameters of a homography
_LITTLE = 50  # pixels in common, one in nine counted, that say too little
_THINNED = 5  # one pixel in so many is looked at for mean and contrast
_SMALLEST = 32  # pixels; ORB describes a corner by a square of 31
_WEAK_PEAK = 0.15  # response of a phase correlation below which it found nothing


@dataclass(frozen=True, kw_only=True)
class Motion:
    """How the background moves from one frame to another.

    Attributes:
        matrix: (3, 3) homography from the first frame's pixels to the second's.
        confidence: 0 (a guess) to 1 (hundreds of points agree).
        method: What found it: ``features``, ``matching``, ``phase`` or ``guess``.
    """

    matrix: Matrix
    confidence: float
    method: str


class Registrar:
    """Registers frames against one frame, whose features are found once.

    Args:
        first: The frame to register against.
    """

    def __init__(self, first: Proxy) -> None:
        self._first = first
        self._half = first.halved()
        self._points = _features(first)

    def find(self, second: Proxy, guess: Matrix) -> Motion:
        """The motion from the first frame to ``second``, looked for near ``guess``.

        Features are followed first; where too few hold, they are matched by their looks; without
        features the strongest common translation is taken; without that the guess stays.
        """
        second = self._as_bright(second, guess)
        for attempt in (self._by_following, self._by_matching):
            motion = attempt(second, guess)
            if motion is not None:
                return self._refined(second, motion)
        return self._by_phase(second) or Motion(matrix=guess, confidence=0.0, method="guess")

    def _as_bright(self, second: Proxy, guess: Matrix) -> Proxy:
        """``second`` in the first's exposure: Lucas-Kanade takes a change of light for motion."""
        back = np.linalg.inv(guess)
        size = self._first.gray.shape[::-1]
        gray = cv2.warpPerspective(second.gray, back, size, flags=cv2.INTER_NEAREST)
        seen = cv2.warpPerspective(second.background, back, size, flags=cv2.INTER_NEAREST)
        common = (seen > 0) & (self._first.background > 0)
        if np.count_nonzero(common[::3, ::3]) < _LITTLE:
            return second
        contrast, offset = _exposure(gray, self._first.gray, common)
        if abs(contrast - 1) < 0.01 and abs(offset) < 0.5:
            return second
        table = np.clip(np.arange(256) * contrast + offset + 0.5, 0, 255).astype(np.uint8)
        return replace(second, gray=table[second.gray])

    def _by_following(self, second: Proxy, guess: Matrix) -> Motion | None:
        if len(self._points) < _FEW:
            return None
        start = cv2.perspectiveTransform(self._points, guess).astype(np.float32)
        there, good = _follow(self._first.gray, second.gray, self._points, start)
        back, also = _follow(second.gray, self._first.gray, there, self._points.copy())
        missed = np.abs(back - self._points).max(axis=(1, 2))
        good &= also & (missed < _RETURN_ERROR) & _on_background(there, second)
        return _fitted(self._points[good], there[good], len(self._points), "features")

    def _by_matching(self, second: Proxy, guess: Matrix) -> Motion | None:
        """Source: ORB, Rublee et al. (2011), with Lowe's ratio test (2004)."""
        if min(self._first.gray.shape) < _SMALLEST:
            return None
        orb = cv2.ORB.create(nfeatures=_MOST_POINTS)
        here, ours = orb.detectAndCompute(self._first.gray, self._first.background)
        there, theirs = orb.detectAndCompute(second.gray, second.background)
        if ours is None or theirs is None or len(here) < _FEW or len(there) < 2:
            return None
        pairs = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(ours, theirs, k=2)
        kept = [p[0] for p in pairs if len(p) == 2 and p[0].distance < 0.75 * p[1].distance]
        a = np.array([here[m.queryIdx].pt for m in kept], np.float32).reshape(-1, 1, 2)
        b = np.array([there[m.trainIdx].pt for m in kept], np.float32).reshape(-1, 1, 2)
        return _fitted(a, b, len(kept), "matching")

    def _by_phase(self, second: Proxy) -> Motion | None:
        """Source: Kuglin and Hines, "The phase correlation image alignment method" (1975)."""
        a, b = _evened(self._half), _evened(second.halved())
        if min(a.shape) < 8 or a.std() < 0.5 or b.std() < 0.5:
            return None
        window = cv2.createHanningWindow(a.shape[::-1], cv2.CV_32F)
        (x, y), response = cv2.phaseCorrelate(a, b, window)
        if response < _WEAK_PEAK:
            return None
        matrix = np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])
        full = resized(matrix, old=a.shape, new=self._first.gray.shape)
        return Motion(matrix=full, confidence=0.25 * float(response), method="phase")

    def _refined(self, second: Proxy, motion: Motion) -> Motion:
        """The motion after ECC on the half-size proxies, if that is closer.

        Only pixels that already agree take part, so that what moves otherwise (a floor under a
        swaying camera) cannot pull the plane that the points have found.

        Source: Evangelidis and Psarakis, "Parametric image alignment using enhanced correlation
        coefficient maximization" (2008).
        """
        half = second.halved()
        shapes = {"old": self._first.gray.shape, "new": half.gray.shape}
        start = resized(motion.matrix, **shapes).astype(np.float32)
        mask, before = _agreement(self._half, half, start)
        if mask is None:
            return motion
        try:
            _, found = cv2.findTransformECC(
                self._half.gray, half.gray, start.copy(), cv2.MOTION_HOMOGRAPHY, _ECC_STOP, mask, 5
            )
        except cv2.error:
            return motion  # ECC raises when it does not converge; the points stand
        _, after = _agreement(self._half, half, found)
        if after >= before:
            return motion
        matrix = resized(found.astype(np.float64), old=shapes["new"], new=shapes["old"])
        return Motion(matrix=matrix, confidence=motion.confidence, method=motion.method)


_ECC_STOP = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 12, 1e-5)
_FOLLOW_STOP = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 30, 0.005)


def _features(frame: Proxy) -> Points:
    """Corners on the background. Source: Shi and Tomasi, "Good features to track" (1994)."""
    inner = cv2.erode(frame.background, np.ones((9, 9), np.uint8), borderValue=0)
    apart = max(min(frame.gray.shape) / 180, 2.0)
    found = cv2.goodFeaturesToTrack(frame.gray, _MOST_POINTS, 0.005, apart, mask=inner)
    if found is None:
        return np.empty((0, 1, 2), np.float32)
    return np.asarray(found, np.float32)


def _follow(
    first: Gray, second: Gray, points: Points, start: Points
) -> tuple[Points, npt.NDArray[np.bool_]]:
    """Source: pyramidal Lucas-Kanade, Bouguet (2001)."""
    there, status, _ = cv2.calcOpticalFlowPyrLK(
        first,
        second,
        points,
        start,
        winSize=(15, 15),
        maxLevel=5,
        criteria=_FOLLOW_STOP,
        flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
    )
    return there, status[:, 0] > 0


def _on_background(points: Points, frame: Proxy) -> npt.NDArray[np.bool_]:
    height, width = frame.gray.shape
    at = np.rint(np.nan_to_num(points[:, 0], nan=-1.0)).clip(-1, max(height, width)).astype(int)
    x, y = at[:, 0], at[:, 1]
    within = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    return np.asarray(within & (frame.background[y.clip(0, height - 1), x.clip(0, width - 1)] > 0))


def _fitted(a: Points, b: Points, tried: int, method: str) -> Motion | None:
    """The motion most of the pairs agree on; a similarity when they are too few for more.

    Source: homography from points, Hartley and Zisserman, "Multiple view geometry" (2004) ch. 4;
    MAGSAC++, Barath et al. (2020).
    """
    if len(a) < _FEW:
        return None
    if len(a) >= _MANY:
        matrix, inliers = cv2.findHomography(
            a, b, cv2.USAC_MAGSAC, _REPROJECTION, maxIters=2000, confidence=0.999
        )
    else:
        matrix, inliers = cv2.estimateAffinePartial2D(
            a, b, method=cv2.RANSAC, ransacReprojThreshold=2 * _REPROJECTION
        )
        matrix = None if matrix is None else np.vstack([matrix, [0, 0, 1.0]])
    agreeing = 0 if inliers is None else int(np.count_nonzero(inliers))
    if matrix is None or agreeing < max(_FEW, 0.3 * len(a)) or not _plausible(matrix):
        return None
    share = agreeing / max(tried, 1)
    confidence = min(agreeing / 100, 1.0) * min(2 * share, 1.0)
    return Motion(matrix=normalised(matrix), confidence=confidence, method=method)


def _plausible(matrix: Matrix) -> bool:
    """Whether a homography is one a camera could make between frames: no flip, no collapse."""
    area = float(np.linalg.det(matrix[:2, :2] / matrix[2, 2]))
    return bool(np.isfinite(matrix).all()) and 0.1 < area < 10.0


def _evened(frame: Proxy) -> npt.NDArray[np.float32]:
    """(h, w) float32 with mean 0 on the background and 0 elsewhere."""
    seen = frame.background > 0
    gray = frame.gray.astype(np.float32)
    level = float(gray[seen].mean()) if seen.any() else 0.0
    return np.where(seen, gray - level, 0.0).astype(np.float32)


def _agreement(
    first: Proxy, second: Proxy, matrix: npt.NDArray[np.float32]
) -> tuple[Gray | None, float]:
    """Where two frames agree under a motion, in the second's pixels, and their mean difference.

    The difference is the mean of the smaller nine tenths, in grey levels; infinite when there is
    too little in common.
    """
    size = second.gray.shape[::-1]
    warped = cv2.warpPerspective(first.gray, matrix, size, flags=cv2.INTER_LINEAR)
    seen = cv2.warpPerspective(first.background, matrix, size, flags=cv2.INTER_NEAREST)
    common = (seen > 0) & (second.background > 0)
    if np.count_nonzero(common[::3, ::3]) < _LITTLE:
        return None, float("inf")
    apart = cv2.blur(cv2.absdiff(warped, second.gray).astype(np.float32), (7, 7))
    limit = float(np.quantile(apart[::3, ::3][common[::3, ::3]], 0.9))
    close = common & (apart <= max(limit, 1.0))
    return close.astype(np.uint8) * np.uint8(255), float(apart[close].mean())


def _exposure(gray: Gray, other: Gray, common: Mask) -> tuple[float, float]:
    """(contrast, offset) that give ``gray`` the mean and contrast of ``other``."""
    mine, theirs = gray[common][::_THINNED], other[common][::_THINNED]
    contrast = float(theirs.std()) / max(float(mine.std()), 1e-3)
    contrast = float(np.clip(contrast, 0.25, 4.0))
    return contrast, float(theirs.mean()) - contrast * float(mine.mean())
