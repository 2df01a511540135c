"""One frame as it came from its file: native numbers by channel name, and where they lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from bridge.errors import RequestError
from void_server.images.exr_layout import Header
from void_server.images.window import Window

Plane = npt.NDArray[Any]
"""(h, w) in the file's own type: float16, float32, uint8, uint16 or uint32."""

_RGB_NAMES = (("r", "g", "b"), ("red", "green", "blue"))


@dataclass(frozen=True, kw_only=True)
class ExrSource:
    """What is needed to write an EXR frame back: the file as read, and every part of it.

    Attributes:
        data: The whole file, already checked against its digest.
        header: Its parsed header.
        parts: Planes of each part by channel name, in file order.
        main: Index of the part that holds the picture's RGB.
        view: The view that is worked on; "" for the file as a whole.
    """

    data: bytes
    header: Header
    parts: Sequence[Mapping[str, Plane]]
    main: int
    view: str = ""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One frame.

    Attributes:
        frame: File number.
        subject: How messages name it, e.g. ``plate.1001.exr``.
        data_window: Where ``planes`` lie.
        display_window: The frame that the artist sees.
        pixel_aspect: Width of a pixel over its height.
        planes: (h, w) arrays over the data window by channel name, as in the file.
        names: The channels of the view that is worked on: the name in the file by the one it has
            where there is but one view. Empty when every channel goes by its own name.
        colorspace: What the file says of its colour, or None.
        rate: Frames per second, or None.
        timecode: ``hh:mm:ss:ff`` (``;ff`` for drop frame), or None.
        exr: Set when the frame came from an EXR file.
    """

    frame: int
    subject: str
    data_window: Window
    display_window: Window
    pixel_aspect: float
    planes: Mapping[str, Plane] = field(repr=False)
    names: Mapping[str, str] = field(default_factory=dict, repr=False)
    colorspace: str | None = None
    rate: Fraction | None = None
    timecode: str | None = None
    exr: ExrSource | None = field(default=None, repr=False)

    @property
    def channels(self) -> tuple[str, ...]:
        """Channel names as in the file, sorted."""
        return tuple(sorted(self.planes))

    @property
    def nbytes(self) -> int:
        """Memory this frame keeps, bytes."""
        if self.exr is None:
            return sum(plane.nbytes for plane in self.planes.values())
        decoded = sum(plane.nbytes for part in self.exr.parts for plane in part.values())
        return decoded + len(self.exr.data)

    def channel(self, name: str) -> Plane:
        """One channel by its exact name, be it the view's or the file's.

        Raises:
            RequestError: There is no such channel.
        """
        name = self.names.get(name, name)
        if name not in self.planes:
            raise RequestError(
                self.subject,
                f"there is no channel {name!r} (it has {list_channels(self.channels)})",
                code="channel",
            )
        return self.planes[name]

    def rgb_names(self) -> tuple[str, str, str]:
        """Names of the red, green and blue channel as in the file.

        Raises:
            RequestError: There are none, or several layers and no plain R, G, B.
        """
        names = self.names or {name: name for name in self.planes}
        red, green, blue = find_rgb(sorted(names), self.subject)
        return names[red], names[green], names[blue]

    def rgb(self) -> Plane:
        """(h, w, 3) in the native type."""
        return np.stack([self.planes[name] for name in self.rgb_names()], axis=-1)


def find_rgb(channels: Sequence[str], subject: str) -> tuple[str, str, str]:
    """Red, green and blue among channel names: plain ones first, else the only layer with them.

    Raises:
        RequestError: Naming the channels found.
    """
    triples = rgb_layers(channels)
    if "" in triples:
        return triples[""]
    if len(triples) == 1:
        return next(iter(triples.values()))
    if triples:
        raise RequestError(
            subject,
            f"several layers hold RGB and none is plain R, G, B (got {list_channels(triples)})",
            "Write the plate with its picture in R, G, B.",
            code="channel",
        )
    raise RequestError(
        subject,
        f"there is no RGB picture in it (expected R, G, B, got {list_channels(channels)})",
        "Write the plate as RGB.",
        code="channel",
    )


def rgb_layers(channels: Sequence[str]) -> dict[str, tuple[str, str, str]]:
    """RGB triples by layer name; "" is the plain R, G, B (or red, green, blue)."""
    by_lower = {name.lower(): name for name in channels}
    exact = set(channels)
    layers = {name.rpartition(".")[0] for name in channels}
    found: dict[str, tuple[str, str, str]] = {}
    for layer in sorted(layers):
        stem = f"{layer}." if layer else ""
        upper = (f"{stem}R", f"{stem}G", f"{stem}B")
        if exact.issuperset(upper):
            found[layer] = upper
            continue
        for names in _RGB_NAMES:
            wanted = [f"{stem}{name}".lower() for name in names]
            if all(name in by_lower for name in wanted):
                found[layer] = (by_lower[wanted[0]], by_lower[wanted[1]], by_lower[wanted[2]])
                break
    return found


def list_channels(names: object) -> str:
    """Channel or layer names for a message; a long list is cut."""
    listed = [str(name) for name in names] if isinstance(names, (Sequence, Mapping)) else []
    shown = ", ".join(listed[:12])
    return f"{shown}, and {len(listed) - 12} more" if len(listed) > 12 else shown or "none"
