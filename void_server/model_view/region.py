"""The part of the canvas that a model is shown: one rectangle for the whole shot.

It never moves: a crop that followed the object would make the background shimmer. It has the
model's display aspect, so nothing is squeezed, and where the hole and its surroundings fit the
model's picture, one pixel of the plate is one of the model's.

::

    hole over all frames + context -> grown to the display aspect -> shifted into the canvas
                                                                     (else mirrored at its edge)
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from bridge.errors import RequestError
from void_server.engines.engine import Footage, Progress
from void_server.images.window import Window
from void_server.matte import bounds

Grid = tuple[int, int]
"""(height, width) of the model's picture, model pixels."""

CONTEXT_SHARE = 0.25
CONTEXT_LEAST = 64
"""What a model sees around a hole on each side, as a share of the hole's size, and at least this
many plate pixels.

Source: what public crop-and-stitch tools use; less, and a model cannot tell what goes on there.
"""

SOFT = 2.0
"""Plate pixels per model pixel beyond which the fill looks visibly softer than the plate."""


@dataclass(frozen=True)
class Region:
    """A rectangle of the canvas, in plate pixels, and the model's picture that shows it.

    Attributes:
        top: First row; below 0 when it begins beyond the canvas, which is mirrored there.
        left: First column.
        height: Rows.
        width: Columns.
        grid: (height, width) of the model's picture.
    """

    top: int
    left: int
    height: int
    width: int
    grid: Grid

    @property
    def scale(self) -> tuple[float, float]:
        """(down, across): plate pixels per model pixel."""
        return self.height / self.grid[0], self.width / self.grid[1]

    @property
    def reduction(self) -> float:
        """The larger of both scales."""
        return max(self.scale)

    @property
    def ratio(self) -> str:
        """The same in words: ``1:1.8`` shows 1.8 plate pixels as one."""
        return f"1:{self.reduction:.{1 if self.reduction > 1.05 else 3}f}".removesuffix(".000")

    @property
    def window(self) -> Window:
        """The rectangle, counted from the canvas's first pixel."""
        return Window.of_size(self.width, self.height, left=self.left, top=self.top)

    def on(self, canvas: tuple[int, int]) -> Window:
        """The part that lies on a canvas of (height, width).

        Raises:
            ValueError: None does.
        """
        found = self.window.intersect(Window.of_size(canvas[1], canvas[0]))
        if found is None:
            raise ValueError(f"{self} is not on a canvas of {canvas}")
        return found

    def beyond(self, canvas: tuple[int, int]) -> tuple[tuple[int, int], tuple[int, int]]:
        """((above, below), (left, right)): how far it reaches beyond a (height, width) canvas."""
        above, left = max(0, -self.top), max(0, -self.left)
        below = max(0, self.top + self.height - canvas[0])
        return (above, below), (left, max(0, self.left + self.width - canvas[1]))

    def __str__(self) -> str:
        """As the parameter ``region`` takes it: left,top,width,height."""
        return f"{self.left},{self.top},{self.width},{self.height}"


@dataclass(frozen=True)
class Shape:
    """Sizes that a region may have: the model's picture, and what a plate pixel looks like.

    Attributes:
        grid: (height, width) of the model's picture.
        pixel_aspect: Width of a plate pixel over its height.
    """

    grid: Grid
    pixel_aspect: float

    @property
    def native(self) -> tuple[int, int]:
        """(height, width) of the largest region of which no sample is lost.

        Square pixels: the grid itself. Otherwise one side is 1:1 and the other one enlarged.
        """
        rows, columns = self.grid
        if self.pixel_aspect >= 1:
            return rows, max(1, round(columns / self.pixel_aspect))
        return max(1, round(rows * self.pixel_aspect)), columns

    def around(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) of the smallest region that is at least that large."""
        columns_a_row = self.grid[1] / self.grid[0] / self.pixel_aspect
        if abs(width - height * columns_a_row) <= max(1.0, columns_a_row) / 2:
            return height, width
        rows = round(width / columns_a_row)
        return (rows, width) if rows >= height else (height, round(height * columns_a_row))

    def at_least_native(self, height: int, width: int) -> tuple[int, int]:
        """The same, but never so small that the model's picture would be enlarged."""
        rows, columns = self.native
        if height <= rows and width <= columns:
            return self.native
        return self.around(height, width)


