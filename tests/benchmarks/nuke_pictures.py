"""Draws the pictures of docs/nuke.md from the node in the stand-in for Nuke.

    python tests/benchmarks/nuke_pictures.py [--out docs/images] [--only removal|inside]

``nuke_first_removal.png``: the demo's shot through the node and a real server, one frame as each
output shows it. ``nuke_inside.png``: the graph that the node is made of. The removal's figures are
printed as well. (Pillow draws; it comes with the extra ``void``.)
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from node_graph import DIM, INK, Box, Graph, Point, Sheet, nuke
from nuke_node import Rig
from PIL import Image, ImageDraw, ImageFont

from bridge.cli import server
from host_plugins.nuke_panel.node import INPUTS, SHOWN, create
from ocio.convert import Rgb
from void_server.demo import footage
from void_server.demo.scene import Scene
from void_server.report.pictures import PAPER, Picture, below, beside, framed, to_bytes
from void_server.report.view import display

IMAGES = Path(__file__).parents[2] / "docs" / "images"
FRAME = 1020
GAIN = 4.0
"""Of the viewer for the difference, as the caption says."""

_SIZE, _FRAMES = (1440, 810), 40
_SMALLER = 2
"""Pixels of the shot to one of the picture, along each side."""

_CAPTION = 36
"""Height of the strip above a picture, pixels."""

_TILES = (
    ("plate", "Comp over plate", "none", 1.0),
    ("matte used", "Matte used", "v001", 1.0),
    ("comp over plate", "Comp over plate", "v001", 1.0),
    (f"difference, times {GAIN:g}", "Difference", "v001", GAIN),
)
"""Caption, output, version, and the viewer's gain."""

_WIDTH = 1400
_PANEL, _TITLE = "#3e3e3e", 15.0


# --- the first removal ---------------------------------------------------------------------------


def removal(out: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="void-pictures-") as name:
        folder = Path(name).resolve()
        scene = Scene(width=_SIZE[0], height=_SIZE[1], frames=_FRAMES, camera="slow")
        footage.write(scene, folder, advanced=lambda count: None)
        with _removed(scene, folder) as rig:
            tiles = [_tile(rig, *tile) for tile in _TILES]
            for what, value in _measured(rig, scene).items():
                print(f"{what}: {value}")
    sheet = framed(below([beside(tiles[:2]), beside(tiles[2:])]))
    Image.fromarray(sheet).save(out / "nuke_first_removal.png", optimize=True)


@contextmanager
def _removed(scene: Scene, folder: Path) -> Iterator[Rig]:
    """A script in which the button has been pressed and the result is there."""
    reads = {what: Path(footage.pattern(folder, what)) for what in ("plate", "boom", "shadow")}
    with server.private(folder / "server", roots=(folder,), keys=folder / "keys"):
        rig = Rig(folder, reads, (scene.frames[0], scene.frames[-1]))
        rig.set(server=_endpoint(folder / "server"), colorspace="ACEScg")
        begin = time.perf_counter()
        rig.session.press(rig.node, "run")
        rig.pump(lambda: rig.run() is None)
        rig.session.pump()
        print(f"{_FRAMES} frames of {_SIZE[0]}x{_SIZE[1]}, {time.perf_counter() - begin:.1f} s")
        if rig.node["version"].value() != "v001":
            raise SystemExit(f"no result: {rig.session.describe()}")
        print(*(rig.node[knob].value() for knob in ("status", "effective")), sep="\n")
        yield rig
        rig.session.end()


def _endpoint(folder: Path) -> str:
    return json.loads((folder / "server.json").read_text("utf-8"))["endpoint"]


