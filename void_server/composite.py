"""The patch over the plate: only the hole changes, every other bit stays.

Never a lerp of the whole frame: ``v * (1 - 0) + fill * 0`` quiets NaN payloads, turns -0 into 0
and lets one infinite fill value destroy the frame. Pixels are assigned where alpha is above 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bridge.errors import ServerError
from void_server.engines.engine import Fill, Mask, Rgb
from void_server.images import exr
from void_server.images.atomic import Written, write_file
from void_server.images.exr import AttributeValue
from void_server.images.exr_header import parse_header
from void_server.images.picture import Picture, Plane
from void_server.images.window import Window
from void_server.matte import Alpha, bounds
from void_server.plate import HALF_MAX, PlateColor

PREFIX = "void/"
"""What the names of all our attributes begin with."""

CONFIDENCE = "confidence.Y"
"""Channel of a patch: in how many other frames the background was seen; 0 = invented."""


@dataclass(frozen=True, kw_only=True)
class Patch:
    """The generated pixels of one frame with their alpha, before they go over the plate.

    Attributes:
        frame: File number.
        box: Where they lie, in the plate's pixel coordinates.
        rgb: (h, w, 3) float32, scene-linear, finite where alpha is above 0.
        alpha: (h, w) float32, 0 to 1.
        seen: (h, w) uint16: in how many other frames the background was seen.
    """

    frame: int
    box: Window
    rgb: Rgb = field(repr=False)
    alpha: Alpha = field(repr=False)
    seen: npt.NDArray[np.uint16] = field(repr=False)

    @classmethod
    def of(cls, fill: Fill, *, canvas: Window, hole_box: Window, alpha: Alpha) -> Patch:
        """A fill with the alpha of its frame's hole.

        Args:
            fill: What the engine made.
            canvas: The canvas in the plate's pixel coordinates.
            hole_box: A box around the hole, in the same coordinates.
            alpha: (h, w) float32 over ``hole_box``; 0 outside the hole.

        Raises:
            ServerError: The fill does not cover the hole, or is not finite there.
        """
        height, width = fill.rgb.shape[:2]
        left, top = canvas.x_min + fill.left, canvas.y_min + fill.top
        box = Window.of_size(width, height, left=left, top=top)
        common = box.intersect(hole_box)
        part = alpha[hole_box.slices(common)] if common else alpha[:0]
        if common is None or np.count_nonzero(part) != np.count_nonzero(alpha):
            raise _bad_fill(fill.frame, f"its box ({box}) does not cover the hole ({hole_box})")
        cut = box.slices(common)
        rgb = fill.rgb[cut]
        if not np.isfinite(rgb).all() and not np.isfinite(rgb[part > 0]).all():
            raise _bad_fill(fill.frame, "it holds NaN or Inf in the hole")
        return cls(frame=fill.frame, box=common, rgb=rgb, alpha=part, seen=fill.seen[cut])


def write_comp(
    picture: Picture,
    patch: Patch | None,
    path: Path,
    *,
    color: PlateColor,
    attributes: Mapping[str, AttributeValue],
) -> Written:
    """Write the plate with the patch over it.

    Args:
        picture: The frame as `ShotFootage.picture` returns it.
        patch: What goes over it; None leaves every pixel as it is.
        path: The file to write, whole or not at all.
        color: The plate's colour.
        attributes: Our attributes; the prefix is put before their names.

    Raises:
        ServerError: The file cannot be written.
    """
    rows, strip = over(picture, patch, color)
    ours = {PREFIX + name: value for name, value in attributes.items()}
    if picture.exr is not None:
        data = exr.encode_over(picture, strip, ours, rows=rows, drop_prefix=PREFIX)
    else:
        data = _encode_new(picture, rows, strip, color, ours)
    return write_file(path, data)


def write_patch(
    picture: Picture,
    patch: Patch | None,
    path: Path,
    *,
    color: PlateColor,
    attributes: Mapping[str, AttributeValue],
) -> Written:
    """Write the patch alone: premultiplied scene-linear R, G, B, with A and `CONFIDENCE`, half.

    The data window is just the hole, in the plate's display window: hosts show it in place, and
    load and store only what there is. A frame without a hole is one transparent pixel.

    Raises:
        ServerError: The file cannot be written.
    """
    box = _first_pixel(picture.display_window) if patch is None else patch.box
    planes = _transparent() if patch is None else _premultiplied(patch)
    ours = {PREFIX + name: value for name, value in attributes.items()}
    if color.linear:
        ours["colorInteropID"] = color.linear
    data = exr.encode_new(
        planes,
        data_window=box,
        display_window=picture.display_window,
        pixel_aspect=picture.pixel_aspect,
        rate=picture.rate,
        timecode=picture.timecode,
        original_data_window=picture.data_window,
        attributes=ours,
    )
    return write_file(path, data)


def over(
    picture: Picture, patch: Patch | None, color: PlateColor
) -> tuple[range, dict[str, Plane]]:
    """The rows that the patch changes, and R, G and B of these rows with the patch over them.

    The blend is done in scene-linear; a plate in another space is converted there and back for
    the pixels of the hole alone. Planes are (rows, width) in the picture's own type.
    """
    hole = _hole(picture, patch)
    if patch is None or hole is None:
        return range(0), {}
    box, selected = hole
    rows = range(box.y_min, box.y_max + 1)
    names = picture.rgb_names()
    strip = {name: picture.channel(name)[rows.start : rows.stop].copy() for name in names}
    columns = slice(box.x_min, box.x_max + 1)
    targets = [strip[name][:, columns] for name in names]
    inner = patch.box.slices(box.shifted(*_corner(picture.data_window)))
    with np.errstate(invalid="ignore", over="ignore"):
        if picture.exr is not None and color.converts:
            _blend_converted(targets, patch.rgb[inner], patch.alpha[inner], selected, color)
        else:
            _blend(targets, patch.rgb[inner], patch.alpha[inner], selected)
    return rows, strip


def changed_outside(path: Path, picture: Picture, patch: Patch | None) -> int:
    """Read a written frame back and count the values that should be the plate's and are not.

    Bit patterns are compared: every channel of every part, except R, G and B where the patch's
    alpha is above 0. A channel that is missing or of another type counts with all its pixels.

    Args:
        path: What `write_comp` wrote.
        picture: The frame it was made from.
        patch: The patch it was made with.

    Raises:
        RequestError: The file is damaged.
    """
    data = path.read_bytes()
    written = exr.decode(data, parse_header(data, path.name), frame=picture.frame,
                         subject=path.name)  # fmt: skip
    if written.data_window != picture.data_window or written.exr is None:
        return sum(plane.size for plane in picture.planes.values())
    if picture.exr is None:
        expected, main = [picture.planes], 0
    else:
        expected, main = list(picture.exr.parts), picture.exr.main
    free = _hole(picture, patch)
    rgb = set(picture.rgb_names())
    changed = 0
    for index, part in enumerate(expected):
        got = written.exr.parts[index] if index < len(written.exr.parts) else {}
        for name, plane in part.items():
            ours = free if index == main and name in rgb else None
            changed += _differing(plane, got.get(name), ours)
    return changed


def _hole(picture: Picture, patch: Patch | None) -> tuple[Window, Mask] | None:
    """The hole as the smallest box on the picture's arrays and a mask over that box."""
    common = None if patch is None else patch.box.intersect(picture.data_window)
    if patch is None or common is None:
        return None
    selected: Mask = patch.alpha[patch.box.slices(common)] > 0
    tight = bounds(selected)
    if tight is None:
        return None
    left, top = _corner(picture.data_window)
    placed = tight.shifted(common.x_min - left, common.y_min - top)
    return placed, selected[Window.of_size(common.width, common.height).slices(tight)]


