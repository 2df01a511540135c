"""Whether anything upstream has changed since frames were exported.

Two things stand for the pictures: what Nuke says of every exported frame (a hash of all that went
into it, and the file it was read from), and the knobs of every node upstream, animation included.
Either alone may miss something: a hash an edit at another frame, the knobs a file that was rendered
again.

Source: Foundry, Nuke Python developer's guide 8.0, Metadata: ``nuke/node_hash``, ``input/mtime``
and ``input/filesize``; Nuke Python API 13.2, ``Node.dependencies`` and ``Knob.toScript``.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Sequence

import nuke

from host_plugins.nuke_panel import export
from host_plugins.nuke_panel.check import INPUTS
from host_plugins.nuke_panel.main_thread import on_main
from host_plugins.run.order import Order

_HASH = "nuke/node_hash"
_FILE = ("input/filename", "input/mtime", "input/filesize")

_AT_ONCE = 0.015
"""Seconds for which the main thread is asked to answer at a time; one answer may take longer."""

_APART = frozenset({"Root", "Viewer"})
"""What an expression may refer to and what changes with every look at another frame."""


def fingerprint(node: nuke.Node, order: Order, view: str) -> str:
    """What would be exported of a view; from any thread.

    Where Nuke tells no hash, nothing is known, and the text is unlike any other.
    """
    frames = tuple(order.frames)
    told = [repr((view, frames, order.roles, order.datatype, order.missing))]
    for name in export.inputs(order):
        known: list[str] = []
        while len(known) < len(frames):
            known += on_main(_frames, node, INPUTS[name], frames[len(known) :], view)
        told += [name, *known]
    walk = _Walk(node)
    while on_main(walk.on, order):
        pass
    return hashlib.sha256("\n".join([*told, *walk.told]).encode()).hexdigest()


def _frames(node: nuke.Node, index: int, frames: Sequence[int], view: str) -> list[str]:
    """What is known of the first of these frames: of as many as there is time for, one at least."""
    begun = time.monotonic()
    known: list[str] = []
    for frame in frames:
        known.append(_frame(node.input(index), frame, view or nuke.views()[0]))
        if time.monotonic() - begun > _AT_ONCE:
            break
    return known


def _frame(source: nuke.Node | None, frame: int, view: str) -> str:
    known = [source and source.metadata(key, frame, view) for key in (_HASH, *_FILE)]
    return repr(known) if known[0] else secrets.token_hex()


_LOOKS = frozenset(
    (
        "name", "xpos", "ypos", "selected", "label", "tile_color", "gl_color", "note_font",
        "note_font_size", "note_font_color", "hide_input", "icon", "help", "indicators", "bookmark",
        "dope_sheet", "postage_stamp", "postage_stamp_frame",
    )
)  # fmt: skip
"""Knobs of every node that change how it looks in the node graph, and no pixel."""


class _Walk:
    """Goes up from a node's inputs, a few nodes at a time.

    Attributes:
        told: Class and knobs of every node met, as a script would say them.
    """

    def __init__(self, node: nuke.Node) -> None:
        self.told: list[str] = []
        self._node = node
        self._waiting: list[nuke.Node] | None = None
        self._met: set[str] = set()

    def on(self, order: Order) -> bool:
        """Go on for a little while, on the main thread; whether there is more to see."""
        begun = time.monotonic()
        if self._waiting is None:
            self._met.add(self._node.fullName())
            inputs = [self._node.input(INPUTS[name]) for name in export.inputs(order)]
            self._waiting = [node for node in inputs if node is not None]
        while self._waiting:
            self._meet(self._waiting.pop(), self._waiting)
            if time.monotonic() - begun > _AT_ONCE:
                break
        return bool(self._waiting)

    def _meet(self, node: nuke.Node, waiting: list[nuke.Node]) -> None:
        name = node.fullName()
        if name in self._met or node.Class() in _APART:
            return
        self._met.add(name)
        said = {key: knob.toScript() for key, knob in node.knobs().items() if key not in _LOOKS}
        self.told.append(f"{name} {node.Class()} {sorted(said.items())}")
        waiting += node.dependencies(
            nuke.INPUTS | nuke.HIDDEN_INPUTS | nuke.EXPRESSIONS | nuke.LINKINPUTS
        )
        if isinstance(node, nuke.Group):
            waiting += node.nodes()
