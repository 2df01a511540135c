"""Patches of made grain: random numbers with the plate's spectrum and channels."""

from __future__ import annotations

import numpy as np

from void_server.finish.grain.blocks import SIDE, Float
from void_server.finish.grain.spectrum import Spectrum


def synthesised(spectrum: Spectrum, *, count: int, rng: np.random.Generator) -> Float:
    """(count, 3, s, s) grain of variance 1; each patch goes on at its opposite edge.

    Args:
        spectrum: What grain is like.
        count: How many patches.
        rng: Where its random numbers come from.

    Source: Gaussian noise of random phase, as in Galerne et al., "Random phase textures: theory
    and synthesis" (2011).
    """
    white = rng.standard_normal((count, 3, SIDE, SIDE), dtype=np.float32)
    transform = np.fft.rfft2(white, axes=(2, 3)).transpose(2, 3, 1, 0)
    colored = (_root(spectrum.power) @ transform).transpose(3, 2, 0, 1)
    return np.asarray(np.fft.irfft2(colored, s=(SIDE, SIDE), axes=(2, 3)) * SIDE, np.float32)


def _root(power: Float) -> Float:
    """(..., 3, 3) the symmetric square roots of covariances."""
    values, vectors = np.linalg.eigh(power)
    scaled = vectors * np.sqrt(np.maximum(values, 0.0))[..., None, :]
    return np.asarray(scaled @ vectors.swapaxes(-1, -2), np.float32)
