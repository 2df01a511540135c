"""Whether the node works in other people's projects: with two views, and in both colour modes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import nuke

from host_plugins.nuke_panel import color
from host_plugins.nuke_panel.main_thread import on_main
from host_plugins.nuke_panel.selftest import scene
from host_plugins.nuke_panel.selftest.bench import FRAMES, Bench, sampled
from host_plugins.nuke_panel.selftest.building import COLOURS
from host_plugins.nuke_panel.selftest.check import Check, NotRun, expect, same
from host_plugins.nuke_panel.selftest.exporting import EXPORTED, exported
from host_plugins.nuke_panel.selftest.removing import ATTACHED

RIGHT = "right"

_ACES = "aces"


def _nuke_colors(bench: Bench) -> str:
    with _project("Nuke", ""):
        space = on_main(color.working_space)
        _same_pixels(bench, exported_in="nuke")
    return f"working space {space.colorspace}, exported raw"


def _ocio_colors(bench: Bench) -> str:
    name = on_main(_aces_config)
    with _project("OCIO", name):
        space = on_main(color.working_space)
        _same_pixels(bench, exported_in="ocio")
    config = "the built-in one" if space.config is None else space.config.config
    return f"config {name}: {config}, working space {space.colorspace}, exported raw"


def _aces_config() -> str:
    knob = nuke.root()["OCIO_config"]
    if not isinstance(knob, nuke.Enumeration_Knob):
        raise NotRun(f"OCIO_config is a {knob.Class()}, which does not say what it offers")
    offered = [str(value) for value in knob.values()]
    names = [value.partition("\t")[0] for value in offered if _ACES in value.lower()]
    if not names:
        raise NotRun(f"this Nuke offers no ACES config ({', '.join(offered) or 'none at all'})")
    return names[0]


@contextmanager
def _project(mode: str, config: str) -> Iterator[None]:
    """Colour settings of a project, as long as the block runs; from the kit's thread."""
    before = on_main(_settings)
    on_main(_set, {"colorManagement": mode, **({"OCIO_config": config} if config else {})})
    try:
        yield
    finally:
        on_main(_set, before)


def _settings() -> dict[str, object]:
    root = nuke.root()
    return {name: root[name].value() for name in ("OCIO_config", "colorManagement")}


def _set(values: dict[str, object]) -> None:
    root = nuke.root()
    for name, value in values.items():
        if not root[name].enabled():
            raise NotRun("OCIO in the environment decides over the project settings")
        root[name].setValue(value)


def _same_pixels(bench: Bench, exported_in: str) -> None:
    folder = exported(bench, exported_in)
    on_main(_compare, bench, (folder / "plate.%04d.exr").as_posix())


def _compare(bench: Bench, pattern: str) -> None:
    plate, again = nuke.toNode("kit_plate"), scene.read(pattern, "kit_exported")
    assert plate is not None
    points = scene.outside(FRAMES.first)
    try:
        for channel in COLOURS:
            expected = sampled(plate, channel, points, FRAMES.first)
            same(channel, expected=expected, got=sampled(again, channel, points, FRAMES.first))
    finally:
        nuke.delete(again)


def _stereo(bench: Bench) -> str:
    main = on_main(_add_view)
    try:
        views = bench.host().order("remove").views
        same("the views", expected=(main, RIGHT), got=views)
        ending = bench.remove("stereo")
        expect(ending.end == "done", ending.text)
        same("the views that came back", expected={main, RIGHT}, got=set(ending.landings))
        on_main(_both_eyes, bench)
    finally:
        on_main(nuke.deleteView, RIGHT)
    return f"{main} and {RIGHT}, a job and a Read each"


def _add_view() -> str:
    main = nuke.views()[0]
    nuke.addView(RIGHT)
    expect(RIGHT in nuke.views(), "nuke.addView has not added one")
    return main


def _both_eyes(bench: Bench) -> None:
    node = bench.void_remove()
    reads = {found.name() for found in node.nodes() if found.Class() == "Read"}
    expect({f"result_{view}" for view in nuke.views()} <= reads, f"the Reads are {sorted(reads)}")


CHECKS: tuple[Check[Bench], ...] = (
    Check(
        name="In a project with Nuke's own colours values stay as they are",
        look=_nuke_colors,
        facts=("root.colorManagement", "root.workingSpaceLUT"),
        after=(EXPORTED,),
        thread="kit",
    ),
    Check(
        name="In a project with an ACES config values stay as they are",
        look=_ocio_colors,
        facts=("root.OCIO_config", "root.colorManagement", "root.workingSpaceLUT"),
        after=(EXPORTED,),
        thread="kit",
    ),
    Check(
        name="Both views of a stereo script are done",
        look=_stereo,
        facts=("nuke.addView", "nuke.views", "nodes.JoinViews"),
        after=(ATTACHED,),
        thread="kit",
    ),
)
