"""What every knob has: a name, a label, flags, a node, and a value that it checks."""

from __future__ import annotations

import re

from nuke import tcl
from nuke.strict import NOT_ATTACHED, HostObject, current

STARTLINE, INVISIBLE, DO_NOT_WRITE, DISABLED = 0x1000, 0x400, 0x200, 0x80
NO_UNDO, NO_ANIMATION, KNOB_CHANGED_RECURSIVE = 0x80000, 0x100, 0x8000000
ENDLINE, ALWAYS_SAVE, READ_ONLY = 0x2000, 0x100000, 0x10000000

KEPT_FLAGS = STARTLINE | INVISIBLE | DISABLED
"""Flags of a user knob that come back with the script."""

_LEGAL = re.compile(r"[A-Za-z_]\w*\Z")


class Knob(HostObject):
    """A knob, on a node or not yet; a kind's own class says what values it takes."""

    _nameless = False
    _initial = ""

    def __init__(self, name, label=None):
        self._name = self._legal(name)
        self._label = None if label is None else _string(label, f"the label of {name}")
        self._tooltip = ""
        self._flags = 0
        self._enabled = self._shown = True
        self._node = None
        self._user = False
        self._value = self._default = self._initial

    def _living(self):
        if self._node is not None:
            try:
                self._node._living()
            except ValueError:
                raise ValueError(NOT_ATTACHED) from None

    def _accept(self, value):
        """The value as it is kept.

        Raises:
            TypeError: It is of a kind that this knob does not take.
            ValueError: It is none of the values that it takes.
        """
        raise TypeError(f"{self._name} is a {type(self).__name__} and takes no value")

    def _set(self, value):
        """Keep an accepted value and tell the session."""
        changed, self._value = value != self._value, value
        if changed and self._node is not None:
            current().knob_was_set(self)
        return True

    def _text(self):
        """The value as a script keeps it."""
        return str(self._value)

    def _read(self, text):
        """Take a value out of a script, without callbacks."""
        self._value = self._accept(text)

    def Class(self):
        return type(self).__name__

    def name(self):
        return self._name

    def setName(self, name):
        if self._node is not None:
            raise ValueError(f"{self._name} is on a node; the fake renames no knob there")
        self._name = self._legal(name)

    def _legal(self, name):
        if isinstance(name, str) and (_LEGAL.match(name) or (self._nameless and not name)):
            return name
        raise ValueError(f"{name!r} is no name for a {type(self).__name__}")

    def label(self):
        return self._name if self._label is None else self._label

    def setLabel(self, label):
        self._label = _string(label, "label")

    def tooltip(self):
        return self._tooltip

    def setTooltip(self, tooltip):
        self._tooltip = _string(tooltip, "tooltip")

    def node(self):
        return self._node

    def fullyQualifiedName(self, channel=-1):
        return f"{self._node.fullName()}.{self._name}" if self._node else self._name

    def setFlag(self, flag):
        self._flags |= flag

    def clearFlag(self, flag):
        self._flags &= ~flag

    def getFlag(self, flag):
        return bool(self._flags & flag)

    def setEnabled(self, enabled):
        self._enabled = bool(enabled)

    def enabled(self):
        return self._enabled and not self._flags & DISABLED

    def setVisible(self, visible):
        self._shown = bool(visible)

    def visible(self):
        return self._shown and not self._flags & INVISIBLE

    def setValue(self, value, channel=0):
        return self._set(self._accept(value))

    def value(self):
        return self._value

    def getValue(self):
        return self._value

    def notDefault(self):
        return self._value != self._default

    def isAnimated(self, channel=0):
        return False

    def hasExpression(self, index=-1):
        return False

    def toScript(self, quote=False, context=None):
        text = self._text()
        return tcl.quoted(text) if quote else text

    def fromScript(self, script):
        return self._set(self._accept(script))


def _string(value, what):
    if not isinstance(value, str):
        raise TypeError(f"{what} must be str, not {type(value).__name__}")
    return value
