"""What a patch is delivered as besides the comp: channels over the patch's own box.

::

    patch      R G B premultiplied, A, and how often the background was seen
    straight   R G B as they went over the plate, A
    degrained  R G B without the grain that was made for them, A
    matte      the alpha that the comp was made with, in R, G, B and A

All are scene-linear and 0 where alpha is 0. ``patch`` over the plate is the comp.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bridge.sequence import PictureKind
from void_server.engines.engine import Rgb
from void_server.images.picture import Plane
from void_server.native import in_type
from void_server.patch import Patch

CONFIDENCE = "confidence.Y"
"""Channel of a patch: in how many other frames the background was seen; 0 = invented."""


def channels_of(kind: PictureKind) -> Sequence[str]:
    """Names of the channels of a kind, except the comp, which has those of its plate."""
    return ("R", "G", "B", "A", CONFIDENCE) if kind == "patch" else ("R", "G", "B", "A")


def patch_planes(kind: PictureKind, patch: Patch, dtype: np.dtype[np.generic]) -> dict[str, Plane]:
    """The channels of a kind, each (h, w) over ``patch.box``.

    Args:
        kind: Anything but the comp.
        patch: What goes over the plate.
        dtype: float16 or float32; light beyond half is brought to its largest number.
    """
    alpha = in_type(patch.alpha, dtype)
    if kind == "matte":
        return dict.fromkeys("RGBA", alpha)
    rgb = _light(kind, patch)
    planes = {name: in_type(rgb[:, :, index], dtype) for index, name in enumerate("RGB")}
    planes["A"] = alpha
    if kind == "patch":
        planes[CONFIDENCE] = np.where(patch.alpha > 0, patch.seen, 0).astype(dtype)
    return planes


def _light(kind: PictureKind, patch: Patch) -> Rgb:
    source = patch.degrained if kind == "degrained" and patch.degrained is not None else patch.rgb
    weight = patch.alpha[:, :, None] if kind == "patch" else np.float32(1)
    with np.errstate(invalid="ignore", over="ignore"):
        return np.where(patch.alpha[:, :, None] > 0, source * weight, np.float32(0))
