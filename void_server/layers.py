"""A comp that carries its patch: the kinds of pictures as layers of one EXR file.

::

    R G B A ...                the comp, and whatever else the plate holds
    patch.R patch.G ...        premultiplied            confidence.Y
    straight.R ... degrained.R ...                      matte.A

They are further channels of the part that holds the picture, not parts: every host reads those.
In a file with several views the name of the view stands before the channel: ``patch.right.R``.
Source: "Storing Multi-View Images in OpenEXR Files", Academy Software Foundation.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bridge.errors import RequestError
from bridge.sequence import PictureKind
from void_server.images.picture import Picture, Plane, list_channels
from void_server.native import patch_type
from void_server.patch import Patch
from void_server.patch_planes import channels_of, patch_planes
from void_server.plate import PlateColor


def layer_planes(
    picture: Picture, patch: Patch | None, kinds: Sequence[PictureKind]
) -> dict[str, Plane]:
    """The layers of one frame, each channel (h, w) over the plate's data window, 0 off the hole.

    Args:
        picture: The frame that carries them.
        patch: What goes over it; without one the layers are empty but there.
        kinds: Which; the comp itself is no layer and is passed over.
    """
    dtype = patch_type(picture)
    view = _view(picture)
    layers: dict[str, Plane] = {}
    for kind in kinds:
        made = patch_planes(kind, patch, dtype) if patch is not None and kind != "comp" else {}
        for channel in _channels(kind):
            plane = np.zeros(picture.data_window.shape, dtype)
            if patch is not None:
                _place(plane, made[channel], picture, patch)
            layers[_name(kind, channel, view)] = plane
    return layers


def refuse_unfit(picture: Picture, color: PlateColor, kinds: Sequence[PictureKind]) -> None:
    """Refuse layers that would mix with the plate's own, or lie in another space than it.

    Raises:
        RequestError: The plate has layers of these names, or is not scene-linear.
    """
    if picture.exr is not None and color.converts:
        raise RequestError(
            picture.subject,
            f"its frames are in {color.space} and layers would be in {color.linear} (expected one "
            "colour space in a file)",
            "Leave --layers out: sequences of their own say each which space they are in.",
            code="layers",
        )
    view = _view(picture)
    wanted = {_layer(_name(kind, channel, view)) for kind in kinds for channel in _channels(kind)}
    taken = sorted({_layer(name) for name in picture.channels} & wanted)
    if taken:
        raise RequestError(
            picture.subject,
            f"it has layers of its own with the names that ours would get ({list_channels(taken)})",
            "Leave --layers out, leave these out of --output, or rename them in the plate.",
            code="layers",
        )


def _channels(kind: PictureKind) -> Sequence[str]:
    """A matte needs no picture of itself beside others; hosts show a layer's alpha."""
    if kind == "comp":
        return ()
    return ("A",) if kind == "matte" else channels_of(kind)


def _name(kind: PictureKind, channel: str, view: str) -> str:
    """A channel's name in a layer of its kind, or of its own if it has one."""
    layer, _, component = channel.rpartition(".")
    return ".".join(part for part in (layer or kind, view, component) if part)


def _layer(channel: str) -> str:
    """What stands before a channel's last dot, in lower case; "" for a plain one."""
    return channel.rpartition(".")[0].lower()


def _view(picture: Picture) -> str:
    """The view that a single part with several holds its picture in; "" for its default view."""
    if picture.exr is None:
        return ""
    views = picture.exr.header.parts[picture.exr.main].views
    inner = picture.rgb_names()[0].split(".")[:-1]
    return inner[-1] if inner and inner[-1] in views[1:] else ""


def _place(plane: Plane, made: Plane, picture: Picture, patch: Patch) -> None:
    common = patch.box.intersect(picture.data_window)
    if common is not None:
        plane[picture.data_window.slices(common)] = made[patch.box.slices(common)]
