"""Which run belongs to which node. In memory alone: a script that is opened runs nothing."""

from __future__ import annotations

import itertools

import nuke

from host_plugins.run import running
from host_plugins.run.lifetime import Run

_nodes: dict[str, nuke.Node] = {}
# A node can be renamed while it runs, so its name is no key.
_numbers = itertools.count(1)


def start(node: nuke.Node, run: Run) -> Run:
    """Start a run of a node, or return the one that is under way."""
    under_way = of(node)
    if under_way is not None:
        return under_way
    key = f"{node.fullName()} {next(_numbers)}"
    _nodes[key] = node
    return running.start(key, run)


def of(node: nuke.Node) -> Run | None:
    """The run of a node that is under way, or None."""
    for key, other in list(_nodes.items()):
        run = running.get(key)
        if run is None:
            del _nodes[key]
        elif _same(node, other):
            return run
    return None


def _same(node: nuke.Node, other: nuke.Node) -> bool:
    """Whether both are one node; one that was deleted is no other's."""
    try:
        return node is other or bool(node.fullName() == other.fullName())
    except ValueError:
        return False
