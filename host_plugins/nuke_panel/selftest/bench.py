"""What the checks of the live kit work on: a small script of their own, and ways to look into it.

Nodes are kept by name, because every Python object of a node dies with the script that it was in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nuke

from bridge.client import Client
from bridge.landing import Landing
from bridge.sequence import FrameRange
from host_plugins.nuke_panel.host import NukeHost
from host_plugins.nuke_panel.main_thread import on_main
from host_plugins.nuke_panel.selftest.check import Failed
from host_plugins.run import server
from host_plugins.run.order import Purpose
from host_plugins.run.progress import Ending
from host_plugins.run.removal import Removal

FRAMES = FrameRange(1001, 1006)
"""Of the generated shot."""

WIDTH, HEIGHT = 160, 90
"""Of its pictures, pixels."""

Point = tuple[int, int]
"""(x, y) of a pixel, from the lower left corner as Nuke counts."""


@dataclass(kw_only=True)
class Bench:
    """The kit's own corner of the disk and of Nuke.

    Attributes:
        folder: Everything that the kit writes lies in it.
        node: Name of the VoidRemove; "" until it is built.
        endings: How the removals ended, by what they were for.
        longest_block: Seconds for which the main thread was held at most; None if nobody could see.
    """

    folder: Path
    node: str = ""
    endings: dict[str, Ending] = field(default_factory=dict)
    longest_block: float | None = None

    @property
    def script(self) -> Path:
        """The kit's script."""
        return self.folder / "void_selftest.nk"

    @property
    def media(self) -> Path:
        """Folder of the generated plate and matte."""
        return self.folder / "media"

    def pattern(self, what: str) -> str:
        """The files of one generated sequence, as a File_Knob takes them on every system."""
        return (self.media / f"{what}.%04d.exr").as_posix()

    def void_remove(self) -> nuke.Group:
        """The node; main thread only.

        Raises:
            Failed: It is gone.
        """
        found = nuke.toNode(self.node)
        if not isinstance(found, nuke.Group):
            raise Failed(f"there is no group {self.node} any more")
        return found

    def set(self, values: Mapping[str, object]) -> None:
        """Set knobs of the node; main thread only."""
        node = self.void_remove()
        for name, value in values.items():
            node[name].setValue(value)

    def host(self) -> NukeHost:
        """The node as a run sees it, from any thread."""
        return on_main(lambda: NukeHost(self.void_remove()))

    def remove(self, what: str, purpose: Purpose = "remove") -> Ending:
        """Have the removal run here and now, off the main thread where there is a window."""
        ending = Removal(self.host(), purpose).run()
        self.endings[what] = ending
        return ending

    def landing(self, what: str) -> Landing:
        """What the first view of a removal has brought."""
        return next(iter(self.endings[what].landings.values()))

    def client(self) -> Client:
        """A client of the server that the node names, from any thread."""
        return server.connect(self.host().order("remove"))


def sampled(node: nuke.Node, channel: str, points: Iterable[Point], frame: int) -> list[float]:
    """Values of single pixels of a node's picture; main thread only.

    Source: Nuke Python API 13.2, ``nuke.sample``: a sample without a size is the value of the pixel
    that it lands in, and integers are corners of pixels.
    """
    nuke.frame(frame)
    probe: Any = node  # the stub of Node.sample is not one function
    return [float(probe.sample(channel, x + 0.5, y + 0.5)) for x, y in points]


def inside(group: nuke.Group, name: str) -> nuke.Node:
    """A node inside a group; main thread only.

    Raises:
        Failed: It is not there.
    """
    found = group.node(name)
    if found is None:
        raise Failed(f"there is no node {name} in {group.name()}")
    return found
