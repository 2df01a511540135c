"""One frame of a node: channels over a data window, inside a display window."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

RGBA = ("rgba.red", "rgba.green", "rgba.blue", "rgba.alpha")


class Window(NamedTuple):
    """Pixels as EXR counts them: rows downwards, last row and column included."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self):
        return self.right - self.left + 1

    @property
    def height(self):
        return self.bottom - self.top + 1

    def union(self, other):
        return Window(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )

    def touches(self, other):
        across = max(self.left, other.left) <= min(self.right, other.right)
        return across and max(self.top, other.top) <= min(self.bottom, other.bottom)

    def intersection(self, other):
        """What both cover; one pixel in the corner of ``self`` when they do not touch."""
        if not self.touches(other):
            return Window(self.left, self.top, self.left, self.top)
        return Window(
            max(self.left, other.left),
            max(self.top, other.top),
            min(self.right, other.right),
            min(self.bottom, other.bottom),
        )

    def inside(self, other):
        """Slices that cut this window out of an array over ``other``, which covers it."""
        return (
            slice(self.top - other.top, self.bottom - other.top + 1),
            slice(self.left - other.left, self.right - other.left + 1),
        )


@dataclass(frozen=True)
class Picture:
    """A frame.

    Attributes:
        data: Where there are pixels; outside of it everything is 0.
        display: The format's window.
        channels: ``(data.height, data.width)`` float32 by Nuke's names, such as ``rgba.red``.
        pixel_aspect: Width of a pixel through its height.
        metadata: What travels along, by key.
    """

    data: Window
    display: Window
    channels: dict = field(default_factory=dict)
    pixel_aspect: float = 1.0
    metadata: dict = field(default_factory=dict)

    @property
    def rgba(self):
        """``(data.height, data.width, 4)`` float32; channels that are not there are 0."""
        return np.stack([self.plane(name) for name in RGBA], axis=-1)

    @property
    def shown(self):
        """``(display.height, display.width, 4)`` float32: what a viewer shows of it."""
        return self.over(self.display).rgba

    def plane(self, name):
        """One channel over the data window; 0 when it is not there."""
        plane = self.channels.get(name)
        return self._zeros(self.data) if plane is None else plane

    def over(self, window):
        """The same over another window: 0 where there was nothing, less where it is smaller."""
        if window == self.data:
            return self
        moved = {name: self._moved(plane, window) for name, plane in self.channels.items()}
        return replace(self, data=window, channels=moved)

    def with_channels(self, channels):
        """The same with some channels new or changed; planes over the same data window."""
        return replace(self, channels={**self.channels, **channels})

    def halved(self):
        """Half the size, as proxy mode with a scale of 0.5 shows it."""
        return replace(
            self,
            data=_half(self.data),
            display=_half(self.display),
            channels={name: plane[::2, ::2] for name, plane in self.channels.items()},
        )

    def _moved(self, plane, window):
        moved = self._zeros(window)
        if window.touches(self.data):
            shared = window.intersection(self.data)
            moved[shared.inside(window)] = plane[shared.inside(self.data)]
        return moved

    @staticmethod
    def _zeros(window):
        return np.zeros((window.height, window.width), np.float32)


def black(display, pixel_aspect=1.0):
    """Nothing at all, in a format."""
    corner = Window(display.left, display.top, display.left, display.top)
    return Picture(corner, display, {}, pixel_aspect)


def _half(window):
    left, top = window.left // 2, window.top // 2
    return Window(left, top, left + (window.width - 1) // 2, top + (window.height - 1) // 2)


def named(text, present=()):
    """The channels that a channel knob's text stands for.

    Args:
        text: ``rgb``, ``alpha``, ``rgba.red``, ``all``, ``none``, a layer's name, or several.
        present: The channels there are, for ``all`` and for layers.

    Raises:
        RuntimeError: There is no such channel.
    """
    return [name for word in text.split() for name in _named(word, present)]


def _named(word, present):
    sets = {"none": (), "all": tuple(present), "rgb": RGBA[:3], "rgba": RGBA}
    if word in sets:
        return sets[word]
    if word in ("red", "green", "blue", "alpha"):
        return (f"rgba.{word}",)
    found = tuple(name for name in present if name == word or name.startswith(f"{word}."))
    if found or word in RGBA:
        return found or (word,)
    raise RuntimeError(f"{word}: no such channel or layer")
