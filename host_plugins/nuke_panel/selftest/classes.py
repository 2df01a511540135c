"""Whether Nuke's node classes have the knobs, and the knobs the values, that we set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import nuke

from host_plugins.nuke_panel.selftest.bench import Bench
from host_plugins.nuke_panel.selftest.check import Check, expect
from host_plugins.nuke_panel.selftest.environment import LICENCE

Values = tuple[str, ...]
"""Values that an Enumeration_Knob has to offer; empty for a knob of another kind."""

USED: dict[str, dict[str, Values]] = {
    "Read": {
        "file": (),
        "first": (),
        "last": (),
        "origfirst": (),
        "origlast": (),
        "before": ("black",),
        "after": ("black",),
        "on_error": ("black",),
        "frame_mode": ("expression",),
        "frame": (),
        "auto_alpha": (),
        "premultiplied": (),
        "raw": (),
        "localizationPolicy": ("off",),
        "reload": (),
    },
    "Write": {
        "file": (),
        "file_type": ("exr",),
        "channels": (),
        "raw": (),
        "views": (),
        "create_directories": (),
    },
    "Input": {"number": ()},
    "Output": {},
    "Switch": {"which": ()},
    "Merge2": {
        "operation": ("over", "difference"),
        "output": (),
        "bbox": ("B",),
        "metainput": ("B",),
        "rangeinput": ("B",),
    },
    "Unpremult": {"channels": (), "alpha": ()},
    "Expression": {f"expr{index}": () for index in range(4)},
    "ModifyMetaData": {"metadata": ()},
    "JoinViews": {"viewassoc": ()},
}
"""What the node and its exports set, by class."""

EXR: dict[str, Values] = {
    "datatype": ("16 bit half", "32 bit float"),
    "compression": ("Zip (1 scanline)",),
    "autocrop": (),
    "metadata": ("default metadata", "no metadata"),
}
"""Knobs that a Write has once its file type is exr."""


def lacking(node: nuke.Node, knobs: dict[str, Values]) -> Iterator[str]:
    """What of it a node has not."""
    for name, values in knobs.items():
        knob = node.knob(name)
        if knob is None:
            yield f"{node.Class()} has no knob {name}"
        elif values:
            yield from _values_lacking(node, knob, values)


def _values_lacking(node: nuke.Node, knob: nuke.Knob, values: Values) -> Iterator[str]:
    if not isinstance(knob, nuke.Enumeration_Knob):
        yield f"{node.Class()}.{knob.name()} is a {knob.Class()}"
        return
    # A menu may write another label behind a tab.
    offered = {str(value).partition("\t")[0] for value in knob.values()}
    for value in values:
        if value not in offered:
            yield f"{node.Class()}.{knob.name()} does not offer {value!r}"


def _all(bench: Bench) -> str:
    problems = [text for name, knobs in USED.items() for text in _of(name, knobs)]
    expect(not problems, "; ".join(problems))
    return f"{len(USED)} classes, {sum(map(len, USED.values()))} knobs"


def _exr(bench: Bench) -> str:
    write = nuke.nodes.Write()
    try:
        write["file_type"].setValue("exr")
        problems = list(lacking(write, EXR))
    finally:
        nuke.delete(write)
    expect(not problems, "; ".join(problems))
    return ", ".join(EXR)


def _of(name: str, knobs: dict[str, Values]) -> Iterable[str]:
    """What a class has not; in a group, because that is where inputs and outputs belong."""
    group = nuke.nodes.Group()
    try:
        with group:
            return list(lacking(getattr(nuke.nodes, name)(), knobs))
    finally:
        nuke.delete(group)


CHECKS: tuple[Check[Bench], ...] = (
    Check(
        name="Every class, knob and value that the node is made of is there",
        look=_all,
        facts=tuple(f"nodes.{name}" for name in USED),
        after=(LICENCE,),
    ),
    Check(
        name="A Write of EXR files has the knobs of an export",
        look=_exr,
        facts=("nodes.Write",),
        after=(LICENCE,),
    ),
)
