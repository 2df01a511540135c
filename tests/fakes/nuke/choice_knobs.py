"""Knobs with a choice: of words, channels or formats; what is not offered is refused."""

from __future__ import annotations

import re

from nuke import tcl
from nuke.format import Format
from nuke.knob import Knob
from nuke.number_knobs import Unsigned_Knob
from nuke.strict import current

_LAYERS = {"none", "all", "rgb", "rgba", "alpha", "red", "green", "blue", "depth", "motion"}
_LAYERS |= {"forward", "backward", "mask", "rotopaint_mask"}


class Enumeration_Knob(Unsigned_Knob):
    """One of a list of words; ``value()`` is the word, ``getValue()`` its place in the list."""

    def __init__(self, name, label=None, values=None):
        super().__init__(name, label)
        if values is not None and (isinstance(values, str) or not all(_texts(values))):
            raise TypeError(f"the values of {name} must be a list of str, got {values!r}")
        self._values = list(values or [])

    def values(self):
        return list(self._values)

    def setValues(self, values):
        """Other words; the place in the list stays, and with it perhaps not the word."""
        if isinstance(values, str) or not all(_texts(values)):
            raise TypeError(f"the values of {self._name} must be a list of str, got {values!r}")
        self._values = list(values)
        if self._value[0] >= max(len(self._values), 1):
            self._set((0,))
        elif self._node is not None:
            current().knob_was_set(self, quiet=True)

    def numValues(self):
        return len(self._values)

    def enumName(self, index):
        return self._values[index]

    def value(self):
        index = self._now()[0]
        return self._values[index] if index < len(self._values) else ""

    def _accept(self, value):
        if isinstance(value, str):
            if value not in self._values:
                raise TypeError(
                    f"Bad value for {self._name}: {value!r} (expected one of {self._values})"
                )
            return (self._values.index(value),)
        index = super()._accept(value)
        if index[0] >= max(len(self._values), 1):
            raise ValueError(f"{self._name} has {len(self._values)} values, got {value!r}")
        return index

    def _channel_text(self, index):
        plain = index not in self._expressions and index not in self._keys
        return self.value() if plain else super()._channel_text(index)

    def _read(self, text):
        if text[:2] in ("{=", "={") or text.startswith("="):
            super()._read(text)
        else:
            self._value = self._accept(tcl.words(text)[0] if text.startswith("{") else text)


class Pulldown_Knob(Enumeration_Knob):
    """A list whose entries carry commands."""


class Bitmask_Knob(Enumeration_Knob):
    """Several of a list of words."""


class OneView_Knob(Enumeration_Knob):
    """One of the script's views."""

    def values(self):
        return list(current().views)

    def _accept(self, value):
        self._values = list(current().views)
        return super()._accept(value)

    def value(self):
        self._values = list(current().views)
        return super().value()


class CascadingEnumeration_Knob(Enumeration_Knob):
    """A list in submenus, such as that of the colour spaces."""


class EditableEnumeration_Knob(Enumeration_Knob):
    """A list to which an artist can type another word."""

    def _accept(self, value):
        if isinstance(value, str) and value not in self._values:
            self._values.append(value)
        return super()._accept(value)


class Channel_Knob(Knob):
    """A layer, or a channel."""

    _initial = "none"

    def _accept(self, value):
        if not isinstance(value, str):
            raise TypeError(f"{self._name} takes str, not {type(value).__name__}")
        if value not in _LAYERS and not re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+", value):
            raise ValueError(f"{self._name}: there is no layer or channel {value!r}")
        return value


class ChannelMask_Knob(Channel_Knob):
    """A set of channels."""


class Format_Knob(Knob):
    """A format, set by its name or as a `Format`."""

    _initial = None

    def _accept(self, value):
        if isinstance(value, Format):
            return value
        if not isinstance(value, str):
            raise TypeError(f"{self._name} takes a format or its name, not {value!r}")
        return current().formats.named(value)

    def value(self):
        if self._value is None:
            return current().root["format"].value() if self._node is not current().root else None
        return self._value

    actualValue = value

    def name(self):
        return self._name

    def _text(self):
        return self._value._line() if self._value else ""

    def _read(self, text):
        self._value = current().formats.added(text) if text else None


class Link_Knob(Knob):
    """Another node's knob, shown here."""

    def __init__(self, name, label=None):
        super().__init__(name, label)
        self._value = ""

    def _accept(self, value):
        if not isinstance(value, str):
            raise TypeError(f"{self._name} takes str, not {type(value).__name__}")
        return value

    def setLink(self, link):
        self._set(self._accept(link))

    def getLink(self):
        return self._value

    def getLinkedKnob(self):
        return current().knob_named(self._value, self._node)


def _texts(values):
    return [isinstance(value, str) for value in values]
