"""Draws nodes of the stand-in as a node graph shows them: tiles, arrows, and the inputs' names.

Where a node lies and what it is connected to are its own. The colors resemble those that Nuke gives
such nodes, no more, and a tile says its node's class as well.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

sys.path.insert(0, str(Path(__file__).parents[1] / "fakes"))

import nuke  # the fake

PAPER = "#323232"
INK = "#d2d2d2"
DIM = "#9b9b9b"

_LINE = "#a6a6a6"
_DARK = "#1d1d1d"
_TILES = {
    "Read": "#cdc6a2",
    "Input": "#a79fc2",
    "Output": "#a79fc2",
    "Merge2": "#7f93d6",
    "JoinViews": "#7f93d6",
    "Switch": "#7f93d6",
    "Unpremult": "#7f93d6",
    "Expression": "#8fb4cc",
    "ModifyMetaData": "#b0b0b0",
    "Group": "#b0b0b0",
    "Roto": "#9cbf8d",
}

_INPUTS = {"Merge2": ("B", "A", "mask")}
"""Source: reference guide, Merge: the first input is B, the second A."""

_TILE = (94, 31)
"""Width and height drawn around a node's centre: room for the name and the class below it, where
Nuke's own 80x18 has room for the name."""

_NAME, _CLASS, _LABEL = 13.5, 10.0, 11.0
_HEAD = (9.0, 3.6)
_FROM_TILE, _FROM_MIDDLE = 17, 88
"""How far from the tile the name of an input stands along its line; that of a switch or a group,
which have many, as far from the tile's middle as keeps them apart."""

_FINER = 3
"""Drawn so many times larger: Pillow's lines and polygons are not antialiased."""


class Point(NamedTuple):
    """In units of a node graph, y downwards."""

    x: float
    y: float

    def toward(self, other: Point, share: float) -> Point:
        return Point(self.x + (other.x - self.x) * share, self.y + (other.y - self.y) * share)


_ORIGIN = Point(0, 0)


class Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def around(cls, boxes: Sequence[Box], margin: float = 0.0) -> Box:
        left, top, right, bottom = zip(*boxes, strict=True)
        return cls(min(left) - margin, min(top) - margin, max(right) + margin, max(bottom) + margin)


class Arrow(NamedTuple):
    """A connection.

    Attributes:
        start: The middle of the tile it comes from.
        end: Where it touches the tile it goes to.
        name: The input's; "" where there is but one.
        label: Where the name stands.
    """

    start: Point
    end: Point
    name: str
    label: Point


@dataclass(frozen=True)
class Graph:
    """Nodes to draw, moved to where they are wanted.

    Attributes:
        nodes: Of one group or of the script.
        origin: Added to their positions.
        paper: Color of what they lie on.
    """

    nodes: Sequence[nuke.Node]
    origin: Point = _ORIGIN
    paper: str = PAPER

    def centre(self, node: nuke.Node) -> Point:
        x, y = node.xpos() + node.screenWidth() / 2, node.ypos() + node.screenHeight() / 2
        return Point(self.origin.x + x, self.origin.y + y)

    def box(self, node: nuke.Node) -> Box:
        x, y = self.centre(node)
        wide, high = _TILE
        return Box(x - wide / 2, y - high / 2, x + wide / 2, y + high / 2)

    def boxes(self) -> list[Box]:
        return [self.box(node) for node in self.nodes]


