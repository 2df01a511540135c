"""Kinds of number knobs: what they hold, and how many."""

from __future__ import annotations

from nuke.array_knob import Array_Knob


class Double_Knob(Array_Knob):
    """A number with a slider."""


class Int_Knob(Array_Knob):
    """A whole number; a fraction is refused rather than cut off."""

    _initial = 0

    def _accept_one(self, value):
        number = super()._accept_one(value)
        if number != int(number):
            raise TypeError(f"{self._name} takes whole numbers, not {value!r}")
        return int(number)

    def _shaped(self, number):
        return int(number)

    def _number(self, word):
        return int(float(word))


class Unsigned_Knob(Int_Knob):
    """A whole number from 0."""

    def _accept_one(self, value):
        if (number := super()._accept_one(value)) < 0:
            raise ValueError(f"{self._name} takes no negative number, got {value!r}")
        return number


class ColorChip_Knob(Unsigned_Knob):
    """A colour as one number, 0xRRGGBBAA."""


class Boolean_Knob(Array_Knob):
    """A check box."""

    _initial = False

    def __init__(self, name, label=None, value=None):
        super().__init__(name, label)
        if value is not None:
            self._value = self._accept(value)

    def _accept_one(self, value):
        if not isinstance(value, (bool, int)) or value not in (0, 1):
            raise TypeError(f"{self._name} takes True or False, not {value!r}")
        return bool(value)

    def _shaped(self, number):
        return bool(number)

    def _channel_text(self, index):
        plain = index not in self._expressions and index not in self._keys
        return str(self._value[0]).lower() if plain else super()._channel_text(index)

    def _number(self, word):
        return {"true": True, "false": False, "1": True, "0": False}[word.lower()]


class Disable_Knob(Boolean_Knob):
    """A node's own switch."""


class XY_Knob(Array_Knob):
    _size = 2


class WH_Knob(Array_Knob):
    _size = 1


class UV_Knob(Array_Knob):
    _size = 2


class Range_Knob(Array_Knob):
    _size = 2


class XYZ_Knob(Array_Knob):
    _size = 3


class Scale_Knob(Array_Knob):
    _size = 3


class Color_Knob(Array_Knob):
    _size = 3


class AColor_Knob(Color_Knob):
    _size = 4


class BBox_Knob(Array_Knob):
    _size = 4
