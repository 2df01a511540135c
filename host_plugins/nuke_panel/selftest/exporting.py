"""Whether exported frames are what Nuke shows upstream: raw, in full size, with all around them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nuke

from host_plugins.nuke_panel.main_thread import on_main
from host_plugins.nuke_panel.selftest import scene
from host_plugins.nuke_panel.selftest.bench import FRAMES, HEIGHT, WIDTH, Bench, sampled
from host_plugins.nuke_panel.selftest.building import COLOURS, REOPENED
from host_plugins.nuke_panel.selftest.check import Check, expect, same

EXPORTED = "Plate and matte are exported raw"

_BEYOND = 24
"""Pixels by which a picture reaches over its format, to the right and upwards."""


def exported(bench: Bench, name: str, view: str = "") -> Path:
    """Export what the node asks for into a folder of the kit; from the kit's thread."""
    folder = bench.folder / "exports" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    host = bench.host()
    host.export(host.order("remove"), view, folder)
    return folder


@contextmanager
def plate_of(bench: Bench, name: str, *, aspect: float = 1.0, beyond: int = 0) -> Iterator[None]:
    """Another plate and matte of one frame, as long as the block runs; from the kit's thread."""
    on_main(_plug, bench, name, aspect, beyond)
    try:
        yield
    finally:
        on_main(_unplug, bench, name)


def _plug(bench: Bench, name: str, aspect: float, beyond: int) -> None:
    scene.still(bench, name, aspect=aspect, beyond=beyond)
    node = bench.void_remove()
    for index, what in enumerate(("plate", "matte")):
        node.setInput(index, scene.read(bench.pattern(f"{name}_{what}"), f"kit_{name}_{what}"))
    bench.set({"range_mode": "Custom", "first_frame": FRAMES.first, "last_frame": FRAMES.first})


def _unplug(bench: Bench, name: str) -> None:
    node = bench.void_remove()
    for index, what in enumerate(("plate", "matte")):
        node.setInput(index, nuke.toNode(f"kit_{what}"))
        nuke.delete(nuke.toNode(f"kit_{name}_{what}"))
    bench.set({"range_mode": "Input"})


def _raw(bench: Bench) -> str:
    folder = exported(bench, "raw")
    names = sorted(path.name for path in folder.iterdir())
    expected = sorted(f"{role}.{frame}.exr" for role in ("plate", "remove") for frame in FRAMES)
    same("the exported files", expected=expected, got=names)
    return on_main(_read_back, bench, folder)


def _read_back(bench: Bench, folder: Path) -> str:
    node, frame = bench.void_remove(), FRAMES.last
    points = [*scene.within(frame), *scene.outside(frame)]
    plate = scene.read((folder / "plate.%04d.exr").as_posix(), "kit_exported")
    matte = scene.read((folder / "remove.%04d.exr").as_posix(), "kit_exported_matte")
    try:
        for index, again, channels in ((0, plate, COLOURS), (1, matte, ("rgba.alpha",))):
            source = node.input(index)
            assert source is not None
            for channel in channels:
                expected = sampled(source, channel, points, frame)
                same(channel, expected=expected, got=sampled(again, channel, points, frame))
        highest = sampled(plate, "rgba.red", [scene.CORNER], frame)[0]
    finally:
        nuke.delete(plate)
        nuke.delete(matte)
    return f"{len(points)} points of frame {frame} equal, {highest} among them"


def _proxy(bench: Bench) -> str:
    on_main(_set_proxy, True)
    try:
        folder = exported(bench, "proxy")
        still = on_main(lambda: bool(nuke.root()["proxy"].value()))
    finally:
        on_main(_set_proxy, False)
    expect(still, "proxy mode was on before the export and is off now")
    width, height = on_main(_size, folder)
    same("the size of the export", expected=(WIDTH, HEIGHT), got=(width, height))
    return f"{width}x{height} with proxy mode on, and on it stayed"


def _set_proxy(on: bool) -> None:
    nuke.root()["proxy"].setValue(on)


def _size(folder: Path) -> tuple[int, int]:
    with _reading(folder) as node:
        return node.format().width(), node.format().height()


@contextmanager
def _reading(folder: Path) -> Iterator[nuke.Node]:
    """A Read of an exported plate, at its first frame; main thread only."""
    nuke.frame(FRAMES.first)
    node = scene.read((folder / "plate.%04d.exr").as_posix(), "kit_exported")
    try:
        yield node
    finally:
        nuke.delete(node)


def _untouched(bench: Bench) -> str:
    on_main(_set_modified, False)
    exported(bench, "untouched")
    return on_main(_as_before, bench)


def _set_modified(modified: bool) -> None:
    nuke.root().setModified(modified)


def _as_before(bench: Bench) -> str:
    expect(not nuke.root().modified(), "an export made the script modified")
    expect(not nuke.Undo.disabled(), "undo is off after an export")
    writes = [*nuke.allNodes("Write"), *_writes_in(bench.void_remove())]
    expect(not writes, f"{len(writes)} Writes are left after an export")
    return "not modified, undo on, no Write anywhere"


def _writes_in(group: nuke.Group) -> list[nuke.Node]:
    return [node for node in group.nodes() if node.Class() == "Write"]


def _overscan(bench: Bench) -> str:
    with plate_of(bench, "wide", beyond=_BEYOND):
        folder = exported(bench, "overscan")
    return on_main(_data_window, folder)


def _data_window(folder: Path) -> str:
    with _reading(folder) as node:
        box = node.bbox()
        got = (int(box.x()), int(box.y()), int(box.w()), int(box.h()))
        same("the bbox", expected=(0, 0, WIDTH + _BEYOND, HEIGHT + _BEYOND), got=got)
        same("the format's width", expected=WIDTH, got=node.format().width())
    return f"bbox {got[2]}x{got[3]} over a format of {WIDTH}x{HEIGHT}"


def _anamorphic(bench: Bench) -> str:
    with plate_of(bench, "anamorphic", aspect=2.0):
        folder = exported(bench, "anamorphic")
    aspect = on_main(_aspect, folder)
    same("the pixel aspect", expected=2.0, got=aspect)
    return f"pixel aspect {aspect:g}"


def _aspect(folder: Path) -> float:
    with _reading(folder) as node:
        return float(node.format().pixelAspect())


CHECKS: tuple[Check[Bench], ...] = (
    Check(
        name=EXPORTED,
        look=_raw,
        facts=("nodes.Write", "nuke.execute", "nuke.Node.sample"),
        after=(REOPENED,),
        thread="kit",
    ),
    Check(
        name="Proxy mode neither shrinks an export nor is switched off by it",
        look=_proxy,
        facts=("root.proxy", "nuke.execute"),
        after=(EXPORTED,),
        thread="kit",
    ),
    Check(
        name="An export leaves script and undo as they were",
        look=_untouched,
        facts=("nuke.Undo.disable", "nuke.Undo.enable", "nuke.Root.setModified", "nuke.delete"),
        after=(EXPORTED,),
        thread="kit",
    ),
    Check(
        name="A bbox beyond the format is exported",
        look=_overscan,
        facts=("nuke.Node.bbox", "nodes.Write"),
        after=(EXPORTED,),
        thread="kit",
    ),
    Check(
        name="The pixel aspect is exported",
        look=_anamorphic,
        facts=("nuke.Format.pixelAspect",),
        after=(EXPORTED,),
        thread="kit",
    ),
)
