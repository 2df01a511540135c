"""The script file: which of a script's knobs it holds, and how they come back.

The fake's files are JSON and hold what Nuke's hold: knobs that differ from their defaults, user
knobs with their definitions, connections. Nothing of ours may ever read or write them.
"""

from __future__ import annotations

import json

from nuke import choice_knobs, layout_knobs
from nuke.array_knob import Array_Knob
from nuke.group import Group
from nuke.knob import DO_NOT_WRITE, KEPT_FLAGS
from nuke.knob_kinds import KINDS
from nuke.making import new
from nuke.strict import current, fault

_KIND = "fake nuke script"


def written(session):
    """The script as text."""
    return json.dumps(
        {"kind": _KIND, "views": session.views, **_group(session.root)}, indent=1, sort_keys=True
    )


def _group(group):
    names = {node: node._label for node in group._children}
    return {
        **_knobs(group),
        "nodes": [
            {
                "class": node._class,
                "name": names[node],
                "inputs": [names.get(source) for source in node._inputs],
                **(_group(node) if isinstance(node, Group) else _knobs(node)),
            }
            for node in group._children
        ],
    }


def _knobs(node):
    if name := layout_knobs.unbalanced([one for one in node._knobs.values() if one._user]):
        fault(f"the group of knobs {name} of {node._label} is not balanced")
    return {
        "knobs": {
            name: _saved(knob)
            for name, knob in node._knobs.items()
            if not knob._user and name != "name" and _differs(knob)
        },
        "user": [_definition(knob) for knob in node._knobs.values() if knob._user],
    }


def _differs(knob):
    return knob._value != knob._default or knob.isAnimated()


def _saved(knob):
    if current().traps.expressions_are_lost and knob.hasExpression():
        return "0"
    return knob._text()


def _definition(knob):
    traps = current().traps
    definition = {
        "kind": type(knob).__name__,
        "name": knob._name,
        "label": knob._label,
        "tooltip": knob._tooltip,
        "flags": knob._flags & KEPT_FLAGS if traps.flags_are_forgotten else knob._flags,
    }
    if not traps.hidden_by_hand_is_forgotten:
        definition |= {"enabled": knob._enabled, "shown": knob._shown}
    if isinstance(knob, choice_knobs.Enumeration_Knob):
        definition["values"] = [] if traps.enumerations_lose_values else knob._values
    elif isinstance(knob, Array_Knob):
        definition["range"] = knob._range
        definition["size"] = len(knob._value)
    elif isinstance(knob, layout_knobs.Tab_Knob):
        definition["flag"] = knob._kind
    if not knob._flags & DO_NOT_WRITE and not isinstance(knob, layout_knobs.Tab_Knob):
        definition["value"] = _saved(knob)
    return definition


def read(session, text):
    """Put what a text holds into the script that is open.

    Raises:
        RuntimeError: It is no script.
    """
    try:
        whole = json.loads(text)
    except ValueError:
        whole = {}
    if whole.get("kind") != _KIND:
        raise RuntimeError("this is no script")
    session.loading = True
    try:
        for name in whole["views"]:
            if name not in session.views:
                session.add_view(name)
        for name in [one for one in session.views if one not in whole["views"]]:
            session.delete_view(name)
        _fill(session.root, whole)
        _fill_nodes(session.root, whole)
    finally:
        session.loading = False


def _fill_nodes(group, whole):
    made = {}
    for entry in whole["nodes"]:
        node = new(entry["class"], group, entry["name"])
        made[entry["name"]] = node
        _fill(node, entry)
        if isinstance(node, Group):
            _fill_nodes(node, entry)
    for entry in whole["nodes"]:
        made[entry["name"]]._inputs = [made.get(name) for name in entry["inputs"]]


def _fill(node, entry):
    for name, text in entry["knobs"].items():
        node._knobs[name]._read(text)
    for definition in entry["user"]:
        _add(node, definition)


def _add(node, definition):
    kind = KINDS[definition["kind"]]
    extra = ()
    if "flag" in definition:
        extra = (definition["flag"],)
    elif "values" in definition:
        extra = (definition["values"],)
    elif definition.get("size", 1) > 1:
        extra = (definition["size"],)
    knob = kind(definition["name"], definition["label"], *extra)
    knob._tooltip, knob._flags = definition["tooltip"], definition["flags"]
    knob._enabled = definition.get("enabled", True)
    knob._shown = definition.get("shown", True)
    if "range" in definition:
        knob._range = tuple(definition["range"])
    node.addKnob(knob)
    if "value" in definition:
        if definition["value"] and isinstance(knob, choice_knobs.Enumeration_Knob):
            _read_choice(knob, definition["value"])
        else:
            knob._read(definition["value"])


def _read_choice(knob, text):
    """A word that is not offered is left out, with a line on the terminal."""
    try:
        knob._read(text)
    except TypeError as error:
        current().printed.append(str(error))
