"""A shot of the kit's own, made by Nuke's own nodes and written by Nuke's own Write.

A dark bar passes before a checkerboard; a corner holds values above 1 and below 0. Everything here
runs on the main thread.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import nuke

from host_plugins.nuke_panel.selftest.bench import FRAMES, HEIGHT, WIDTH, Bench, Point

BRIGHT, DARK = 12.5, -0.0625
"""Red and green of the corner: exact in half, and what a clamp would lose."""

CORNER: Point = (4, 4)
"""A pixel inside the corner."""

BAR = (16, 48)
"""Width and height of the bar, pixels."""

OBJECT = 0.03125
"""Light of the bar."""

_STEP = 16
_CORNER = 12


def start(bench: Bench) -> None:
    """An empty script with the shot's frames and format, saved where the kit keeps its things."""
    nuke.scriptClear()
    bench.media.mkdir(parents=True, exist_ok=True)
    root = nuke.root()
    root["format"].setValue(picture_format())
    root["first_frame"].setValue(FRAMES.first)
    root["last_frame"].setValue(FRAMES.last)
    nuke.scriptSaveAs(bench.script.as_posix(), 1)


def picture_format(aspect: float = 1.0, beyond: int = 0) -> str:
    """Name of the shot's format, of this pixel aspect and so much larger; Nuke knows it then."""
    width, height = WIDTH + beyond, HEIGHT + beyond
    name = f"void_selftest_{width}_{aspect:g}".replace(".", "_")
    nuke.addFormat(f"{width} {height} 0 0 {width} {height} {aspect:g} {name}")
    return name


def bar(frame: int) -> tuple[int, int, int, int]:
    """Where the bar is: x, y, right and top, as a Crop has them."""
    x = 24 + _STEP * (frame - FRAMES.first)
    y = (HEIGHT - BAR[1]) // 2
    return x, y, x + BAR[0], y + BAR[1]


def within(frame: int) -> list[Point]:
    """Pixels in the bar."""
    x, y, right, top = bar(frame)
    return [((x + right) // 2, (y + top) // 2), (x + 2, y + 2), (right - 3, top - 3)]


def outside(frame: int, margin: int = 16) -> list[Point]:
    """Pixels so far from the bar that no soft edge reaches them; the corner is one of them."""
    x, y, right, _ = bar(frame)
    columns = [c for c in range(2, WIDTH, 12) if c < x - margin or c >= right + margin]
    return [CORNER, *((c, y + BAR[1] // 2) for c in columns), (x, 1), (right, HEIGHT - 2)]


def film(bench: Bench) -> None:
    """Write plate and matte, frame by frame, and leave nothing of what made them."""
    with _made() as (plate, matte, crop):
        for frame in FRAMES:
            crop["box"].setValue(bar(frame))
            write(plate, bench.pattern("plate"), "rgb", frame)
            write(matte, bench.pattern("matte"), "alpha", frame)


def still(bench: Bench, name: str, *, aspect: float = 1.0, beyond: int = 0) -> None:
    """Write the first frame of a plate and a matte of another shape.

    Args:
        bench: Where to.
        name: Begins the names of both sequences.
        aspect: Pixel aspect of the format.
        beyond: Pixels by which the plate reaches over its format, to the right and upwards.
    """
    picture = picture_format(aspect)
    board = nuke.nodes.CheckerBoard2(format=picture)
    around = nuke.nodes.Constant(format=picture_format(aspect, beyond))
    around["color"].setValue([0.5, 0.25, 0.125, 0.0])
    # The first input gives the format, both together the bbox.
    plate = nuke.nodes.Merge2(inputs=[board, around])
    matte = _patch(picture, [1.0, 1.0, 1.0, 1.0], bar(FRAMES.first))
    try:
        write(plate, bench.pattern(f"{name}_plate"), "rgb", FRAMES.first)
        write(matte, bench.pattern(f"{name}_matte"), "alpha", FRAMES.first)
    finally:
        for node in (plate, around, board, matte, *_inputs(matte)):
            nuke.delete(node)


def read(pattern: str, name: str) -> nuke.Node:
    """A Read of a generated sequence, raw."""
    node = nuke.nodes.Read(name=name)
    node["file"].setValue(pattern)
    for knob in ("first", "origfirst"):
        node[knob].setValue(FRAMES.first)
    for knob in ("last", "origlast"):
        node[knob].setValue(FRAMES.last)
    node["raw"].setValue(True)
    return node


def write(source: nuke.Node, pattern: str, channels: str, frame: int) -> None:
    """Render one frame through a Write that is gone afterwards.

    The file says nothing of having been made by Nuke, as a camera's does not.
    """
    made = nuke.nodes.Write(inputs=[source])
    try:
        made["file"].setValue(pattern)
        made["file_type"].setValue("exr")
        made["datatype"].setValue("16 bit half")
        made["metadata"].setValue("no metadata")
        made["channels"].setValue(channels)
        made["raw"].setValue(True)
        nuke.execute(made, frame, frame, 1, nuke.views()[:1])
    finally:
        nuke.delete(made)


@contextmanager
def _made() -> Iterator[tuple[nuke.Node, nuke.Node, nuke.Node]]:
    """Plate, matte, and the Crop that moves the bar; gone when the block ends."""
    name = picture_format()
    board = nuke.nodes.CheckerBoard2(format=name)
    corner = _patch(name, [BRIGHT, DARK, 0.25, 1.0], (0, 0, _CORNER, _CORNER))
    crop = _patch(name, [OBJECT, OBJECT, OBJECT, 1.0], bar(FRAMES.first))
    lit = nuke.nodes.Merge2(inputs=[board, corner])
    plate = nuke.nodes.Merge2(inputs=[lit, crop])
    made = [plate, lit, crop, corner, board, *_inputs(crop, corner)]
    try:
        yield plate, crop, crop
    finally:
        for node in made:
            nuke.delete(node)


def _patch(name: str, light: list[float], box: tuple[int, int, int, int]) -> nuke.Node:
    constant = nuke.nodes.Constant(format=name)
    constant["channels"].setValue("rgba")
    constant["color"].setValue(light)
    crop = nuke.nodes.Crop(inputs=[constant])
    crop["box"].setValue(box)
    return crop


def _inputs(*nodes: nuke.Node) -> list[nuke.Node]:
    return [found for node in nodes if (found := node.input(0)) is not None]