def _corner(window: Window) -> tuple[int, int]:
    return window.x_min, window.y_min


def _differing(expected: Plane, got: Plane | None, free: tuple[Window, Mask] | None) -> int:
    if got is None or got.shape != expected.shape or got.dtype != expected.dtype:
        return int(expected.size)
    bits = np.dtype(f"u{expected.dtype.itemsize}")
    different = expected.view(bits) != got.view(bits)
    if free is not None:
        box, hole = free
        different[box.y_min : box.y_max + 1, box.x_min : box.x_max + 1] &= ~hole
    return int(np.count_nonzero(different))


def _blend(targets: list[Plane], fill: Rgb, alpha: Alpha, selected: Mask) -> None:
    """Put the fill over each target plane, in place, where selected."""
    for index, target in enumerate(targets):
        source = target.astype(np.float32)
        source[~np.isfinite(source)] = 0
        blended = source * (1 - alpha) + fill[:, :, index] * alpha
        np.copyto(target, _native(blended, target.dtype), where=selected)


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
        target[selected] = _native(blended[:, index], target.dtype)


def _native(values: npt.NDArray[np.float32], kind: np.dtype[np.generic]) -> Plane:
    """In the file's type, with what is beyond it brought to its largest number."""
    limit = HALF_MAX if kind == np.float16 else float(np.finfo(np.float32).max)
    return np.clip(values, -limit, limit).astype(kind)


def _encode_new(
    picture: Picture,
    rows: range,
    strip: Mapping[str, Plane],
    color: PlateColor,
    attributes: Mapping[str, AttributeValue],
) -> bytes:
    planes = dict(picture.planes)
    for name, changed in strip.items():
        planes[name] = planes[name].copy()
        planes[name][rows.start : rows.stop] = changed
    tagged = {"colorInteropID": color.linear} if color.linear else {}
    return exr.encode_new(
        planes,
        data_window=picture.data_window,
        display_window=picture.display_window,
        pixel_aspect=picture.pixel_aspect,
        rate=picture.rate,
        timecode=picture.timecode,
        attributes={**tagged, **attributes},
    )


def _premultiplied(patch: Patch) -> dict[str, Plane]:
    weight = patch.alpha[:, :, None]
    rgb = np.where(weight > 0, np.clip(patch.rgb, -HALF_MAX, HALF_MAX) * weight, 0)
    planes: dict[str, Plane] = {
        name: rgb[:, :, index].astype(np.float16) for index, name in enumerate("RGB")
    }
    planes["A"] = patch.alpha.astype(np.float16)
    planes[CONFIDENCE] = np.where(patch.alpha > 0, patch.seen, 0).astype(np.float16)
    return planes


def _transparent() -> dict[str, Plane]:
    return {name: np.zeros((1, 1), np.float16) for name in ("R", "G", "B", "A", CONFIDENCE)}


def _first_pixel(window: Window) -> Window:
    return Window.of_size(1, 1, left=window.x_min, top=window.y_min)


def _bad_fill(frame: int, text: str) -> ServerError:
    return ServerError(f"frame {frame}", f"the engine's fill is unusable: {text}", code="engine")
