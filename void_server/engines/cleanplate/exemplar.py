"""Completes a small picture from patches of itself."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from void_server.engines.engine import Mask
from void_server.finish.membrane import membrane

Float = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]
"""(N, 2): row, column."""

_RADIUS = 3
"""Patches are 7 x 7."""

_SIDE = 2 * _RADIUS + 1
_THINNEST = 5  # pixels from the edge of the hole to its middle at which the coarsest level starts
_STEPS = (4, 1)  # how far away neighbours propose their match, pixels
_ROUNDS = 4  # of matching and voting per level
_SURENESS = 0.6  # how much less a pixel counts for each pixel further into the hole
_SWEEPS = 2  # of matching per round


@dataclass(frozen=True)
class Completion:
    """A completed picture.

    Attributes:
        code: (h, w, 3) float32: the picture with its unknown filled.
        patched: (h, w, 3) float32: what the patches say, in a rim around the unknown too, where it
            can be compared with what is known; elsewhere as ``code``.
        rim: (h, w) bool, that rim.
        match: (h, w, 2) int64, row and column that each unknown or rim pixel was taken from;
            itself elsewhere.
    """

    code: Float
    patched: Float
    rim: Mask
    match: Places


def completed(code: Float, *, known: Mask, unknown: Mask, seed: int) -> Completion:
    """Fill ``unknown`` so that every patch in it looks like some patch that is known.

    Args:
        code: (h, w, 3) float32, in a domain where differences compare fairly.
        known: (h, w) bool, what patches may be taken from.
        unknown: (h, w) bool, what is to be filled.
        seed: Seed of the random search.

    Source: Wexler et al., "Space-time completion of video" (2007), coarse to fine, its patches
    found by PatchMatch (Barnes et al., 2009).
    """
    rng = np.random.default_rng(seed)
    start = membrane(code * known[..., None], known, cell=1)
    filled = np.where(known[..., None], code, start).astype(np.float32)
    rough = _coarser(filled, known, unknown, seed)
    if rough is not None:
        filled = _seeded(filled, rough, unknown)
    level = _Level(filled, known, unknown)
    if not level.sources.any():
        nowhere = np.zeros_like(unknown)
        return Completion(filled, filled, nowhere, _own_places(unknown.shape))
    level.begin(None if rough is None else rough.match, rng)
    for _ in range(_ROUNDS):
        for _ in range(_SWEEPS):
            level.match(rng)
        level.vote()
    return level.completion()


def _coarser(code: Float, known: Mask, unknown: Mask, seed: int) -> Completion | None:
    """The same at half the size; None when the hole is thin, or the picture too small for it."""
    depth = float(cv2.distanceTransform(unknown.view(np.uint8), cv2.DIST_L2, 3).max())
    if depth <= _THINNEST or min(unknown.shape) < 4 * _SIDE:
        return None
    height, width = unknown.shape
    size = (width // 2, height // 2)
    small = cv2.resize(code, size, interpolation=cv2.INTER_AREA)
    lost = cv2.resize(unknown.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0
    kept = cv2.resize(known.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.99
    if not (kept & ~lost).any():
        return None
    return completed(small, known=kept & ~lost, unknown=lost, seed=seed + 1)


def _seeded(code: Float, rough: Completion, unknown: Mask) -> Float:
    grown = cv2.resize(rough.code, unknown.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.where(unknown[..., None], grown, code).astype(np.float32)


def _own_places(shape: tuple[int, ...]) -> Places:
    return np.moveaxis(np.indices(shape, np.int64), 0, -1).copy()


class _Level:
    """One size of the picture: what is to be matched, with what, and how well it is."""

    def __init__(self, code: Float, known: Mask, unknown: Mask) -> None:
        self.code = self._said = code
        self.unknown = unknown
        inwards = cv2.distanceTransform(unknown.view(np.uint8), cv2.DIST_L2, 3)
        self._sure: Float = np.power(_SURENESS, inwards).astype(np.float32)
        square = np.ones((_SIDE, _SIDE), np.uint8)
        whole = cv2.erode(known.view(np.uint8), square, borderType=cv2.BORDER_CONSTANT)
        self.sources: Mask = np.asarray(whole > 0)
        self._inner(self.sources)
        touched = cv2.dilate(unknown.view(np.uint8), square) > 0
        self._inner(touched)
        self.targets: Places = np.argwhere(touched)
        self._index = np.full(unknown.shape, -1, np.int64)
        self._index[tuple(self.targets.T)] = np.arange(len(self.targets))

    @staticmethod
    def _inner(mask: Mask) -> None:
        """Only patches that lie within the picture as a whole take part."""
        mask[:_RADIUS], mask[-_RADIUS:] = False, False
        mask[:, :_RADIUS], mask[:, -_RADIUS:] = False, False

    def begin(self, rough: Places | None, rng: np.random.Generator) -> None:
        """Start from the matches of the level above, or anywhere."""
        pool = np.argwhere(self.sources)
        self.found: Places = pool[rng.integers(len(pool), size=len(self.targets))]
        self._cost = self._costs(self.targets, self.found)
        if rough is not None and len(self.targets):
            above = np.minimum(self.targets // 2, np.array(rough.shape[:2]) - 1)
            self._offer(rough[tuple(above.T)] * 2 + self.targets % 2)

    def match(self, rng: np.random.Generator) -> None:
        """One sweep: take over from neighbours, then look around at random, ever nearer."""
        self._cost = self._costs(self.targets, self.found)
        for step in _STEPS:
            for move in ((0, step), (step, 0), (0, -step), (-step, 0)):
                self._offer(self._proposed(np.array(move)))
        reach = max(self.unknown.shape) // 2
        while reach >= 1:
            self._offer(self.found + rng.integers(-reach, reach + 1, self.found.shape))
            reach //= 3

    def vote(self) -> None:
        """Every unknown pixel becomes the mean of what the patches over it say, the best most."""
        total = np.zeros_like(self.code)
        weight = np.zeros(self.unknown.shape, np.float32)
        scale = max(float(np.quantile(self._cost, 0.75)), 1e-8) if len(self._cost) else 1.0
        trust = np.exp(-self._cost / (2 * scale)).astype(np.float32)
        trust *= self._sure[tuple(self.targets.T)]
        for row in range(-_RADIUS, _RADIUS + 1):
            for column in range(-_RADIUS, _RADIUS + 1):
                move = np.array([row, column])
                at, by = tuple((self.targets + move).T), tuple((self.found + move).T)
                total[at] += trust[:, None] * self.code[by]
                weight[at] += trust
        self._said = np.where(
            weight[..., None] > 1e-6, total / np.maximum(weight, 1e-6)[..., None], self.code
        )
        self.code = np.where(self.unknown[..., None], self._said, self.code)

    def completion(self) -> Completion:
        """The picture as it stands."""
        touched = self._index >= 0
        match = _own_places(self.unknown.shape)
        match[tuple(self.targets.T)] = self.found
        rim = touched & ~self.unknown
        patched = np.where(touched[..., None], self._said, self.code)
        return Completion(self.code, patched, rim, match)

    def _proposed(self, move: Places) -> Places:
        """What the neighbour ``move`` away has found, seen from here."""
        there = self.targets + move
        inside = ((there >= 0) & (there < self.unknown.shape)).all(axis=1)
        neighbour = np.full(len(there), -1)
        neighbour[inside] = self._index[tuple(there[inside].T)]
        return np.where(neighbour[:, None] >= 0, self.found[neighbour] - move, self.found)

    def _offer(self, places: Places) -> None:
        """Take the places over where they match better than what was found."""
        inside = ((places >= 0) & (places < self.unknown.shape)).all(axis=1)
        rows = np.flatnonzero(inside)
        rows = rows[self.sources[tuple(places[rows].T)]]
        cost = self._costs(self.targets[rows], places[rows])
        better = rows[cost < self._cost[rows]]
        self._cost[better] = cost[cost < self._cost[rows]]
        self.found[better] = places[better]

    def _costs(self, targets: Places, places: Places) -> Float:
        """(N,) mean squared difference of the patches around targets and places."""
        windows = np.lib.stride_tricks.sliding_window_view(self.code, (_SIDE, _SIDE), axis=(0, 1))
        sure = np.lib.stride_tricks.sliding_window_view(self._sure, (_SIDE, _SIDE))
        mine, other = (windows[tuple((p - _RADIUS).T)] for p in (targets, places))
        weight = sure[tuple((targets - _RADIUS).T)]
        apart = np.einsum("ncij,ncij,nij->n", mine - other, mine - other, weight)
        return np.asarray(apart / weight.sum(axis=(1, 2)), np.float32)