class Sheet:
    """A picture in units of the node graph.

    Args:
        area: What it shows.
        width: Pixels.
    """

    def __init__(self, area: Box, *, width: int) -> None:
        self._area = area
        self._scale = _FINER * width / (area.right - area.left)
        self._size = (width, round(width * (area.bottom - area.top) / (area.right - area.left)))
        whole = tuple(_FINER * side for side in self._size)
        self._image = Image.new("RGB", whole, PAPER)
        self._draw = ImageDraw.Draw(self._image)

    def finished(self) -> Image.Image:
        return self._image.resize(self._size, Image.Resampling.BOX)

    def panel(self, box: Box, fill: str) -> None:
        """What lies behind a graph."""
        self._draw.rounded_rectangle(self._corners(box), self._length(6), fill)

    def text(self, at: Point, text: str, size: float, color: str, anchor: str = "mm") -> None:
        """A line of text; the anchor is Pillow's."""
        font = ImageFont.load_default(self._length(size))
        self._draw.text(self._at(at), text, color, font, anchor)

    def graph(self, graph: Graph) -> None:
        """Arrows, tiles above them, and the names of inputs above all."""
        arrows = list(_arrows(graph))
        for arrow in arrows:
            self._arrow(arrow.start, arrow.end)
        for node in graph.nodes:
            self._tile(graph.box(node), graph.centre(node), node)
        named = [arrow for arrow in arrows if arrow.name]
        for arrow in named:
            self._clear(arrow, graph.paper)
        for arrow in named:
            self.text(arrow.label, arrow.name, _LABEL, INK)

    def _tile(self, box: Box, centre: Point, node: nuke.Node) -> None:
        self._draw.rounded_rectangle(
            self._corners(box), self._length(3), _TILES[node.Class()], _DARK, round(self._length(1))
        )
        told = node.Class()
        if told == "Merge2":
            told += f", {node['operation'].value()}"
        self.text(Point(centre.x, centre.y - 6), node.name(), _NAME, "#101010")
        self.text(Point(centre.x, centre.y + 8), told, _CLASS, "#3c3c3c")

    def _arrow(self, start: Point, end: Point) -> None:
        long, wide = _HEAD
        length = _distance(start, end)
        back = end.toward(start, long / length)
        across = Point((end.y - start.y) / length * wide, -(end.x - start.x) / length * wide)
        self._draw.line([self._at(start), self._at(back)], _LINE, round(self._length(1.3)))
        sides = [Point(back.x + sign * across.x, back.y + sign * across.y) for sign in (1, -1)]
        self._draw.polygon([self._at(point) for point in (end, *sides)], _LINE)

    def _clear(self, arrow: Arrow, paper: str) -> None:
        """Make room for the name in the line."""
        edge, at = self._length(2.5), self._at(arrow.label)
        font = ImageFont.load_default(self._length(_LABEL))
        left, top, right, bottom = self._draw.textbbox(at, arrow.name, font, "mm")
        self._draw.rectangle((left - edge, top - edge, right + edge, bottom + edge), paper)

    def _at(self, point: Point) -> tuple[float, float]:
        left, top, *_ = self._area
        return (point.x - left) * self._scale, (point.y - top) * self._scale

    def _corners(self, box: Box) -> tuple[float, ...]:
        return (*self._at(Point(box.left, box.top)), *self._at(Point(box.right, box.bottom)))

    def _length(self, units: float) -> float:
        return units * self._scale


def _arrows(graph: Graph) -> Iterator[Arrow]:
    drawn = {node.name() for node in graph.nodes}
    for node in graph.nodes:
        for index in range(node.inputs()):
            source = node.input(index)
            if source is not None and source.name() in drawn:
                yield _arrow(graph, source, node, index)


def _arrow(graph: Graph, source: nuke.Node, node: nuke.Node, index: int) -> Arrow:
    start, middle = graph.centre(source), graph.centre(node)
    end = _touched(graph.box(node), start)
    away = float(_FROM_TILE)
    if node.Class() in ("Switch", "Group"):
        away = max(away, _FROM_MIDDLE - _distance(end, middle))
    label = end.toward(start, away / _distance(start, end))
    return Arrow(start, end, _name(node, index), label)


def _name(node: nuke.Node, index: int) -> str:
    """What the arrow says; nothing where there is but one input."""
    if isinstance(node, nuke.Group):
        inputs = [one for one in node.nodes() if one.Class() == "Input"]
        return next(one.name() for one in inputs if one["number"].value() == index)
    if node.Class() == "Switch":
        return str(index)
    return _INPUTS[node.Class()][index] if node.Class() in _INPUTS else ""


def _touched(box: Box, start: Point) -> Point:
    """Where a line from outside to the middle of a box meets its edge."""
    middle = Point((box.left + box.right) / 2, (box.top + box.bottom) / 2)
    across, down = abs(start.x - middle.x), abs(start.y - middle.y)
    shares = [
        half / away
        for half, away in (
            ((box.right - box.left) / 2, across), ((box.bottom - box.top) / 2, down)
        )
        if away
    ]  # fmt: skip
    return middle.toward(start, min(1.0, *shares)) if shares else middle


def _distance(start: Point, end: Point) -> float:
    return max(1e-6, ((end.x - start.x) ** 2 + (end.y - start.y) ** 2) ** 0.5)
