"""What a model is shown beyond the edge of the canvas."""

from __future__ import annotations

from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

Number = TypeVar("Number", np.float32, np.uint8)


def mirrored_by(
    picture: npt.NDArray[Number], beyond: tuple[tuple[int, int], tuple[int, int]]
) -> npt.NDArray[Number]:
    """The picture and its mirror image about its last pixels, as often as it takes.

    Args:
        picture: (h, w) or (h, w, 3).
        beyond: ((above, below), (left, right)): pixels wanted on each side.
    """
    if not any(map(any, beyond)):
        return picture
    (above, below), (left, right) = beyond
    return np.asarray(
        cv2.copyMakeBorder(picture, above, below, left, right, cv2.BORDER_REFLECT_101),
        picture.dtype,
    )
