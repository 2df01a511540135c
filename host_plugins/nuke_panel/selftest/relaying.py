"""Whether knobs that are taken off and put back, or copied, come out as they went in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import nuke

from bridge.messages import EngineInfo, ParameterInfo, Welcome
from host_plugins.nuke_panel import described
from host_plugins.nuke_panel import node as void_node
from host_plugins.nuke_panel.selftest.bench import Bench
from host_plugins.nuke_panel.selftest.building import REOPENED, reopen
from host_plugins.nuke_panel.selftest.check import Check, Failed, expect, same

_MARBLES = ParameterInfo("marbles", "Marbles", "How many.", 3, minimum=0, maximum=9)
_MOOD = ParameterInfo("mood", "Mood", "Which.", "calm", ("calm", "wild"))
_GLOSS = ParameterInfo("gloss", "Gloss", "How much.", 0.5, minimum=0.0, maximum=1.0)
_ONE = EngineInfo("kit_one", "One", "Is not there.", "cpu", (_MARBLES, _MOOD))
_TWO = EngineInfo("kit_two", "Two", "Is not there either.", "cpu", (_GLOSS,))

_SET: dict[str, object] = {
    "prompt": "A wall [of 7 bricks].",
    "seed": 11,
    "grow": 2.5,
    "p_kit_one_marbles": 5,
    "p_kit_one_mood": "wild",
}
"""Set after the first engine is described, and there still after the second."""


def _laid_out_again(bench: Bench) -> str:
    with _another() as name:
        node = _named(name)
        described.describe(node, _welcome(_ONE))
        for knob, value in _SET.items():
            node[knob].setValue(value)
        described.describe(node, _welcome(_ONE, _TWO))
        _compare(node, "after the second engine")
        reopen(bench)
        _compare(_named(name), "in the script that was opened")
    return f"{len(_SET)} values and the order of knobs kept, two invented engines described"


def _copied(bench: Bench) -> str:
    file = (bench.folder / "void_selftest_copy.nk").as_posix()
    with _another() as name:
        node = _named(name)
        described.describe(node, _welcome(_ONE, _TWO))
        for knob, value in _SET.items():
            node[knob].setValue(value)
        _select(node)
        nuke.nodeCopy(file)
        nuke.nodePaste(file)
        pasted = nuke.selectedNode()
        try:
            expect(pasted.name() != name, "nothing was pasted")
            if not void_node.is_void_remove(pasted):
                raise Failed("the copy is not known as a VoidRemove")
            _compare(pasted, "in the copy")
        finally:
            if pasted.name() != name:
                nuke.delete(pasted)
    return f"{len(_SET)} values and the order of knobs are those of the original"


def _compare(node: nuke.Group, when: str) -> None:
    wanted = [knob.name for knob in described.table(node)]
    same(f"the order of knobs {when}", expected=wanted, got=_order(node, wanted))
    got = {name: node[name].value() for name in _SET}
    same(f"the values {when}", expected=_SET, got=got)


def _order(node: nuke.Group, wanted: list[str]) -> list[str]:
    return [knob.name() for knob in node.allKnobs() if knob.name() in wanted]


def _welcome(*engines: EngineInfo) -> Welcome:
    """What a server would say that offered these."""
    return Welcome((1, 0), "", "", 1, 1, False, engines, (), 0)


@contextmanager
def _another() -> Iterator[str]:
    """Name of another VoidRemove, which is gone when the block ends."""
    _select(None)
    name = void_node.create().name()
    try:
        yield name
    finally:
        nuke.delete(_named(name))


def _named(name: str) -> nuke.Group:
    found = nuke.toNode(name)
    if not isinstance(found, nuke.Group):
        raise Failed(f"there is no group {name} any more")
    return found


def _select(node: nuke.Node | None) -> None:
    """Have this node selected and no other."""
    for selected in nuke.selectedNodes():
        selected.setSelected(False)
    if node is not None:
        node.setSelected(True)


CHECKS: tuple[Check[Bench], ...] = (
    Check(
        name="Knobs that were taken off and put back are as they were, in a saved script too",
        look=_laid_out_again,
        facts=("nuke.Node.removeKnob", "nuke.Node.addKnob", "nuke.Node.allKnobs"),
        after=(REOPENED,),
    ),
    Check(
        name="A copy has the knobs of the node and their values",
        look=_copied,
        facts=("nuke.nodeCopy", "nuke.nodePaste"),
        after=(REOPENED,),
    ),
)
