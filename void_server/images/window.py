"""Pixel rectangles as EXR counts them: corners inclusive, origin anywhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Window:
    """A rectangle of whole pixels; both corners belong to it, y grows downwards.

    Raises:
        ValueError: The rectangle holds no pixel.
    """

    x_min: int
    y_min: int
    x_max: int
    y_max: int

    def __post_init__(self) -> None:
        if self.x_max < self.x_min or self.y_max < self.y_min:
            raise ValueError(f"a window holds at least one pixel (got {self})")

    @classmethod
    def of_size(cls, width: int, height: int, *, left: int = 0, top: int = 0) -> Window:
        """The window of ``width`` x ``height`` pixels whose first pixel is (left, top)."""
        return cls(left, top, left + width - 1, top + height - 1)

    @property
    def width(self) -> int:
        """Pixels across."""
        return self.x_max - self.x_min + 1

    @property
    def height(self) -> int:
        """Pixels down."""
        return self.y_max - self.y_min + 1

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width), as an array has it."""
        return self.height, self.width

    def __str__(self) -> str:
        return f"{self.width}x{self.height} at ({self.x_min}, {self.y_min})"

    def contains(self, other: Window) -> bool:
        """Whether every pixel of ``other`` is in this window."""
        return self.intersect(other) == other

    def union(self, other: Window) -> Window:
        """The smallest window that holds both."""
        return Window(
            min(self.x_min, other.x_min),
            min(self.y_min, other.y_min),
            max(self.x_max, other.x_max),
            max(self.y_max, other.y_max),
        )

    def intersect(self, other: Window) -> Window | None:
        """The pixels in both, or None when there are none."""
        x_min, y_min = max(self.x_min, other.x_min), max(self.y_min, other.y_min)
        x_max, y_max = min(self.x_max, other.x_max), min(self.y_max, other.y_max)
        if x_max < x_min or y_max < y_min:
            return None
        return Window(x_min, y_min, x_max, y_max)

    def shifted(self, dx: int, dy: int) -> Window:
        """The same rectangle, moved."""
        return Window(self.x_min + dx, self.y_min + dy, self.x_max + dx, self.y_max + dy)

    def grown(self, margin: int) -> Window:
        """The rectangle with ``margin`` more pixels on every side."""
        return Window(
            self.x_min - margin, self.y_min - margin, self.x_max + margin, self.y_max + margin
        )

    def slices(self, inner: Window) -> tuple[slice, slice]:
        """Rows and columns of ``inner`` in an array that covers this window.

        Raises:
            ValueError: ``inner`` reaches outside, where a slice would wrap around silently.
        """
        if not self.contains(inner):
            raise ValueError(f"window {inner} is not inside {self}")
        top, left = inner.y_min - self.y_min, inner.x_min - self.x_min
        return slice(top, top + inner.height), slice(left, left + inner.width)


def union_all(windows: Iterable[Window]) -> Window:
    """The smallest window that holds all of ``windows``, which must not be empty."""
    found: Window | None = None
    for window in windows:
        found = window if found is None else found.union(window)
    if found is None:
        raise ValueError("no windows")
    return found
