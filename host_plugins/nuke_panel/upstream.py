"""Whether anything upstream has changed since frames were exported.

Two things stand for the pictures: the knobs of every node upstream, animation included, and what is
known of the files that they read, frame by frame.

Source: Nuke Python API 13.2, ``Node.dependencies`` and ``Knob.toScript``.
"""

from __future__ import annotations

import hashlib
import secrets

import nuke

from host_plugins.nuke_panel import export, files_read
from host_plugins.nuke_panel.check import INPUTS
from host_plugins.nuke_panel.main_thread import on_main
from host_plugins.nuke_panel.pieces import in_pieces
from host_plugins.run.order import Order

_APART = frozenset({"Root", "Viewer"})
"""What an expression may refer to and what changes with every look at another frame."""

_COLORS = (
    "colorManagement", "OCIO_config", "customOCIOConfigPath", "OCIOConfigPath", "workingSpaceLUT",
    "int8Lut", "int16Lut", "logLut", "floatLut",
)  # fmt: skip
"""Knobs of the project settings by which files are read, and what the values then mean."""


def fingerprint(node: nuke.Node, order: Order, view: str) -> str:
    """What would be exported of a view; from any thread.

    Where a node goes while it is looked at, or a Read's files can be told in no way, nothing is
    known, and the text is unlike any other.

    Raises:
        RequestError: The OCIO config cannot be read.
    """
    frames = tuple(order.frames)
    told = [repr((view, frames, order.roles, order.datatype, order.missing, order.colorspace))]
    told += [repr(order.config and order.config.describe()), on_main(_colors)]
    walk = _Walk(node, order)
    in_pieces(walk.on)
    shown = view or on_main(nuke.views)[0]
    told += [*walk.told, *(_files(reader, order, shown) for reader in walk.readers)]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def _colors() -> str:
    knobs = nuke.root().knobs()
    return repr([(name, knobs[name].toScript()) for name in _COLORS if name in knobs])


def _files(reader: nuke.Node, order: Order, view: str) -> str:
    try:
        return files_read.told(reader, order.frames, view)
    except ValueError:  # deleted since we met it
        return secrets.token_hex()


_LOOKS = frozenset(
    (
        "name", "xpos", "ypos", "selected", "label", "tile_color", "gl_color", "note_font",
        "note_font_size", "note_font_color", "hide_input", "icon", "help", "indicators", "bookmark",
        "dope_sheet", "postage_stamp", "postage_stamp_frame",
    )
)  # fmt: skip
"""Knobs of every node that change how it looks in the node graph, and no pixel."""


class _Walk:
    """Goes up from a node's inputs, one node at a time.

    Attributes:
        told: Class and knobs of every node met, as a script would say them.
        readers: The nodes among them that read files.
    """

    def __init__(self, node: nuke.Node, order: Order) -> None:
        self.told: list[str] = []
        self.readers: list[nuke.Node] = []
        self._node = node
        self._order = order
        self._waiting: list[nuke.Node] | None = None
        self._met: set[str] = set()

    def on(self) -> bool:
        """Meet one node, on the main thread; whether there are more."""
        if self._waiting is None:
            self._waiting = self._inputs()
        elif self._waiting:
            try:
                self._meet(self._waiting.pop(), self._waiting)
            except ValueError:  # deleted since we saw it, so what is rendered is not what we saw
                self.told.append(secrets.token_hex())
        return bool(self._waiting)

    def _inputs(self) -> list[nuke.Node]:
        self._met.add(self._node.fullName())
        found = {name: self._node.input(INPUTS[name]) for name in export.inputs(self._order)}
        self.told.append(repr([(name, node and node.fullName()) for name, node in found.items()]))
        return [node for node in found.values() if node is not None]

    def _meet(self, node: nuke.Node, waiting: list[nuke.Node]) -> None:
        name = node.fullName()
        if name in self._met or node.Class() in _APART:
            return
        self._met.add(name)
        said = {key: knob.toScript() for key, knob in node.knobs().items() if key not in _LOOKS}
        self.told.append(f"{name} {node.Class()} {sorted(said.items())} {_plugged(node)}")
        if files_read.has_files(node):
            self.readers.append(node)
        waiting += node.dependencies(
            nuke.INPUTS | nuke.HIDDEN_INPUTS | nuke.EXPRESSIONS | nuke.LINKINPUTS
        )
        if isinstance(node, nuke.Group):
            waiting += node.nodes()


def _plugged(node: nuke.Node) -> list[str | None]:
    """What is in each input: the same nodes plugged in otherwise are another picture."""
    found = (node.input(index) for index in range(node.inputs()))
    return [None if source is None else source.fullName() for source in found]
