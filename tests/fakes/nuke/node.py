"""Nodes: knobs, inputs, names, and what Python may ask of them."""

from __future__ import annotations

import re

from nuke import upstream
from nuke.knob import Knob
from nuke.knob_kinds import built_in
from nuke.layout_knobs import Tab_Knob
from nuke.ledger import inputs_of, knobs_of
from nuke.placed import Placed
from nuke.sampling import boxed, sample
from nuke.strict import NOT_ATTACHED, current, is_on

INPUTS, HIDDEN_INPUTS, EXPRESSIONS, LINKINPUTS = 2, 4, 1, 8

_WITHOUT_OUTPUT = {"Viewer", "BackdropNode", "Root"}
_NAME = re.compile(r"[A-Za-z_]\w*\Z")


class Node(Placed):
    """A node of any class that is no group; made by `nuke.nodes`, `createNode` or a script."""

    def __init__(self, class_name, parent):
        self._session = current()
        self._class, self._parent = class_name, parent
        self._gone = self._panel = False
        self._inputs: list[Node | None] = []
        self._entries = knobs_of(class_name)
        self._knobs: dict[str, Knob] = {}
        for name, entry in self._entries.items():
            self._knobs[name] = knob = built_in(name, entry)
            knob._node = self

    def _living(self):
        if self._gone or not is_on(self._session):
            raise ValueError(NOT_ATTACHED)

    @property
    def _label(self):
        """Its own name, without those of the groups around it."""
        return self._knobs["name"]._value

    def __repr__(self):
        return f"<{self._class} {self._label}>"

    def Class(self):
        return self._class

    def name(self):
        return self._label

    def fullName(self):
        parent = self._parent
        root = parent is None or parent._parent is None
        return self._label if root else f"{parent.fullName()}.{self._label}"

    def setName(self, name, uncollide=True, updateExpressions=False):
        if not isinstance(name, str) or not _NAME.match(name):
            raise ValueError(f"{name!r} is no name for a node")
        self._knobs["name"]._set(self._parent._free_name(name, self) if uncollide else name)

    def parent(self):
        return self._parent

    def rootNode(self):
        return self._session.root

    # Knobs.

    def knob(self, name, follow_link=True):
        if not isinstance(name, str):
            raise TypeError(f"a knob is asked for by name, not by {name!r}")
        knob = self._knobs.get(name)
        return knob if knob is not None and self._is_there(name) else None

    def _is_there(self, name):
        """Whether a knob that depends on another's value is there, as those of a file type are."""
        when = self._entries.get(name, {}).get("when", {})
        return all(self._knobs[other].value() == value for other, value in when.items())

    def __getitem__(self, name):
        self._gate("__getitem__")
        if (knob := self.knob(name)) is None:
            raise NameError(f"knob {name} does not exist")
        return knob

    def knobs(self):
        return {name: knob for name, knob in self._knobs.items() if self._is_there(name)}

    def allKnobs(self):
        return list(self.knobs().values())

    def numKnobs(self):
        return len(self.knobs())

    getNumKnobs = numKnobs

    def addKnob(self, knob):
        if not isinstance(knob, Knob):
            raise TypeError(f"addKnob takes a knob, not {type(knob).__name__}")
        if knob._node is not None:
            raise ValueError(f"knob {knob._name} is on a node already")
        if knob._name and knob._name in self._knobs:
            raise ValueError(f"{self._label} has a knob {knob._name} already")
        users = [one for one in self._knobs.values() if one._user]
        if not users and not isinstance(knob, Tab_Knob):
            self.addKnob(Tab_Knob("User"))
        knob._node, knob._user = self, True
        self._knobs[knob._name or f" {len(self._knobs)}"] = knob
        self._session.changed(f"{self._label}: add {knob._name}")

    def removeKnob(self, knob):
        key = next((key for key, one in self._knobs.items() if one is knob), None)
        if key is None or not knob._user:
            raise ValueError(f"{self._label} has no user knob {knob._name}")
        del self._knobs[key]
        knob._node = None
        self._session.changed(f"{self._label}: remove {knob._name}")

    # Inputs.

    def inputs(self):
        return max((i + 1 for i, one in enumerate(self._inputs) if one), default=0)

    def minInputs(self):
        return inputs_of(self._class)[0]

    minimumInputs = minInputs

    def maxInputs(self):
        return inputs_of(self._class)[1]

    maximumInputs = maxInputs

    def maxOutputs(self):
        return 0 if self._class in _WITHOUT_OUTPUT else 1

    def input(self, index):
        return self._session.reached(self._input(index))

    def _input(self, index):
        return self._inputs[index] if 0 <= index < len(self._inputs) else None

    def canSetInput(self, index, node):
        return 0 <= index < self.maxInputs() and (
            node is None or (node._parent is self._parent and self not in upstream.above(node))
        )

    def setInput(self, index, node):
        """Connect, or with None disconnect; False when it cannot be."""
        if node is not None and not isinstance(node, Node):
            raise TypeError(f"an input is a node or None, not {type(node).__name__}")
        if not self.canSetInput(index, node):
            return False
        self._inputs += [None] * (index + 1 - len(self._inputs))
        if self._inputs[index] is not node:
            self._inputs[index] = node
            self._session.changed(f"{self._label}: input {index}")
            self._session.callbacks.knob_changed(self, "inputChange")
        return True

    connectInput = setInput

    def dependencies(self, mask=INPUTS | HIDDEN_INPUTS | EXPRESSIONS | LINKINPUTS):
        found = [one for one in self._inputs if one] if mask & INPUTS else []
        return [self._session.reached(one) for one in dict.fromkeys(found)]

    def dependent(self, mask=INPUTS | HIDDEN_INPUTS | EXPRESSIONS | LINKINPUTS, forceEvaluate=True):
        found = [one for one in self._parent._children if self in one._inputs]
        return [self._session.reached(one) for one in found if mask & INPUTS]

    # What comes out.

    def format(self):
        return upstream.format_of(self)

    def width(self):
        return upstream.format_of(self)._size[0]

    def height(self):
        return upstream.format_of(self)._size[1]

    def pixelAspect(self):
        return upstream.format_of(self)._aspect

    def frameRange(self):
        return upstream.range_of(self)

    def firstFrame(self):
        return upstream.range_of(self).first()

    def lastFrame(self):
        return upstream.range_of(self).last()

    def channels(self):
        return upstream.channels_of(self)

    def metadata(self, key=None, time=None, view=None):
        frame = self._session.frame if time is None else time
        with self._session.seen_in(view or self._session.views[0]):
            found = upstream.metadata_of(self, frame)
        return found if key is None else found.get(key)

    def sample(self, channel, x, y, dx=1.0, dy=1.0):
        return sample(self, channel, x, y, dx, dy)

    def opHashes(self):
        return [int(upstream.hash_of(self, self._session.frame), 16)]

    def bbox(self):
        return boxed(self._session.picture(self, self._session.frame, self._session.view))

    def upstreamFrameRange(self, index):
        source = self._input(index)
        return upstream.range_of(source) if source else None

    def hasError(self):
        return upstream.has_error(self)

    error = hasError

    def treeHasError(self):
        return any(upstream.has_error(one) for one in upstream.above(self))

    def proxy(self):
        return self._session.root._knobs["proxy"].value()

    def forceValidate(self):
        """Nothing here is validated late."""
