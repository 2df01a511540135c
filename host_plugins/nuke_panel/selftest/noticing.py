"""Whether what changes upstream is noticed, and nothing is taken for a change that is none.

The plate is read from EXR files whose headers lack what Nuke's own have, as a camera's files do,
and the matte comes from a Roto that nothing is connected to.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nuke

from host_plugins.nuke_panel.main_thread import on_main
from host_plugins.nuke_panel.selftest.bench import FRAMES, Bench
from host_plugins.nuke_panel.selftest.check import Check, expect, same
from host_plugins.nuke_panel.selftest.exporting import EXPORTED

SAME = "A plate of foreign files and a Roto are known again"

_LATER = 10
"""Seconds by which a frame is newer when it was written again."""


def _same(bench: Bench) -> str:
    with _roto(bench):
        first = _fingerprint(bench)
        same("the fingerprint a moment later", expected=first, got=_fingerprint(bench))
    return f"twice the same; the plate's files tell {on_main(_told)}"


def _told() -> str:
    """What a frame of the plate tells of itself."""
    plate = nuke.toNode("kit_plate")
    assert plate is not None
    keys = ("input/filename", "input/mtime", "input/filesize", "nuke/node_hash")
    told = [key for key in keys if plate.metadata(key, FRAMES.first, nuke.views()[0]) is not None]
    return ", ".join(told) or "nothing"


def _knob(bench: Bench) -> str:
    with _roto(bench):
        first = _fingerprint(bench)
        on_main(_grade, bench)
        try:
            changed = _fingerprint(bench)
        finally:
            on_main(_ungrade, bench)
        expect(changed != first, "a Grade upstream does not change the fingerprint")
        same("the fingerprint without the Grade", expected=first, got=_fingerprint(bench))
    return "a Grade upstream changes the fingerprint, and without it it is as before"


def _file(bench: Bench) -> str:
    first = _fingerprint(bench)
    file = Path(bench.pattern("plate") % FRAMES.last)
    written = file.stat().st_mtime
    os.utime(file, (written + _LATER, written + _LATER))
    try:
        changed = _fingerprint(bench)
    finally:
        os.utime(file, (written, written))
    expect(changed != first, f"{file.name} is newer, and the fingerprint is the same")
    return f"{file.name} {_LATER} s newer changes the fingerprint"


def _fingerprint(bench: Bench) -> str:
    host = bench.host()
    order = host.order("remove")
    return host.fingerprint(order, order.views[0])


@contextmanager
def _roto(bench: Bench) -> Iterator[None]:
    """A Roto without an input as the matte, as long as the block runs; from the kit's thread."""
    on_main(_plug_roto, bench)
    try:
        yield
    finally:
        on_main(_unplug_roto, bench)


def _plug_roto(bench: Bench) -> None:
    bench.void_remove().setInput(1, nuke.nodes.Roto(name="kit_roto"))


def _unplug_roto(bench: Bench) -> None:
    bench.void_remove().setInput(1, nuke.toNode("kit_matte"))
    nuke.delete(nuke.toNode("kit_roto"))


def _grade(bench: Bench) -> None:
    grade = nuke.nodes.Grade(name="kit_grade", inputs=[nuke.toNode("kit_plate")])
    grade["white"].setValue(1.25)
    bench.void_remove().setInput(0, grade)


def _ungrade(bench: Bench) -> None:
    bench.void_remove().setInput(0, nuke.toNode("kit_plate"))
    nuke.delete(nuke.toNode("kit_grade"))


CHECKS: tuple[Check[Bench], ...] = (
    Check(
        name=SAME,
        look=_same,
        facts=("nuke.Node.metadata", "nuke.Knob.toScript", "nodes.Roto"),
        after=(EXPORTED,),
        thread="kit",
    ),
    Check(
        name="A Grade upstream is noticed",
        look=_knob,
        facts=("nuke.Node.dependencies", "nuke.Knob.toScript"),
        after=(SAME,),
        thread="kit",
    ),
    Check(
        name="A frame of the plate that is written again is noticed",
        look=_file,
        facts=("nuke.Node.metadata",),
        after=(SAME,),
        thread="kit",
    ),
)