def _tile(rig: Rig, caption: str, output: str, version: str, gain: float) -> Picture:
    seen = _values(rig, FRAME, output, version) * np.float32(gain)
    if output != "Matte used":  # an alpha is no light
        seen = display(seen, footage.COLORSPACE)
    rows, columns = (side // _SMALLER for side in seen.shape[:2])
    averaged = seen.reshape(rows, _SMALLER, columns, _SMALLER, 3).mean((1, 3))
    return _captioned(to_bytes(averaged), f"{FRAME}  {caption}")


def _captioned(picture: Picture, text: str) -> Picture:
    strip = Image.new("RGB", (picture.shape[1], _CAPTION), (PAPER,) * 3)
    font = ImageFont.load_default(22)
    ImageDraw.Draw(strip).text((2, _CAPTION - 11), text, INK, font, "ls")
    return np.vstack([np.asarray(strip), picture])


def _measured(rig: Rig, scene: Scene) -> dict[str, str]:
    """Values outside the alpha, and how close the inside comes to what is known to be there."""
    outside = changed = inside = 0
    squares = 0.0
    for frame in scene.frames:
        alpha, comp, plate = (_values(rig, frame, *shown) for shown in (
            ("Matte used", "v001"), ("Comp over plate", "v001"), ("Comp over plate", "none")
        ))  # fmt: skip
        untouched = alpha[..., 0] == 0
        outside += 3 * int(untouched.sum())
        changed += int((comp.view(np.uint32) != plate.view(np.uint32))[untouched].sum())
        truth = display(scene.truth(frame), footage.COLORSPACE)
        error = (display(comp, footage.COLORSPACE) - truth)[~untouched]
        squares += float(np.square(error, dtype=np.float64).sum())
        inside += error.size
    return {
        "values outside the alpha that changed": f"{changed} of {outside}",
        "PSNR inside the alpha against the truth": f"{10 * np.log10(inside / squares):.1f} dB",
    }


def _values(rig: Rig, frame: int, output: str, version: str) -> Rgb:
    """(H, W, 3) float32 that the node gives, as the artist chooses it."""
    for knob, value in (("version", version), ("output", output)):
        rig.session.change(rig.node, knob, value)
    rig.session.pump()
    return np.ascontiguousarray(rig.session.picture(rig.node, frame).shown[..., :3])


# --- inside the node -----------------------------------------------------------------------------


def inside(out: Path) -> None:
    session = nuke.fake.start()
    group = create()
    within = Graph(group.nodes())
    around = Graph(_connected(group), _free(within), _PANEL)
    panel = _titled(Box.around(around.boxes(), margin=26))
    area = _titled(Box.around([*within.boxes(), panel], margin=24))
    sheet = Sheet(area, width=_WIDTH)
    _title(sheet, area, f"Inside {group.name()}")
    sheet.graph(within)
    _notes(sheet, within)
    sheet.panel(panel, _PANEL)
    _title(sheet, panel, "In the script")
    sheet.graph(around)
    session.end()
    sheet.finished().save(out / "nuke_inside.png", optimize=True)


def _connected(group: nuke.Group) -> list[nuke.Node]:
    """The node as it stands in a script: the plate above it, what is drawn by hand at its side."""
    sources = [nuke.nodes.Read(name="sh010_plate")]
    sources += [nuke.nodes.Roto(name=name) for name in ("boom", "shadow", "actor")]
    for index, source in enumerate(sources):
        group.setInput(index, source)
        source.setXYpos(*((180, 70 * index - 20) if index else (0, 0)))
    group.setXYpos(0, 190)
    return [*sources, group]


def _free(graph: Graph) -> Point:
    """Below the inputs of the mattes, which are plugged into nothing, and beside all the rest."""
    others = [graph.box(node) for node in graph.nodes if node.Class() != "Input"]
    inputs = [graph.box(node) for node in graph.nodes if node.Class() == "Input"]
    return Point(Box.around(others).right + 80, Box.around(inputs).bottom + 110)


def _titled(box: Box) -> Box:
    """The box with room for a title."""
    return box._replace(top=box.top - 2 * _TITLE)


def _title(sheet: Sheet, box: Box, text: str) -> None:
    sheet.text(Point(box.left + _TITLE, box.top + 1.5 * _TITLE), text, _TITLE, INK, "lm")


def _notes(sheet: Sheet, graph: Graph) -> None:
    by_name = {node.name(): graph.box(node) for node in graph.nodes}
    mattes = [by_name[name] for name in INPUTS[1:]]
    row = Box.around(mattes)
    middle = Point((row.left + row.right) / 2, row.bottom + 16)
    sheet.text(middle, "only rendered for the server; nothing inside reads them", 11, DIM)
    shown = by_name["shown"]
    right_of_it = Point(shown.right + 10, (shown.top + shown.bottom) / 2)
    sheet.text(right_of_it, f"which = {SHOWN}", 11, DIM, "lm")


def main() -> None:
    parts = {"removal": removal, "inside": inside}
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=IMAGES)
    parser.add_argument("--only", choices=parts)
    given = parser.parse_args()
    for name in [name for name in os.environ if name.startswith("VOID_") or name == "OCIO"]:
        del os.environ[name]
    for name in [given.only] if given.only else parts:
        parts[name](given.out)


if __name__ == "__main__":
    main()
