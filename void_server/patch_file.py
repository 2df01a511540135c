"""One kind of picture of one frame as an EXR file of its own, for a sequence beside the comp."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from bridge.sequence import PictureKind
from void_server.composite import prefixed
from void_server.images import exr
from void_server.images.atomic import Written, write_file
from void_server.images.exr_change import AttributeValue
from void_server.images.picture import Picture, Plane
from void_server.images.window import Window
from void_server.native import patch_type
from void_server.patch import Patch
from void_server.patch_planes import channels_of, patch_planes
from void_server.plate import PlateColor


def write_patch_file(
    kind: PictureKind,
    picture: Picture,
    patch: Patch | None,
    path: Path,
    *,
    color: PlateColor,
    attributes: Mapping[str, AttributeValue],
) -> Written:
    """Write one kind of picture alone, scene-linear, in the plate's display window.

    The data window of a patch is just the hole: hosts show it in place, and load and store only
    what there is; a frame without a hole is one transparent pixel. A matte covers the plate's
    data window, because hosts that take it as an external matte want the plate's size.

    Args:
        kind: Anything but the comp.
        picture: The frame as `ShotFootage.picture` returns it.
        patch: What goes over it, or None.
        path: The file to write, whole or not at all.
        color: The plate's colour.
        attributes: Our attributes; the prefix is put before their names.

    Raises:
        ServerError: The file cannot be written.
    """
    if kind == "matte":
        box, tag = picture.data_window, "data"
    else:
        box = _first_pixel(picture.display_window) if patch is None else patch.box
        tag = color.interop_id
    data = exr.encode_new(
        _planes(kind, picture, patch, box),
        data_window=box,
        display_window=picture.display_window,
        pixel_aspect=picture.pixel_aspect,
        rate=picture.rate,
        timecode=picture.timecode,
        original_data_window=picture.data_window if box != picture.data_window else None,
        attributes={**prefixed(attributes), **({"colorInteropID": tag} if tag else {})},
    )
    return write_file(path, data)


def _planes(
    kind: PictureKind, picture: Picture, patch: Patch | None, box: Window
) -> dict[str, Plane]:
    """The channels over ``box``, 0 where there is no patch."""
    dtype = patch_type(picture)
    common = patch.box.intersect(box) if patch is not None else None
    if patch is None or common is None:
        return {name: np.zeros(box.shape, dtype) for name in channels_of(kind)}
    made = patch_planes(kind, patch, dtype)
    if patch.box == box:
        return made
    return _placed(made, patch.box, box, common)


def _placed(
    planes: Mapping[str, Plane], lies: Window, box: Window, common: Window
) -> dict[str, Plane]:
    placed = {}
    for name, plane in planes.items():
        placed[name] = np.zeros(box.shape, plane.dtype)
        placed[name][box.slices(common)] = plane[lies.slices(common)]
    return placed


def _first_pixel(window: Window) -> Window:
    return Window.of_size(1, 1, left=window.x_min, top=window.y_min)
