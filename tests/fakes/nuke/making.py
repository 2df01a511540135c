"""How nodes are made, found and deleted."""

from __future__ import annotations

import re

from nuke import tcl
from nuke.group import Group
from nuke.ledger import node_class
from nuke.node import Node
from nuke.strict import NOT_ATTACHED, current, host_call, on_main

_GAP = 80


class Nodes:
    """``nuke.nodes``: a maker for every class of node."""

    def __getattr__(self, class_name):
        if class_name.startswith("__"):
            raise AttributeError(class_name)

        def make(*args, **values):
            on_main(f"nuke.nodes.{class_name}")
            if args:
                raise TypeError(f"nuke.nodes.{class_name} takes knob values by name only")
            return made(class_name, values)

        return make


def made(class_name, values=None):
    """A node in the open group, with knob values by name and perhaps ``inputs``.

    Raises:
        RuntimeError: There is no such class.
        NameError: It has no such knob.
    """
    values = dict(values or {})
    node = new(class_name, current().contexts.now, values.pop("name", None))
    try:
        for index, source in enumerate(values.pop("inputs", ())):
            if not node.setInput(index, source):
                raise RuntimeError(f"input {index} of {node._label} cannot be connected")
        for name, value in values.items():
            node[name].setValue(value)
    except BaseException:
        removed(node)
        raise
    session = current()
    session.callbacks.call("OnCreate", node)
    return session.reached(node)


def new(class_name, parent, name=None):
    """A node of a class that the ledger has, without values and callbacks."""
    node_class(class_name)
    session = current()
    node = (Group if class_name == "Group" else Node)(class_name, parent)
    wanted = name or re.sub(r"\d+$", "", class_name) + "1"
    node._knobs["name"]._value = parent._free_name(wanted)
    if class_name == "Input":
        numbers = [one._knobs["number"].value() for one in parent._input_nodes()]
        node._knobs["number"]._value = (max(numbers, default=-1) + 1,)
    parent._children.append(node)
    session.changed(f"create {node._label}")
    return node


@host_call
def createNode(typ, knobs="", inpanel=True):
    """As an artist's choice from the menu: below the selection, selected, its panel open."""
    session = current()
    group = session.contexts.now
    above = group.selectedNodes()
    node = made(typ)
    words = tcl.words(knobs)
    for name, value in zip(words[::2], words[1::2], strict=True):
        node[name].fromScript(value)
    for index, source in enumerate(above[: max(node.maxInputs(), 0)]):
        node.setInput(index, source)
    if above:
        node.setXYpos(above[0].xpos(), above[0].ypos() + _GAP)
    node.selectOnly()
    session.callbacks.call("OnUserCreate", node)
    if inpanel:
        node.showControlPanel()
    return node


@host_call
def delete(node):
    if not isinstance(node, Node):
        raise TypeError(f"delete takes a node, not {type(node).__name__}")
    node._living()
    current().callbacks.call("OnDestroy", node)
    removed(node)


def removed(node):
    """Take a node and all in it out of the script."""
    siblings = node._parent._children
    siblings.remove(node)
    for one in siblings:
        one._inputs = [None if source is node else source for source in one._inputs]
    current().changed(f"delete {node._label}")
    for one in node._below() if isinstance(node, Group) else ():
        one._gone = True
    node._gone = True


@host_call
def toNode(name):
    """A node by name in the open group, or by its full name."""
    if not isinstance(name, str):
        raise TypeError(f"toNode takes a name, not {type(name).__name__}")
    session = current()
    found = session.contexts.now._find(name)
    if found is None and "." in name:
        found = session.root._find(name)
    return session.root if name == "root" else session.reached(found)


@host_call
def allNodes(filter="", group=None, recurseGroups=False):
    session = current()
    group = group or session.contexts.now
    found = group._below() if recurseGroups else group._children
    return [session.reached(one) for one in list(found) if not filter or one._class == filter]


@host_call
def selectedNodes(filter=""):
    return [one for one in current().contexts.now.selectedNodes() if filter in ("", one._class)]


@host_call
def selectedNode():
    found = current().contexts.now.selectedNodes()
    if not found:
        raise ValueError("no node selected")
    return found[-1]


@host_call
def exists(name):
    return current().contexts.now._find(name) is not None


@host_call
def thisNode():
    session = current()
    node = session.dispatches.this[0] if session.dispatches.this else session.root
    if node._gone:
        raise ValueError(NOT_ATTACHED)
    return session.reached(node) if node is not session.root else node


@host_call
def thisKnob():
    this = current().dispatches.this
    if this is None or this[1] is None:
        raise ValueError("no knob context")
    return this[1]


@host_call
def thisClass():
    return thisNode()._class


@host_call
def thisGroup():
    return current().contexts.now


@host_call
def thisParent():
    return thisNode()._parent


@host_call
def root():
    return current().root
