"""What `fidelity.py` measures on a result whose truth is known: errors in stops, sharpness, grain.

Pictures are (H, W, 3) float32 scene-linear; masks are (H, W) bool. Stops are of luma, low-passed,
so that they speak of colour and not of grain.
"""

from __future__ import annotations

import cv2
import numpy as np

LUMA = np.array([0.272, 0.674, 0.054], np.float32)
DARKEST = 0.02  # scene-linear; below, a stop is grain
EDGE = 12  # pixels along the hole's border that count as its edge


def stops(result: np.ndarray, truth: np.ndarray, *, sigma: float = 6.0) -> np.ndarray:
    """(H, W, 3) how much brighter the result is, low-passed, stops."""
    low = [cv2.GaussianBlur(np.maximum(p, 0), (0, 0), sigma) for p in (result, truth)]
    return np.log2(np.maximum(low[0], DARKEST) / np.maximum(low[1], DARKEST))


def core_and_edge(error: np.ndarray, hole: np.ndarray) -> tuple[float, float]:
    """(mean |stops| in the depth of the hole, mean |stops| along its edge)."""
    depth = cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, 3)
    size = np.abs(error).mean(axis=2)
    core, edge = depth > 2 * EDGE, (depth > 0) & (depth <= EDGE)
    return (float(size[core].mean()) if core.any() else 0.0,
            float(size[edge].mean()) if edge.any() else 0.0)  # fmt: skip


def boundary_step(result: np.ndarray, truth: np.ndarray, hole: np.ndarray) -> float:
    """Median |stops| between the error just inside the hole and just outside it."""
    depth = cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, 3)
    away = cv2.distanceTransform((~hole).astype(np.uint8), cv2.DIST_L2, 3)
    inner, outer = (depth > 0) & (depth <= 4), (away > 0) & (away <= 4)
    light = np.log2(np.maximum(result @ LUMA, DARKEST) / np.maximum(truth @ LUMA, DARKEST))
    near = [cv2.blur(light * m, (9, 9)) / np.maximum(cv2.blur(m.astype(np.float32), (9, 9)), 1e-3)
            for m in (inner, outer)]  # fmt: skip
    border = (depth > 0) & (depth <= 1.5)
    return float(np.median(np.abs(near[0] - near[1])[border]))


def mean_stops(error: np.ndarray, hole: np.ndarray) -> float:
    """Mean stops over the depth of the hole, signed: what flickers."""
    depth = cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, 3)
    core = depth > EDGE
    return float(error.mean(axis=2)[core].mean()) if core.any() else 0.0


def sharpness(picture: np.ndarray, mask: np.ndarray) -> float:
    """High-frequency energy over a mask, in a display curve: mean square of what a blur takes."""
    code = np.power(np.clip(picture @ LUMA, 0, 1), 1 / 2.2).astype(np.float32)
    fine = code - cv2.GaussianBlur(code, (0, 0), 1.5)
    inner = cv2.erode(mask.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    return float(np.square(fine[inner]).mean()) if inner.any() else 0.0


def around(hole: np.ndarray, width: int = 48) -> np.ndarray:
    """The pixels within ``width`` of the hole that are not in it."""
    away = cv2.distanceTransform((~hole).astype(np.uint8), cv2.DIST_L2, 3)
    return (away > 2) & (away <= width)
