"""Pictures of a whole shot, kept on disk: a model wants them in an order of its own."""

from __future__ import annotations

import math
import os
import tempfile

import numpy as np
import numpy.typing as npt


class Frames:
    """Pictures in a file that nobody else sees and that is gone with this object.

    Args:
        count: How many.
        shape: Of one.
        dtype: Of its numbers.

    Raises:
        OSError: The disk is full.
    """

    def __init__(self, count: int, shape: tuple[int, ...], dtype: npt.DTypeLike) -> None:
        size = count * math.prod(shape) * np.dtype(dtype).itemsize
        with tempfile.TemporaryFile() as file:
            # A full disk shall say so now: later it would end the process without a word.
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, max(1, size))
            file.truncate(max(1, size))
            self._frames = np.memmap(file, dtype=dtype, mode="r+", shape=(count, *shape))

    def __len__(self) -> int:
        return len(self._frames)

    def __getitem__(self, index: int) -> npt.NDArray[np.generic]:
        return np.asarray(self._frames[index])

    def __setitem__(self, index: int, frame: npt.NDArray[np.generic]) -> None:
        self._frames[index] = frame

    def close(self) -> None:
        """Let go of the file; harmless the second time."""
        self.__dict__.pop("_frames", None)
