"""Putting knobs onto a node in order, on new nodes and on those of older scripts.

Nuke adds a knob behind all others and under the last tab. To put one in between, all of ours are
taken off and put back in the order of the table; the knobs themselves stay, with their values.
An artist's own knobs are not touched.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import nuke

from host_plugins.nuke_panel.knob import Kind, Knob

_VALUED: frozenset[Kind] = frozenset(
    {"prompt", "string", "file", "int", "double", "switch", "choice"}
)
_FIXED: frozenset[Kind] = frozenset({"tab", "group", "closed_group", "end_group", "line", "button"})
_NUMBERS: frozenset[Kind] = frozenset({"int", "double"})


def lay_out(node: nuke.Node, table: Sequence[Knob]) -> None:
    """Give a node the knobs of a table, in its order; values of those it has are kept."""
    names = [knob.name for knob in table]
    ours = [name for name in _names(node) if name in names]
    if len(ours) < len(names):
        _put_back(node, table, _taken_off(node, ours))
    for knob in table:
        _dress(node[knob.name], knob)


def _names(node: nuke.Node) -> list[str]:
    return [knob.name() for knob in node.allKnobs()]


def _taken_off(node: nuke.Node, names: Sequence[str]) -> dict[str, tuple[nuke.Knob, str]]:
    """The knobs as they were, with their values as a script says them."""
    taken = {}
    # What a tab holds has to go before the tab does.
    for name in reversed(names):
        knob = node[name]
        taken[name] = (knob, knob.toScript())
        node.removeKnob(knob)
    return taken


def _put_back(
    node: nuke.Node, table: Sequence[Knob], taken: dict[str, tuple[nuke.Knob, str]]
) -> None:
    for knob in table:
        if knob.name not in taken:
            node.addKnob(made(knob))
            continue
        old, value = taken[knob.name]
        node.addKnob(old)
        if knob.kind not in _FIXED and node[knob.name].toScript() != value:
            node[knob.name].fromScript(value)


def made(knob: Knob) -> nuke.Knob:
    """A new knob with its default."""
    new = _MAKERS[knob.kind](knob)
    if knob.kind in _VALUED and knob.default is not None:
        new.setValue(knob.default)
    return new


def _dress(new: nuke.Knob, knob: Knob) -> None:
    """What a script does not always bring back, or an older version of ours has said otherwise."""
    new.setTooltip(knob.tooltip)
    if knob.kind == "button" and new.value() != knob.default:
        new.setValue(knob.default)
    if knob.same_line:
        new.clearFlag(nuke.STARTLINE)
    elif knob.kind in _STARTING:
        new.setFlag(nuke.STARTLINE)
    if knob.kind in _NUMBERS:
        # A value belongs to a whole shot: what moves with the frame would flicker.
        new.setFlag(nuke.NO_ANIMATION)
    if knob.hidden:
        new.setFlag(nuke.INVISIBLE)
    if not knob.saved:
        new.setFlag(nuke.DO_NOT_WRITE)


_STARTING: frozenset[Kind] = frozenset({"button", "switch"})
"""Kinds that stand beside the knob before them unless they are told otherwise."""


def _double(knob: Knob) -> nuke.Knob:
    new = nuke.Double_Knob(knob.name, knob.label)
    if knob.limits is not None:
        new.setRange(*knob.limits)
    return new


_MAKERS: dict[Kind, Callable[[Knob], nuke.Knob]] = {
    "tab": lambda knob: nuke.Tab_Knob(knob.name, knob.label),
    "group": lambda knob: nuke.Tab_Knob(knob.name, knob.label, nuke.TABBEGINGROUP),
    "closed_group": lambda knob: nuke.Tab_Knob(knob.name, knob.label, nuke.TABBEGINCLOSEDGROUP),
    "end_group": lambda knob: nuke.Tab_Knob(knob.name, knob.label, nuke.TABENDGROUP),
    "text": lambda knob: nuke.Text_Knob(knob.name, knob.label, str(knob.default or " ")),
    "line": lambda knob: nuke.Text_Knob(knob.name, ""),
    "prompt": lambda knob: nuke.Multiline_Eval_String_Knob(knob.name, knob.label),
    "string": lambda knob: nuke.String_Knob(knob.name, knob.label),
    "file": lambda knob: nuke.File_Knob(knob.name, knob.label),
    "int": lambda knob: nuke.Int_Knob(knob.name, knob.label),
    "double": _double,
    "switch": lambda knob: nuke.Boolean_Knob(knob.name, knob.label),
    "choice": lambda knob: nuke.Enumeration_Knob(knob.name, knob.label, list(knob.values)),
    "button": lambda knob: nuke.PyScript_Knob(knob.name, knob.label, str(knob.default)),
}
