"""What follows when an artist changes a knob. Nothing here waits, and no error gets out.

It cannot be relied upon: up to Nuke 16 only an artist's edit in an open panel is told, from 17.1 on
changes by Python are, too. So everything here stands being called by its own changes, and whatever
a script, an undo or a closed panel has changed unseen is followed at the next look.

Source: Foundry, Nuke 16.0 Python developer's guide, Callbacks; ``nuke.addKnobChanged`` (Nuke Python
API 17.1).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress

import nuke

from bridge.errors import VoidError
from bridge.sequence import FrameRange
from host_plugins.nuke_panel import buttons, described, frame_range, result, runs, versions
from host_plugins.nuke_panel import node as void_node
from host_plugins.nuke_panel.own_edit import is_own_edit
from host_plugins.nuke_panel.resting import resting
from host_plugins.nuke_panel.unrecorded import unrecorded

_log = logging.getLogger("void")


def knob_changed() -> None:
    """The callback; registered once for all Groups."""
    try:
        node, knob = nuke.thisNode(), nuke.thisKnob()
        if knob is None or is_own_edit() or not void_node.is_void_remove(node):
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
    """Show the version that was chosen, and say what of it is there; a run says how far it is."""
    result.show_version(node, str(node["version"].value()))
    if runs.of(node) is None:
        node["status"].setValue(resting(node))


def refresh(node: nuke.Group) -> None:
    """Show what may have changed without a knob: the plate's frames and the results on disk."""
    with unrecorded():
        show_range(node)
        versions.refresh(node)
        described.show_chosen(node)
        if not result.agrees(node):
            show_version(node)


def opened(node: nuke.Group) -> None:
    """Show all of that in a panel that opens; a pasted node gets back what a script leaves out."""
    status = node.knob("status")
    if status is None or not status.getFlag(nuke.DO_NOT_WRITE):
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
    "server": buttons.introduce,
    "inputChange": refresh,
    "showPanel": opened,
}
