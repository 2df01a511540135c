"""What was written, read back and compared with what it was made from.

The promise that outside the alpha not one bit changes is not left to the writer's word: every
comp is decoded again before it is handed over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from bridge.sequence import PictureKind
from void_server.engines.engine import Mask
from void_server.images import exr
from void_server.images.exr_header import parse_header
from void_server.images.picture import Picture, Plane
from void_server.images.window import Window
from void_server.layers import layer_planes
from void_server.patch import Patch

_Hole = tuple[Window, Mask]
"""A box on a plane, and the pixels in it that may be anything."""


def changed_outside(
    path: Path, picture: Picture, patch: Patch | None, layers: Sequence[PictureKind] = ()
) -> int:
    """Count the values of a written frame that should be the plate's and are not.

    Bit patterns are compared: every channel of every part, except R, G and B where the patch's
    alpha is above 0. Layers must be there and 0 outside of it. A channel that is missing, of
    another type, or neither the plate's nor a layer counts with all its pixels.

    Args:
        path: What `write_comp` wrote.
        picture: The frame it was made from.
        patch: The patch it was made with.
        layers: The layers it was written with.

    Raises:
        RequestError: The file is damaged.
    """
    data = path.read_bytes()
    header, view = parse_header(data, path.name), picture.exr.view if picture.exr else ""
    written = exr.decode(data, header, frame=picture.frame, subject=path.name, view=view)
    if written.data_window != picture.data_window or written.exr is None:
        return sum(plane.size for plane in picture.planes.values())
    if picture.exr is None:
        expected, main = [picture.planes], 0
    else:
        expected, main = list(picture.exr.parts), picture.exr.main
    added = layer_planes(picture, None, layers)
    hole = patch.hole_in(picture.data_window) if patch is not None else None
    free = dict.fromkeys([*picture.rgb_names(), *added], hole)
    expected[main] = {**expected[main], **added}
    got: list[Mapping[str, Plane]] = list(written.exr.parts)
    got += [{}] * (len(expected) - len(got))
    expected += [{}] * (len(got) - len(expected))
    pairs = enumerate(zip(expected, got, strict=True))
    return sum(_changed(*pair, free if index == main else {}) for index, pair in pairs)


def _changed(
    expected: Mapping[str, Plane], got: Mapping[str, Plane], free: Mapping[str, _Hole | None]
) -> int:
    strangers = sum(plane.size for name, plane in got.items() if name not in expected)
    return strangers + sum(
        _differing(plane, got.get(name), free.get(name)) for name, plane in expected.items()
    )


def _differing(expected: Plane, got: Plane | None, free: _Hole | None) -> int:
    if got is None or got.shape != expected.shape or got.dtype != expected.dtype:
        return int(expected.size)
    bits = np.dtype(f"u{expected.dtype.itemsize}")
    different = expected.view(bits) != got.view(bits)
    if free is not None:
        box, hole = free
        different[box.y_min : box.y_max + 1, box.x_min : box.x_max + 1] &= ~hole
    return int(np.count_nonzero(different))
