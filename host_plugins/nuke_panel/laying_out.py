"""Putting knobs onto a node in order, on new nodes and on those of older scripts.

Nuke adds a knob behind all others and under the last tab. To put one in between, all of ours are
taken off and put back in the order of the table; the knobs themselves stay, with their values.
An artist's own knobs are not touched.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import nuke

from host_plugins.nuke_panel.knob import Kind, Knob

_VALUED: frozenset[Kind] = frozenset(
    {"prompt", "string", "file", "int", "double", "switch", "choice"}
)
_FIXED: frozenset[Kind] = frozenset({"tab", "group", "closed_group", "end_group", "line", "button"})
_NUMBERS: frozenset[Kind] = frozenset({"int", "double"})

_log = logging.getLogger("void")


def lay_out(node: nuke.Node, table: Sequence[Knob]) -> None:
    """Give a node the knobs of a table, in its order; values of those it has are kept.

    Should Nuke refuse anything of it, what was taken off is put back, or made anew with the value
    that it had, before the error goes on: a node is not left with some of its knobs.
    """
    names = [knob.name for knob in table]
    ours = [name for name in _names(node) if name in names]
    if len(ours) < len(names):
        taken: dict[str, _Taken] = {}
        try:
            _take_off(node, ours, taken)
            _put_back(node, table, taken)
        except BaseException:
            _restore(node, table, taken)
            raise
    for knob in table:
        _dress(node[knob.name], knob)


@dataclass(frozen=True)
class _Taken:
    """A knob as it was.

    Attributes:
        knob: The knob itself.
        value: What a script says of its value; "" for a kind that has none.
        choices: What it offered.
    """

    knob: nuke.Knob
    value: str
    choices: list[str]


def _names(node: nuke.Node) -> list[str]:
    return [knob.name() for knob in node.allKnobs()]


def _take_off(node: nuke.Node, names: Sequence[str], taken: dict[str, _Taken]) -> None:
    # What a tab holds has to go before the tab does.
    for name in reversed(names):
        knob = node[name]
        choices = list(knob.values()) if isinstance(knob, nuke.Enumeration_Knob) else []
        taken[name] = _Taken(knob, knob.toScript(), choices)
        node.removeKnob(knob)


def _put_back(node: nuke.Node, table: Sequence[Knob], taken: dict[str, _Taken]) -> None:
    for knob in table:
        if knob.name not in taken:
            node.addKnob(made(knob))
            continue
        old = taken[knob.name]
        node.addKnob(old.knob)
        if knob.kind not in _FIXED and node[knob.name].toScript() != old.value:
            node[knob.name].fromScript(old.value)


def _restore(node: nuke.Node, table: Sequence[Knob], taken: dict[str, _Taken]) -> None:
    """The whole table once more, with new knobs, since it may be the old ones that are refused."""
    there = set(_names(node))
    for knob in table:
        if knob.name in there:
            continue
        try:
            node.addKnob(made(knob))
            if knob.name in taken and knob.kind not in _FIXED:
                _fill(node[knob.name], taken[knob.name])
            _dress(node[knob.name], knob)
        except Exception:
            _log.warning("%s: knob %s is lost", node.name(), knob.name, exc_info=True)


def _fill(new: nuke.Knob, old: _Taken) -> None:
    if old.choices and isinstance(new, nuke.Enumeration_Knob):
        new.setValues(old.choices)
    new.fromScript(old.value)


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
