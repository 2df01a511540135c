"""Whether nodes that stand inside ours make the pictures that we take for granted."""

from __future__ import annotations

import math

import nuke

from host_plugins.nuke_panel import reads
from host_plugins.nuke_panel.selftest import scene
from host_plugins.nuke_panel.selftest.bench import FRAMES, Bench, sampled
from host_plugins.nuke_panel.selftest.building import FILMED
from host_plugins.nuke_panel.selftest.check import Check, expect, same
from host_plugins.nuke_panel.selftest.projects import RIGHT

_LIGHT = 0.5
_POINT = (8, 8)


def _views(bench: Bench) -> str:
    main = nuke.views()[0]
    nuke.addView(RIGHT)
    lights = {main: 0.25, RIGHT: 0.75}
    made = {view: _constant(light, 1.0) for view, light in lights.items()}
    joined = reads.joined(made)
    alone = nuke.nodes.OneView(inputs=[joined])
    try:
        seen = {}
        for view in lights:
            alone["view"].setValue(view)
            seen[view] = sampled(alone, "rgba.red", [_POINT], FRAMES.first)[0]
        same("the light of each view", expected=lights, got=seen)
    finally:
        for node in (alone, joined, *made.values()):
            nuke.delete(node)
        nuke.deleteView(RIGHT)
    return f"{main} shows the first input, {RIGHT} the second"


def _without_alpha(bench: Bench) -> str:
    source = _constant(_LIGHT, 0.0)
    straight = nuke.nodes.Unpremult(inputs=[source])
    try:
        red = sampled(straight, "rgba.red", [_POINT], FRAMES.first)[0]
    finally:
        nuke.delete(straight)
        nuke.delete(source)
    expect(math.isfinite(red), f"red becomes {red} where alpha is 0")
    return f"red {_LIGHT} becomes {red} where alpha is 0"


def _constant(light: float, alpha: float) -> nuke.Node:
    made = nuke.nodes.Constant(format=scene.picture_format())
    made["channels"].setValue("rgba")
    made["color"].setValue([light, light, light, alpha])
    return made


CHECKS: tuple[Check[Bench], ...] = (
    Check(
        name="JoinViews takes its inputs in the order of the views",
        look=_views,
        facts=("nodes.JoinViews", "nodes.OneView", "nuke.addView"),
        after=(FILMED,),
    ),
    Check(
        name="Unpremult makes no infinite light where alpha is 0",
        look=_without_alpha,
        facts=("nodes.Unpremult",),
        after=(FILMED,),
    ),
)
