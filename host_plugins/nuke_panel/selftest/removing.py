"""Whether a removal goes the whole way: pictures out, a result in, and nothing else changed."""

from __future__ import annotations

import time

import nuke

from bridge.errors import ConnectionLost
from host_plugins.nuke_panel.main_thread import on_main
from host_plugins.nuke_panel.selftest import scene
from host_plugins.nuke_panel.selftest.bench import FRAMES, Bench, Point, inside, sampled
from host_plugins.nuke_panel.selftest.building import (
    COLOURS,
    disabled_passes_plate,
)
from host_plugins.nuke_panel.selftest.check import Check, NotRun, expect, same
from host_plugins.nuke_panel.selftest.exporting import EXPORTED
from host_plugins.nuke_panel.selftest.heartbeat import Heartbeat
from host_plugins.run.progress import Ending
from host_plugins.run.removal import Removal

ANSWERS = "A server answers"
REMOVED = "A removal runs to its end"
ATTACHED = "Its result is shown"

LONGEST_BLOCK = 0.050
"""Seconds for which nothing of ours may hold the main thread, but for a render."""

WHOLE = "whole"
"""The first removal among `Bench.endings`."""

GROW = 4.0
"""Of the first removal, pixels."""


def _answers(bench: Bench) -> str:
    try:
        with bench.client() as client:
            welcome = client.hello()
    except ConnectionLost as error:
        raise NotRun(str(error)) from error
    engines = ", ".join(engine.name for engine in welcome.engines if engine.available)
    return f"void-bridge {welcome.version}, engines {engines or 'none yet'}"


def _removes(bench: Bench) -> str:
    on_main(bench.set, {"grow": GROW, "feather": 2.0})
    with Heartbeat() as heart:
        removal = Removal(bench.host(), "remove")
        heart.listen(removal)
        begun = time.monotonic()
        ending = removal.run()
    bench.endings[WHOLE] = ending
    bench.longest_block = heart.longest
    done(ending)
    return f"{len(FRAMES)} frames in {time.monotonic() - begun:.1f} s"


def done(ending: Ending) -> None:
    """See that a removal has brought every frame of every view."""
    expect(ending.end == "done", ending.text)
    for landing in ending.landings.values():
        same("the finished frames", expected=tuple(FRAMES), got=landing.finished)


def _blocks(bench: Bench) -> str:
    if bench.longest_block is None:
        raise NotRun("needs Nuke's window: in a terminal the main thread has nothing else to do")
    longest = bench.longest_block
    said = f"{1000 * longest:.0f} ms at most while it was followed and attached"
    expect(longest <= LONGEST_BLOCK, said)
    return said


def _attached(bench: Bench) -> str:
    node, landing = bench.void_remove(), bench.landing(WHOLE)
    same("the version", expected=landing.version.label, got=node["version"].value())
    read = inside(node, "result")
    pattern = landing.version.pattern("patch").as_posix()
    same("the Read's files", expected=pattern, got=read["file"].value())
    expect("\\" not in str(read["file"].value()), "the Read's files have a backslash")
    frames = (int(read["first"].value()), int(read["last"].value()))
    same("the Read's frames", expected=(FRAMES.first, FRAMES.last), got=frames)
    return f"{landing.version.label} in the Read inside"


def outside_untouched(bench: Bench) -> str:
    """See that the comp is the plate around the bar, in frames of the beginning, middle and end."""
    node, plate = bench.void_remove(), nuke.toNode("kit_plate")
    assert plate is not None
    looked = 0
    for frame in (FRAMES.first, FRAMES.first + len(FRAMES) // 2, FRAMES.last):
        points = scene.outside(frame)
        alpha = shown(bench, "Matte used", "rgba.alpha", points, frame)
        same(f"the alpha around the bar in frame {frame}", expected=[0.0] * len(alpha), got=alpha)
        for channel in COLOURS:
            expected = sampled(plate, channel, points, frame)
            same(channel, expected=expected, got=sampled(node, channel, points, frame))
        looked += len(points)
    return f"{looked} points of 3 frames equal to the last bit, {scene.BRIGHT} among them"


def shown(bench: Bench, output: str, channel: str, points: list[Point], frame: int) -> list[float]:
    """Values of another output of the node."""
    bench.set({"output": output})
    try:
        return sampled(bench.void_remove(), channel, points, frame)
    finally:
        bench.set({"output": "Comp over plate"})


def _inside(bench: Bench) -> str:
    node, plate = bench.void_remove(), nuke.toNode("kit_plate")
    assert plate is not None
    frame = FRAMES.first + len(FRAMES) // 2
    points = scene.within(frame)
    alpha = shown(bench, "Matte used", "rgba.alpha", points, frame)
    expect(min(alpha) > 0.99, f"the alpha in the bar is {min(alpha)} (expected 1)")
    got = sampled(node, "rgba.red", points, frame)
    # The bar is elsewhere in the first frame, and nothing else moves.
    ground = sampled(plate, "rgba.red", points, FRAMES.first)
    left = [value for value, true in zip(got, ground, strict=True) if _is_bar(value, true)]
    expect(not left, f"{len(left)} of {len(got)} points are nearer to the bar than to the wall")
    return f"red is {_listed(got)} where the wall is {_listed(ground)}"


def _is_bar(value: float, ground: float) -> bool:
    return abs(value - scene.OBJECT) < abs(value - ground)


def _listed(values: list[float]) -> str:
    return ", ".join(f"{value:.3f}" for value in values)


def _facts(bench: Bench) -> str:
    job = bench.void_remove().metadata("void/job")
    same("metadata void/job", expected=bench.landing(WHOLE).job, got=job)
    return f"void/job {job}"


CHECKS: tuple[Check[Bench], ...] = (
    Check(name=ANSWERS, look=_answers, facts=(), after=(EXPORTED,), thread="kit"),
    Check(
        name=REMOVED,
        look=_removes,
        facts=("nuke.execute", "nuke.executeInMainThread"),
        after=(ANSWERS,),
        thread="kit",
    ),
    Check(
        name="The main thread is never held longer than 50 ms but for a render",
        look=_blocks,
        facts=("nuke.executeInMainThreadWithResult",),
        after=(REMOVED,),
    ),
    Check(name=ATTACHED, look=_attached, facts=("nodes.Read",), after=(REMOVED,)),
    Check(
        name="Outside the alpha not one value is changed",
        look=outside_untouched,
        facts=("nodes.Merge2", "nodes.Expression", "nuke.Node.sample"),
        after=(ATTACHED,),
    ),
    Check(name="In the hole the object is gone", look=_inside, facts=(), after=(ATTACHED,)),
    Check(
        name="The result says which job made it",
        look=_facts,
        facts=("nodes.ModifyMetaData", "nuke.Node.metadata"),
        after=(ATTACHED,),
    ),
    Check(
        name="Switched off it passes the plate",
        look=disabled_passes_plate,
        facts=("nuke.Disable_Knob",),
        after=(ATTACHED,),
    ),
)
