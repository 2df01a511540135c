"""What becomes different in an EXR file that is written back, apart from any library."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass

from void_server.images.exr_layout import Attribute
from void_server.images.picture import Plane

AttributeValue = str | int | float
"""What our own attributes may hold."""


@dataclass(frozen=True)
class Change:
    """A change of one part: pixels of some rows, attributes, and channels that it had not.

    Attributes:
        planes: New pixels of ``rows`` by channel name, (rows, width) in the channel's type.
        attributes: Attributes to be added.
        rows: Rows that ``planes`` hold; may be empty.
        drop_prefix: Attributes whose names begin so are left out first.
        layers: New channels, (h, w) over the part's data window.
    """

    planes: Mapping[str, Plane]
    attributes: Mapping[str, AttributeValue]
    rows: range
    drop_prefix: str
    layers: Mapping[str, Plane]

    def strip(self, planes: Mapping[str, Plane], strip: range) -> dict[str, Plane]:
        """The rows ``strip`` of the part's own planes and of the new ones, with the change made."""
        rows = slice(strip.start, strip.stop)
        result = {name: plane[rows] for name, plane in {**planes, **self.layers}.items()}
        for name, plane in self.planes.items():
            result[name] = result[name].copy()
            result[name][self.rows.start - strip.start : self.rows.stop - strip.start] = plane
        return result


def plain(value: AttributeValue) -> AttributeValue:
    """A value as an attribute can hold it: whole numbers beyond 32 bits are written as text."""
    if isinstance(value, int):
        return int(value) if -(1 << 31) <= value < 1 << 31 else str(value)
    return value


def packed_attribute(value: AttributeValue) -> Attribute:
    """An attribute as it is stored."""
    value = plain(value)
    if isinstance(value, str):
        return Attribute("string", value.encode())
    if isinstance(value, int):
        return Attribute("int", struct.pack("<i", value))
    return Attribute("float", struct.pack("<f", value))
