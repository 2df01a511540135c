"""Whether the group builds, has the knobs of its layout, and comes back from a saved script."""

from __future__ import annotations

import nuke

from host_plugins.nuke_panel import knobs
from host_plugins.nuke_panel import node as void_node
from host_plugins.nuke_panel.selftest import scene
from host_plugins.nuke_panel.selftest.bench import FRAMES, Bench, sampled
from host_plugins.nuke_panel.selftest.check import Check, expect, same
from host_plugins.nuke_panel.selftest.environment import LICENCE

FILMED = "Nuke writes a shot and reads it back"
BUILT = "The node builds"
REOPENED = "The node comes back from a saved script as it was"

COLOURS = ("rgba.red", "rgba.green", "rgba.blue")
WINDOWS_PATH = "C:/jobs/sh010/void"

_CHOICES: frozenset[str] = frozenset({"choice"})
_KEPT = {"prompt": "An empty wall.", "seed": 7, "results_dir": WINDOWS_PATH, "views": "main"}


def _film(bench: Bench) -> str:
    scene.start(bench)
    scene.film(bench)
    plate = scene.read(bench.pattern("plate"), "kit_plate")
    scene.read(bench.pattern("matte"), "kit_matte")
    middle = FRAMES.first + len(FRAMES) // 2
    inside = sampled(plate, "rgba.red", scene.within(middle), middle)
    same("red in the bar", expected=[scene.OBJECT] * len(inside), got=inside)
    same("the corner's red", expected=[scene.BRIGHT], got=_corner(plate, "rgba.red"))
    same("the corner's green", expected=[scene.DARK], got=_corner(plate, "rgba.green"))
    return f"{len(FRAMES)} frames; values {scene.BRIGHT} and {scene.DARK} came back"


def _corner(node: nuke.Node, channel: str) -> list[float]:
    return sampled(node, channel, [scene.CORNER], FRAMES.first)


def _build(bench: Bench) -> str:
    for selected in nuke.selectedNodes():
        selected.setSelected(False)
    node = void_node.create()
    bench.node = node.name()
    expect(void_node.is_void_remove(node), "it is not known as a VoidRemove")
    node.setInput(0, nuke.toNode("kit_plate"))
    node.setInput(1, nuke.toNode("kit_matte"))
    broken = [
        found.name() for found in node.nodes() if found.Class() != "Read" and found.hasError()
    ]
    expect(not broken, f"{', '.join(broken)} inside it is in error")
    writes = [found.name() for found in node.nodes() if found.Class() == "Write"]
    expect(not writes, f"it holds {', '.join(writes)}, which a farm would render")
    return f"{node.name()}, {len(node.nodes())} nodes inside"


def _knobs(bench: Bench) -> str:
    node = bench.void_remove()
    table = knobs.layout()
    there = [knob.name() for knob in node.allKnobs()]
    expected = [knob.name for knob in table]
    same("the order of knobs", expected=expected, got=[name for name in there if name in expected])
    for knob in table:
        if knob.kind in _CHOICES and set(knob.values) - set(_values(node, knob.name)):
            same(f"choices of {knob.name}", expected=knob.values, got=_values(node, knob.name))
    seen = [knob.name for knob in table if knob.hidden and node[knob.name].visible()]
    expect(not seen, f"{', '.join(seen)} ought to be hidden")
    return f"{len(table)} knobs"


def _values(node: nuke.Group, name: str) -> list[str]:
    knob = node[name]
    return [str(value) for value in knob.values()] if hasattr(knob, "values") else []


def passes_plate(bench: Bench) -> str:
    """See that the node's picture is its plate's, at the points of the bar and around it."""
    node, plate = bench.void_remove(), nuke.toNode("kit_plate")
    expect(plate is not None, "the plate is gone")
    assert plate is not None
    frame = FRAMES.first
    points = [*scene.within(frame), *scene.outside(frame)]
    for channel in COLOURS:
        expected = sampled(plate, channel, points, frame)
        same(channel, expected=expected, got=sampled(node, channel, points, frame))
    return f"{len(points)} points of frame {frame}, all equal"


