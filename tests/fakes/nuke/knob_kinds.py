"""Knob classes by name, and knobs as the ledger describes them."""

from __future__ import annotations

from nuke import choice_knobs, layout_knobs, number_knobs, text_knobs
from nuke.array_knob import Array_Knob
from nuke.knob import Knob
from nuke.strict import current


class Untyped_Knob(Knob):
    """A built-in knob of a kind that the fake keeps as text, such as a roto's curves."""

    def Class(self):
        return "Knob"

    def _accept(self, value):
        if not isinstance(value, str):
            raise TypeError(f"{self._name} takes str, not {type(value).__name__}")
        return value


KINDS = {
    name: kind
    for module in (text_knobs, number_knobs, choice_knobs, layout_knobs)
    for name, kind in vars(module).items()
    if isinstance(kind, type) and issubclass(kind, Knob) and not name.startswith("_")
} | {"Knob": Untyped_Knob}


def built_in(name, entry):
    """A knob that a node class brings along.

    Raises:
        LookupError: The ledger gives it a kind that the fake does not have.
    """
    kind = KINDS[entry["type"]]
    default = entry.get("default")
    if issubclass(kind, Array_Knob) and isinstance(default, list):
        knob = kind(name, None, len(default))
    else:
        knob = kind(name)
    if "values" in entry:
        knob._values = list(entry["values"])
    if entry.get("open"):
        knob.__class__ = choice_knobs.EditableEnumeration_Knob
    if default not in (None, ""):
        knob._value = knob._default = _default(knob, default)
    return knob


def _default(knob, default):
    if not isinstance(knob, choice_knobs.Format_Knob):
        return knob._accept(default)
    return None if default == "root" else current().formats.added(default)