def hole_box(footage: Footage, progress: Progress | None = None) -> Window | None:
    """The box around the holes of all frames, or None; the same whichever frames are wanted.

    The mattes as they were drawn lie in the hole, wherever the plate has a picture.
    """
    box: Window | None = None
    for index, number in enumerate(footage.frames):
        found = bounds(footage.hole(number))
        if found is not None:
            box = found if box is None else box.union(found)
        if progress is not None:
            progress("measuring the hole", index + 1, len(footage.frames), frame=number)
    return box


def with_context(box: Window, canvas: tuple[int, int]) -> Window:
    """The box with what is to be seen around it, as far as the canvas has it."""
    down = max(CONTEXT_LEAST, math.ceil(CONTEXT_SHARE * box.height))
    across = max(CONTEXT_LEAST, math.ceil(CONTEXT_SHARE * box.width))
    grown = Window(box.x_min - across, box.y_min - down, box.x_max + across, box.y_max + down)
    return grown.intersect(Window.of_size(canvas[1], canvas[0])) or box


def placed_around(
    need: Window, size: tuple[int, int], *, canvas: tuple[int, int], grid: Grid
) -> Region:
    """A region of (height, width) around a box, shifted into the canvas where it fits."""
    height, width = size
    return Region(
        top=_start(need.y_min, need.y_max, height, canvas[0]),
        left=_start(need.x_min, need.x_max, width, canvas[1]),
        height=height,
        width=width,
        grid=grid,
    )


def crop_around(need: Window, shape: Shape, canvas: tuple[int, int]) -> Region:
    """The region that shows a box, context included, as large as it can be."""
    size = shape.at_least_native(need.height, need.width)
    return placed_around(need, size, canvas=canvas, grid=shape.grid)


def whole(canvas: tuple[int, int], grid: Grid) -> Region:
    """The whole canvas squeezed into the model's picture, its aspect not kept."""
    return Region(0, 0, canvas[0], canvas[1], grid)


def given(wanted: tuple[int, int, int, int], *, box: Window, canvas: tuple[int, int]) -> Window:
    """The part of the canvas that was asked for.

    Args:
        wanted: (left, top, width, height) on the canvas.
        box: Around all holes.
        canvas: (height, width).

    Raises:
        RequestError: Some of the hole lies outside.
    """
    left, top, width, height = wanted
    asked = Window.of_size(width, height, left=left, top=top)
    if not asked.contains(box):
        raise RequestError(
            "parameter region",
            "it does not cover all that is to be removed (expected at least "
            f"{box.x_min},{box.y_min},{box.width},{box.height}, got {left},{top},{width},{height})",
            f"Make it larger, at most 0,0,{canvas[1]},{canvas[0]}, or set it to auto.",
            code="parameter",
        )
    return asked


def exactly(asked: Window, shape: Shape, canvas: tuple[int, int]) -> Region:
    """The region that was asked for, grown to the model's aspect where it has another one.

    What a `Region` says of itself gives that region again.

    Raises:
        RequestError: It is larger than the canvas both ways, and would show mostly mirror images.
    """
    size = shape.around(asked.height, asked.width)
    most = [max(sides) for sides in zip(canvas, shape.native, strict=True)]
    if size[0] > most[0] and size[1] > most[1]:
        raise RequestError(
            "parameter region",
            f"it reaches beyond the plate on all sides (expected at most {canvas[1]} x "
            f"{canvas[0]} pixels, got {asked.width} x {asked.height})",
            "Make it smaller, or set it to auto.",
            code="parameter",
        )
    return placed_around(asked, size, canvas=canvas, grid=shape.grid)


def losses(region: Region, pixel_aspect: float) -> list[str]:
    """What the artist should know of a region's scale."""
    down, across = region.scale
    said = []
    if region.reduction > SOFT:
        said.append(
            f"the fill is soft: the model sees {region.reduction:.1f} plate pixels as one; "
            "a smaller hole, or real detail of other frames, is sharper"
        )
    if region.reduction > 1 and pixel_aspect != 1:
        said.append(
            f"the plate is anamorphic (pixel aspect {pixel_aspect:g}): the model sees "
            f"{down:.2f} plate pixels as one down and {across:.2f} across"
        )
    return said


def _start(first: int, last: int, size: int, extent: int) -> int:
    """Where a side of ``size`` begins: centred on first..last, then inside 0..extent."""
    if size >= extent:
        return -((size - extent) // 2)
    return min(max((first + last + 1 - size) // 2, 0), extent - size)
