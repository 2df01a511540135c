"""Groups: nodes in a node, and the context in which nodes are made and looked for."""

from __future__ import annotations

import re

from nuke.node import Node
from nuke.strict import fault


class Group(Node):
    """A node with nodes in it; its inputs are its Input nodes."""

    def __init__(self, class_name, parent):
        super().__init__(class_name, parent)
        self._children: list[Node] = []

    def begin(self):
        self._session.contexts.push(self)
        return self

    def end(self):
        self._session.contexts.pop(self)

    def __enter__(self):
        self._gate("__enter__")
        return self.begin()

    def __exit__(self, *raised):
        self._gate("__exit__")
        self.end()

    def run(self, call):
        """Call something in this group's context."""
        with self:
            return call()

    def nodes(self):
        return [self._session.reached(one) for one in self._children]

    def numNodes(self):
        return len(self._children)

    def node(self, name):
        return self._session.reached(self._find(name))

    def selectedNodes(self):
        return [self._session.reached(one) for one in self._children if one.isSelected()]

    def selectedNode(self):
        return next(iter(self.selectedNodes()), None)

    def output(self):
        """The Output node."""
        return self._session.reached(self._output())

    def subgraphLocked(self):
        return False

    def minInputs(self):
        return 0

    def maxInputs(self):
        return len(self._input_nodes())

    maximumInputs, minimumInputs = maxInputs, minInputs

    def _input_nodes(self):
        found = [one for one in self._children if one._class == "Input"]
        return sorted(found, key=lambda one: one._knobs["number"].value())

    def _output(self):
        return next((one for one in self._children if one._class == "Output"), None)

    def _find(self, name):
        """A node by its name, or by names with dots through groups."""
        first, _, rest = name.partition(".")
        if first == "root" and rest:
            return self._session.root._find(rest)
        found = next((one for one in self._children if one._label == first), None)
        if rest and found is not None:
            return found._find(rest) if isinstance(found, Group) else None
        return found

    def _free_name(self, wanted, node=None):
        """The name, with the next number if it is taken."""
        taken = {one._label for one in self._children if one is not node}
        if wanted not in taken:
            return wanted
        stem = re.sub(r"\d+$", "", wanted)
        return next(name for i in range(1, 1 << 20) if (name := f"{stem}{i}") not in taken)

    def _below(self):
        """Every node in it and in the groups in it."""
        for one in self._children:
            yield one
            if isinstance(one, Group):
                yield from one._below()


class Contexts:
    """The groups that were begun and not ended; what is left open is a mistake."""

    def __init__(self, root):
        self._open = [root]

    @property
    def now(self):
        return self._open[-1]

    def depth(self):
        return len(self._open)

    def push(self, group):
        self._open.append(group)

    def pop(self, group):
        if len(self._open) == 1 or self._open[-1] is not group:
            fault(f"end() of {group._label}, but the open group is {self._open[-1]._label}")
        self._open.pop()

    def check(self, depth, after):
        """Raise and put right what somebody left open."""
        if len(self._open) != depth:
            left = ", ".join(group._label for group in self._open[depth:])
            del self._open[max(depth, 1) :]
            fault(f"{after} left a group's context open: {left or 'ended too often'}")
