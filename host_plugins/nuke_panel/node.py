"""The node VoidRemove: a Group that is made here and saved whole in the script.

What its switch ``shown`` has to choose from, by input::

    0  plate       as it comes in
    1  facts       comp, which is result over plate, with metadata of ours
    2  result      the patch: a Read, or `views`, a JoinViews of one Read for each view
    3  straight    the patch, unpremultiplied
    4  matte       the patch's alpha in all four channels
    5  difference  comp against plate

Which of them it is, is said by an expression on its own knobs, so that all of it works on a machine
without this package. Nothing inside runs code by itself, and no Write stays inside.

Source: a Group loads without the plug-in that made it, a gizmo does not (Nuke's documentation of
gizmos and groups); a Merge leaves the channels it is not told to write as its B input has them
(reference guide, Merge).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeGuard

import nuke

from host_plugins.nuke_panel import described, knobs, licence, reads
from host_plugins.nuke_panel.undo_step import undo_step

NAME = "VoidRemove1"
"""Of the first one in a script; Nuke counts on from there."""

INPUTS = ("plate", "remove", "affected", "keep")
"""The Input nodes inside, by their number; their names are the labels of the arrows."""

SHOWN = "parent.version ? parent.output+1 : 0"
"""Which input of the switch is shown: the plate where there is no result."""

_ROTOS = {"Roto", "RotoPaint", "Bezier"}
_BELOW = 60
"""Between a node and what is put below it, in units of the node graph."""

_PLACES = {
    "comp": (-220, 120),
    "facts": (-220, 180),
    "difference": (-110, 240),
    "straight": (-350, 240),
    "matte": (-460, 240),
    "shown": (0, 480),
    "Output1": (0, 540),
}
"""Where the nodes inside lie: the plate runs straight down, and no line crosses another."""


def create() -> nuke.Group:
    """Make a VoidRemove where the artist is, connected to what is selected.

    A roto goes to ``remove``, the first other node to ``plate``. It is one step to undo, and
    complete or not there at all.

    Raises:
        RequestError: Nuke's licence does not allow it.
    """
    licence.check()
    selected = [node for node in nuke.selectedNodes() if node.maxOutputs() > 0]
    with undo_step("Create VoidRemove"):
        group = nuke.nodes.Group()
        try:
            group.setName(NAME)
            _build(group)
            _connect(group, selected)
            _place(group, selected)
        except BaseException:
            nuke.delete(group)
            raise
    if nuke.GUI:
        group.showControlPanel()
    return group


def is_void_remove(node: nuke.Node) -> TypeGuard[nuke.Group]:
    """Whether a node is one of ours."""
    return isinstance(node, nuke.Group) and node.knob(knobs.MARK) is not None


def all_void_removes() -> list[nuke.Group]:
    """Every VoidRemove of the script, those inside other groups too."""
    return list(_inside(nuke.root()))


def brought_up_to_date(node: nuke.Group) -> bool:
    """Give a node of an older script what it lacks; its values stay.

    Returns:
        Whether it was of an older layout.
    """
    older = int(node[knobs.MARK].value()) < knobs.SCHEMA
    described.brought_up_to_date(node)
    if older:
        node[knobs.MARK].setValue(knobs.SCHEMA)
    return older


def _inside(group: nuke.Group) -> Iterator[nuke.Group]:
    for node in group.nodes():
        if is_void_remove(node):
            yield node
        elif isinstance(node, nuke.Group):
            yield from _inside(node)


def _build(group: nuke.Group) -> None:
    described.brought_up_to_date(group)
    group["label"].setValue("[value version]")
    with group:
        _fill(*(_input(number, name) for number, name in enumerate(INPUTS)))


def _input(number: int, name: str) -> nuke.Node:
    made = nuke.nodes.Input(name=name)
    made["number"].setValue(number)
    made.setXYpos(number * 110, 0)
    return made


def _fill(plate: nuke.Node, *mattes: nuke.Node) -> None:
    """The nodes behind the inputs; the mattes are only read when they are exported."""
    patch = reads.new_read(reads.RESULT)
    patch.setXYpos(*reads.SOURCE)
    comp = _merge("comp", "over", patch, plate)
    facts = nuke.nodes.ModifyMetaData(name="facts", inputs=[comp])
    straight = nuke.nodes.Unpremult(name="straight", inputs=[patch])
    matte = nuke.nodes.Expression(name="matte", inputs=[patch])
    for channel in range(4):
        matte[f"expr{channel}"].setValue("a")
    difference = _merge("difference", "difference", facts, plate)
    shown = nuke.nodes.Switch(
        name="shown", inputs=[plate, facts, patch, straight, matte, difference]
    )
    shown["which"].setExpression(SHOWN)
    output = nuke.nodes.Output(name="Output1", inputs=[shown])
    for made in (comp, facts, straight, matte, difference, shown, output):
        made.setXYpos(*_PLACES[made.name()])


def _merge(name: str, operation: str, over: nuke.Node, plate: nuke.Node) -> nuke.Node:
    """A merge that writes color alone; all else is the plate's: alpha, metadata, range, windows."""
    made = nuke.nodes.Merge2(name=name, inputs=[plate, over])
    made["operation"].setValue(operation)
    made["output"].setValue("rgb")
    for name in ("metainput", "rangeinput", "bbox"):
        made[name].setValue("B")
    return made


def _connect(group: nuke.Group, selected: Sequence[nuke.Node]) -> None:
    rotos = [node for node in selected if node.Class() in _ROTOS]
    others = [node for node in selected if node.Class() not in _ROTOS]
    for name, found in (("plate", others), ("remove", rotos)):
        if found:
            group.setInput(INPUTS.index(name), found[0])


def _place(group: nuke.Group, selected: Sequence[nuke.Node]) -> None:
    """Below what is selected, and selected itself, as a new node is expected to be."""
    if not selected:
        group.autoplace()
    else:
        lowest = max(node.ypos() + node.screenHeight() for node in selected)
        group.setXYpos((group.input(0) or selected[0]).xpos(), lowest + _BELOW)
    for node in nuke.selectedNodes():
        node.setSelected(False)
    group.setSelected(True)
