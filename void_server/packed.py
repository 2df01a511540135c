"""Masks kept small: one bit a pixel, compressed. A shot has many, and each is looked at seldom."""

from __future__ import annotations

import zlib

import numpy as np

from void_server.engines.engine import Mask


def pack(mask: Mask) -> bytes:
    """The mask's bits, compressed; b"" when nothing is set."""
    return zlib.compress(np.packbits(mask).tobytes(), 1) if mask.any() else b""


def unpack(packed: bytes, shape: tuple[int, int]) -> Mask:
    """(H, W) bool: what `pack` was given."""
    if not packed:
        return np.zeros(shape, np.bool_)
    bits = np.frombuffer(zlib.decompress(packed), np.uint8)
    flat = np.unpackbits(bits, count=shape[0] * shape[1])
    return flat.view(np.bool_).reshape(shape)
