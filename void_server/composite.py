"""The patch over the plate: only the hole changes, every other bit stays.

Never a lerp of the whole frame: ``v * (1 - 0) + fill * 0`` quiets NaN payloads, turns -0 into 0
and lets one infinite fill value destroy the frame. Pixels are assigned where alpha is above 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from bridge.sequence import PictureKind
from void_server.engines.engine import Mask, Rgb
from void_server.images import exr
from void_server.images.atomic import Written, write_file
from void_server.images.exr_change import AttributeValue
from void_server.images.picture import Picture, Plane
from void_server.layers import layer_planes, refuse_unfit
from void_server.matte import Alpha
from void_server.native import in_type
from void_server.patch import Patch
from void_server.plate import PlateColor

PREFIX = "void/"
"""What the names of all our attributes begin with."""


def write_comp(
    picture: Picture,
    patch: Patch | None,
    path: Path,
    *,
    color: PlateColor,
    attributes: Mapping[str, AttributeValue],
    layers: Sequence[PictureKind] = (),
) -> Written:
    """Write the plate with the patch over it.

    Args:
        picture: The frame as `ShotFootage.picture` returns it.
        patch: What goes over it; None leaves every pixel as it is.
        path: The file to write, whole or not at all.
        color: The plate's colour.
        attributes: Our attributes; the prefix is put before their names.
        layers: What else the file holds, as channels of its main part; the rest of the plate
            keeps its bits all the same.

    Raises:
        RequestError: The plate cannot carry these layers.
        ServerError: The file cannot be written.
    """
    if layers:
        refuse_unfit(picture, color, layers)
    rows, strip = over(picture, patch, color)
    ours = prefixed(attributes)
    added = layer_planes(picture, patch, layers)
    if picture.exr is not None:
        data = exr.encode_over(picture, strip, ours, rows=rows, drop_prefix=PREFIX, layers=added)
    else:
        data = _encode_new(picture, _changed(picture, rows, strip) | added, color, ours)
    return write_file(path, data)


def prefixed(attributes: Mapping[str, AttributeValue]) -> dict[str, AttributeValue]:
    """Our attributes under the names that they have in a file."""
    return {PREFIX + name: value for name, value in attributes.items()}


def over(
    picture: Picture, patch: Patch | None, color: PlateColor
) -> tuple[range, dict[str, Plane]]:
    """The rows that the patch changes, and R, G and B of these rows with the patch over them.

    The blend is done in scene-linear; a plate in another space is converted there and back for
    the pixels of the hole alone. Planes are (rows, width) in the picture's own type.
    """
    hole = patch.hole_in(picture.data_window) if patch is not None else None
    if patch is None or hole is None:
        return range(0), {}
    box, selected = hole
    rows = range(box.y_min, box.y_max + 1)
    names = picture.rgb_names()
    strip = {name: picture.channel(name)[rows.start : rows.stop].copy() for name in names}
    columns = slice(box.x_min, box.x_max + 1)
    targets = [strip[name][:, columns] for name in names]
    window = picture.data_window
    inner = patch.box.slices(box.shifted(window.x_min, window.y_min))
    with np.errstate(invalid="ignore", over="ignore"):
        if picture.exr is not None and color.converts:
            _blend_converted(targets, patch.rgb[inner], patch.alpha[inner], selected, color)
        else:
            _blend(targets, patch.rgb[inner], patch.alpha[inner], selected)
    return rows, strip


def _blend(targets: list[Plane], fill: Rgb, alpha: Alpha, selected: Mask) -> None:
    """Put the fill over each target plane, in place, where selected."""
    for index, target in enumerate(targets):
        source = target.astype(np.float32)
        source[~np.isfinite(source)] = 0
        blended = source * (1 - alpha) + fill[:, :, index] * alpha
        np.copyto(target, in_type(blended, target.dtype), where=selected)


def _blend_converted(
    targets: list[Plane], fill: Rgb, alpha: Alpha, selected: Mask, color: PlateColor
) -> None:
    """The same for planes in another space, pixel by pixel, since conversion costs more."""
    source = np.stack([target[selected] for target in targets], axis=-1).astype(np.float32)
    source[~np.isfinite(source)] = 0
    source = color.to_linear(source)
    source[~np.isfinite(source)] = 0
    weight = alpha[selected][:, None]
    blended = color.from_linear(source * (1 - weight) + fill[selected] * weight)
    blended[~np.isfinite(blended)] = 0
    for index, target in enumerate(targets):
        target[selected] = in_type(blended[:, index], target.dtype)


def _changed(picture: Picture, rows: range, strip: Mapping[str, Plane]) -> dict[str, Plane]:
    """All planes of a picture, with some rows of some of them replaced."""
    planes = dict(picture.planes)
    for name, changed in strip.items():
        planes[name] = planes[name].copy()
        planes[name][rows.start : rows.stop] = changed
    return planes


def _encode_new(
    picture: Picture,
    planes: Mapping[str, Plane],
    color: PlateColor,
    attributes: Mapping[str, AttributeValue],
) -> bytes:
    tagged = {"colorInteropID": color.interop_id} if color.interop_id else {}
    return exr.encode_new(
        planes,
        data_window=picture.data_window,
        display_window=picture.display_window,
        pixel_aspect=picture.pixel_aspect,
        rate=picture.rate,
        timecode=picture.timecode,
        attributes={**tagged, **attributes},
    )
