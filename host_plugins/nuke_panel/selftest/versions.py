"""Whether results are found again, told apart, and shown by a script that was opened again."""

from __future__ import annotations

import nuke

from host_plugins.nuke_panel import baking, knobs, result
from host_plugins.nuke_panel.main_thread import on_main
from host_plugins.nuke_panel.selftest import scene
from host_plugins.nuke_panel.selftest.bench import FRAMES, Bench, sampled
from host_plugins.nuke_panel.selftest.building import reopen
from host_plugins.nuke_panel.selftest.check import Check, expect, same
from host_plugins.nuke_panel.selftest.removing import (
    ATTACHED,
    WHOLE,
    done,
    outside_untouched,
    shown,
)

SECOND = "Other settings make another version"

_WIDER = "wider"
_WIDER_GROW = 12.0
_RIM = 9
"""Pixels from the bar: within the wider hole, outside the first one."""


def _again(bench: Bench) -> str:
    exports = bench.host().order("remove").exports
    before = {path: path.stat().st_mtime_ns for path in exports.rglob("*.exr")}
    expect(bool(before), f"no exported frame was kept in {exports}")
    ending = bench.remove("again")
    done(ending)
    after = {path: path.stat().st_mtime_ns for path in exports.rglob("*.exr")}
    expect(after == before, "frames were exported again, though nothing upstream has changed")
    version = next(iter(ending.landings.values())).version.label
    same("the version", expected=bench.landing(WHOLE).version.label, got=version)
    return f"{len(before)} exported frames untouched, {version} as before"


def _wider(bench: Bench) -> str:
    on_main(bench.set, {"grow": _WIDER_GROW})
    done(bench.remove(_WIDER))
    first, second = (bench.landing(what).version.label for what in (WHOLE, _WIDER))
    expect(first != second, f"both are {first}")
    return f"{first} and {second}"


def _switches(bench: Bench) -> str:
    frame = FRAMES.first + len(FRAMES) // 2
    _, y, right, top = scene.bar(frame)
    rim = [(right + _RIM, (y + top) // 2)]
    seen = {}
    for what in (WHOLE, _WIDER, WHOLE):
        _show(bench, bench.landing(what).version.label)
        seen[what] = shown(bench, "Matte used", "rgba.alpha", rim, frame)[0]
    expect(seen[WHOLE] == 0, f"the narrow version has alpha {seen[WHOLE]} at {rim[0]}")
    expect(seen[_WIDER] > 0, f"the wide version has no alpha at {rim[0]}: the Read is stale")
    return f"alpha at {rim[0]}: {seen[WHOLE]:g}, then {seen[_WIDER]:g}, and back"


def _bakes(bench: Bench) -> str:
    node, frame = bench.void_remove(), FRAMES.first + len(FRAMES) // 2
    points = [*scene.within(frame), *scene.outside(frame)]
    expected = shown(bench, "Patch (premultiplied)", "rgba.red", points, frame)
    read = baking.bake(node)
    try:
        same("the Read's values", expected=expected, got=sampled(read, "rgba.red", points, frame))
        same("its inputs", expected=0, got=read.inputs())
        return f"{read.name()}: {len(points)} points are the patch's"
    finally:
        nuke.delete(read)


def _previews(bench: Bench) -> str:
    on_main(_go_to_middle)
    ending = bench.remove("preview", purpose="preview")
    expect(ending.end == "done", ending.text)
    finished = bench.landing("preview").finished
    expect(0 < len(finished) <= len(FRAMES), f"it did {len(finished)} frames")
    label = on_main(lambda: bench.void_remove()["version"].value())
    same("the version", expected=knobs.PREVIEW, got=label)
    on_main(_show, bench, bench.landing(WHOLE).version.label)
    return f"frames {finished[0]}-{finished[-1]} around {FRAMES.first + len(FRAMES) // 2}"


def _go_to_middle() -> None:
    nuke.frame(FRAMES.first + len(FRAMES) // 2)


def _show(bench: Bench, label: str) -> None:
    """Choose a version as an artist does; in a terminal nobody is told of a knob that changes."""
    bench.set({"version": label})
    result.show_version(bench.void_remove(), label)


def _kept(bench: Bench) -> str:
    version = bench.void_remove()["version"].value()
    reopen(bench)
    same("the version", expected=version, got=bench.void_remove()["version"].value())
    return outside_untouched(bench)


CHECKS: tuple[Check[Bench], ...] = (
    Check(
        name="A second press exports nothing and finds the same version",
        look=_again,
        facts=("nuke.Node.metadata",),
        after=(ATTACHED,),
        thread="kit",
    ),
    Check(name=SECOND, look=_wider, facts=(), after=(ATTACHED,), thread="kit"),
    Check(
        name="Another version refreshes the Read",
        look=_switches,
        facts=("nuke.Script_Knob.execute", "nodes.Read"),
        after=(SECOND,),
    ),
    Check(
        name="Bake makes a plain Read of the patch",
        look=_bakes,
        facts=("nodes.Read", "nuke.Group.__enter__"),
        after=(ATTACHED,),
    ),
    Check(
        name="A preview does some frames around the current one",
        look=_previews,
        facts=("nuke.frame",),
        after=(ATTACHED,),
        thread="kit",
    ),
    Check(
        name="A script that is opened again shows its result",
        look=_kept,
        facts=("nuke.scriptOpen",),
        after=(ATTACHED,),
    ),
)
