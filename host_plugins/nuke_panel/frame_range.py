"""Which frames a node does: those of its plate, of the script, or the artist's own."""

from __future__ import annotations

import nuke

from bridge.errors import RequestError
from bridge.sequence import FrameRange

AROUND = 8
"""Frames on either side of the current one that a preview takes along.

Seventeen in all: the diffusion engine works in windows of 4n+1 frames, and the other one looks for
what was hidden in frames before and after.
"""


def wanted(node: nuke.Node) -> FrameRange:
    """The frames that the node's knobs ask for, handles included as far as the plate has them.

    Raises:
        RequestError: There is no plate, or the frames are outside it or end before they begin.
    """
    there = plate(node)
    asked = _asked(node, there)
    if asked.first < there.first or asked.last > there.last:
        raise RequestError(
            "frames",
            f"they are outside the plate (expected within {there}, got {asked})",
            "Change the range on the Remove tab.",
            code="out_of_range",
        )
    handles = max(0, int(node["handles"].value()))
    return FrameRange(
        max(there.first, asked.first - handles), min(there.last, asked.last + handles)
    )


def preview(node: nuke.Node) -> FrameRange:
    """A few frames around the one in the viewer, within the plate.

    Raises:
        RequestError: There is no plate, or the current frame is outside it.
    """
    there, current = plate(node), int(nuke.frame())
    if current not in there:
        raise RequestError(
            "preview",
            f"the current frame is outside the plate (expected within {there}, got {current})",
            "Go to a frame of the plate.",
            code="out_of_range",
        )
    return FrameRange(max(there.first, current - AROUND), min(there.last, current + AROUND))


def plate(node: nuke.Node) -> FrameRange:
    """The frames that the connected plate has.

    Raises:
        RequestError: There is none.
    """
    source = node.input(0)
    if source is None:
        raise RequestError(
            "plate", "nothing is connected", 'Connect a plate to input "plate".', code="no_plate"
        )
    found = source.frameRange()
    return FrameRange(int(found.first()), int(found.last()))


def _asked(node: nuke.Node, there: FrameRange) -> FrameRange:
    mode = node["range_mode"].value()
    if mode == "Input":
        return there
    source = nuke.root() if mode == "Root" else node
    first, last = int(source["first_frame"].value()), int(source["last_frame"].value())
    if last < first:
        raise RequestError(
            "frames",
            f"they end before they begin (expected First <= Last, got {first} and {last})",
            "Change the frame range in the project settings."
            if mode == "Root"
            else "Change First or Last on the Remove tab.",
            code="bad_range",
        )
    return FrameRange(first, last)
