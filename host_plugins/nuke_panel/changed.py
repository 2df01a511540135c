"""What follows when an artist changes a knob. No server is asked here, and no error gets out.

Source: ``nuke.addKnobChanged`` (Nuke Python API 17.1): from then on it is called for changes by
Python too, so everything here stands being called by its own changes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress

import nuke

from bridge.errors import VoidError
from bridge.sequence import FrameRange
from host_plugins.nuke_panel import described, frame_range, result, versions
from host_plugins.nuke_panel import node as void_node
from host_plugins.nuke_panel.knobs import NONE
from host_plugins.nuke_panel.unrecorded import unrecorded

_log = logging.getLogger("void")


def knob_changed() -> None:
    """The callback; registered once for all Groups."""
    try:
        node, knob = nuke.thisNode(), nuke.thisKnob()
        if knob is None or not void_node.is_void_remove(node):
            return
        react = _REACTIONS.get(knob.name())
        if react is not None:
            react(node)
    except Exception:  # an error here would open Nuke's error dialog at every change
        _log.warning("a change could not be followed", exc_info=True)


def show_range(node: nuke.Node) -> None:
    """Let the frames be typed only where they count; else show which ones they are."""
    mode = str(node["range_mode"].value())
    for name in ("first_frame", "last_frame"):
        node[name].setEnabled(mode == "Custom")
    if mode != "Custom":
        with suppress(VoidError):  # no plate yet: the numbers stay
            found = _root() if mode == "Root" else frame_range.plate(node)
            for name, value in (("first_frame", found.first), ("last_frame", found.last)):
                if int(node[name].value()) != value:
                    node[name].setValue(value)


def show_version(node: nuke.Group) -> None:
    """Show the version that was chosen, and say so where it is not on disk."""
    label = str(node["version"].value())
    if not result.show_version(node, label):
        node["status"].setValue(f"{label} is not in the results folder.")
    elif label == NONE:
        node["status"].setValue("The plate is shown.")


def refresh(node: nuke.Group) -> None:
    """Show what may have changed without a knob: the plate's frames and the results on disk."""
    with unrecorded():
        show_range(node)
        versions.refresh(node)
        described.show_chosen(node)


def opened(node: nuke.Group) -> None:
    """Show all of that in a panel that opens; a pasted node gets back what a script leaves out."""
    if not node["status"].getFlag(nuke.DO_NOT_WRITE):
        with unrecorded():
            void_node.brought_up_to_date(node)
    refresh(node)


def _root() -> FrameRange:
    root = nuke.root()
    return FrameRange(int(root["first_frame"].value()), int(root["last_frame"].value()))


def _recorded_elsewhere(react: Callable[[nuke.Group], None]) -> Callable[[nuke.Group], None]:
    def reaction(node: nuke.Group) -> None:
        with unrecorded():
            react(node)

    return reaction


_REACTIONS: dict[str, Callable[[nuke.Group], None]] = {
    "version": show_version,
    "engine": _recorded_elsewhere(described.show_chosen),
    "range_mode": _recorded_elsewhere(show_range),
    "inputChange": refresh,
    "showPanel": opened,
}