def disabled_passes_plate(bench: Bench) -> str:
    """The same of a node that is switched off."""
    switch = bench.void_remove()["disable"]
    switch.setValue(True)
    try:
        return passes_plate(bench)
    finally:
        switch.setValue(False)


def _reopen(bench: Bench) -> str:
    kept = {name: bench.void_remove()[name].value() for name in _KEPT}
    bench.set(_KEPT)
    before = _as_saved(bench)
    try:
        reopen(bench)
        after = _as_saved(bench)
    finally:
        bench.set(kept)
    changed = [f"{name} {before[name]!r} -> {after.get(name)!r}" for name in before
               if before[name] != after.get(name)]  # fmt: skip
    expect(not changed, "; ".join(changed))
    return f"{len(before)} facts; {WINDOWS_PATH} as it was written"


def reopen(bench: Bench) -> None:
    """Save the kit's script, empty Nuke, and open it; main thread only."""
    nuke.scriptSaveAs(bench.script.as_posix(), 1)
    nuke.scriptClear()
    # In a window a script that is not empty would make this open another Nuke.
    nuke.scriptOpen(bench.script.as_posix())


def _as_saved(bench: Bench) -> dict[str, object]:
    """What has to be the same after a script was opened again."""
    node = bench.void_remove()
    saved: dict[str, object] = {
        f"knob {knob.name}": node[knob.name].value()
        for knob in knobs.layout()
        if knob.saved and knob.name in {*_KEPT, "version", "output", "server", knobs.MARK}
    }
    saved |= {f"node {found.name()}": found.Class() for found in node.nodes()}
    saved |= {f"input {index}": _name(node.input(index)) for index in range(2)}
    switch = node.node("shown")
    saved["shown.which"] = switch is not None and switch["which"].hasExpression()
    saved["known"] = void_node.is_void_remove(node)
    return saved


def _name(node: nuke.Node | None) -> str:
    return "" if node is None else node.name()


def _hidden(bench: Bench) -> str:
    node = bench.void_remove()
    seen = [knob.name for knob in knobs.layout() if knob.hidden and node[knob.name].visible()]
    expect(not seen, f"{', '.join(seen)} can be seen now")
    return "jobs, described and the schema are still hidden"


CHECKS: tuple[Check[Bench], ...] = (
    Check(
        name=FILMED,
        look=_film,
        facts=(
            "nodes.CheckerBoard2",
            "nodes.Constant",
            "nodes.Crop",
            "nodes.Merge2",
            "nodes.Read",
            "nodes.Write",
            "nuke.execute",
            "nuke.Node.sample",
            "nuke.addFormat",
        ),
        after=(LICENCE,),
    ),
    Check(
        name=BUILT,
        look=_build,
        facts=("nodes.Group", "nodes.Input", "nodes.Switch", "nuke.Group.nodes"),
        after=(FILMED,),
    ),
    Check(
        name="Its knobs stand in the order of the layout",
        look=_knobs,
        facts=("nuke.Node.addKnob", "nuke.Node.allKnobs", "nuke.Enumeration_Knob.values"),
        after=(BUILT,),
    ),
    Check(
        name="Without a result it passes the plate",
        look=passes_plate,
        facts=("nodes.Switch", "nuke.Array_Knob.setExpression"),
        after=(BUILT,),
    ),
    Check(
        name=REOPENED,
        look=_reopen,
        facts=("nuke.scriptSaveAs", "nuke.scriptClear", "nuke.scriptOpen", "nuke.File_Knob"),
        after=(BUILT,),
    ),
    Check(
        name="Hidden knobs stay hidden in a script that was opened",
        look=_hidden,
        facts=("nuke.Knob.visible", "nuke.Knob.setFlag"),
        after=(REOPENED,),
    ),
)
