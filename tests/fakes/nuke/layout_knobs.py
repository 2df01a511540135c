"""Knobs that hold no value but lay a panel out: tabs and groups within them."""

from __future__ import annotations

from nuke.knob import Knob

TABKNOB, TABBEGINGROUP, TABBEGINCLOSEDGROUP, TABENDGROUP = 0, 1, 2, -1


class Tab_Knob(Knob):
    """A tab; with a flag the begin or the end of a group of knobs."""

    _nameless = True
    _initial = 0

    def __init__(self, name, label=None, flag=TABKNOB):
        super().__init__(name, label)
        if flag not in (TABKNOB, TABBEGINGROUP, TABBEGINCLOSEDGROUP, TABENDGROUP):
            raise ValueError(f"{name} has no such kind of tab: {flag!r}")
        self._kind = flag
        self._value = int(flag == TABBEGINGROUP)

    def _accept(self, value):
        return int(value)


class BeginTabGroup_Knob(Tab_Knob):
    def __init__(self, name, label=None):
        super().__init__(name, label, TABBEGINGROUP)


class EndTabGroup_Knob(Tab_Knob):
    def __init__(self, name, label=None):
        super().__init__(name, label, TABENDGROUP)


def unbalanced(knobs):
    """The name of the first group of knobs that is left open or closed twice, or None."""
    opened = []
    for knob in knobs:
        if not isinstance(knob, Tab_Knob):
            continue
        if knob._kind in (TABBEGINGROUP, TABBEGINCLOSEDGROUP):
            opened.append(knob._name)
        elif knob._kind == TABENDGROUP:
            if not opened:
                return knob._name or "an end of a group"
            opened.pop()
        elif opened:
            return opened[-1]
    return opened[-1] if opened else None
