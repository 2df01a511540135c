"""A plain Read of a result, for scripts that go to somebody without this node."""

from __future__ import annotations

import nuke

from bridge.errors import RequestError
from host_plugins.nuke_panel import reads, versions
from host_plugins.nuke_panel.knobs import NONE
from host_plugins.nuke_panel.undo_step import undo_step
from host_plugins.nuke_panel.versions import Published
from host_plugins.run.order import MAIN

_BESIDE = 140
"""Between the node and what is put beside it, in units of the node graph."""


def shown(node: nuke.Group) -> dict[str, Published]:
    """The results that a node shows, by view.

    Raises:
        RequestError: It shows none, or its files are gone.
    """
    label = str(node["version"].value())
    if label == NONE:
        raise RequestError(
            node.name(),
            "it shows no result yet",
            "Press Remove first, or choose a version on the Result tab.",
            code="no_result",
        )
    found = versions.shown(node)
    if not found:
        raise RequestError(
            f"{node.name()} {label}",
            "its files are not in the results folder",
            "Choose another version, or look at the results folder on the Advanced tab.",
            code="no_result",
        )
    return found


def bake(node: nuke.Group) -> nuke.Node:
    """Put a Read of the shown patch beside a node, connected to nothing.

    With views there is one Read for each, and what is returned joins them.

    Raises:
        RequestError: There is no result.
    """
    results = shown(node)
    name = f"{node.name()}_{node['version'].value()}"
    with undo_step(f"Bake {name}"), node.parent():
        made = {view: _read(name, view, result) for view, result in results.items()}
        for row, read in enumerate(made.values()):
            read.setXYpos(node.xpos() + _BESIDE * (row + 1), node.ypos())
        return made[MAIN] if MAIN in made else _joined(node, name, made)


def _read(name: str, view: str, result: Published) -> nuke.Node:
    read = reads.new_read("Read1")
    read.setName(f"{name}_{reads.legal(view)}" if view else name)
    reads.point(read, result.version, result.frames)
    return read


def _joined(node: nuke.Group, name: str, made: dict[str, nuke.Node]) -> nuke.Node:
    joined = reads.joined(made)
    joined.setName(name)
    joined.setXYpos(node.xpos() + _BESIDE, node.ypos() + 60)
    return joined
