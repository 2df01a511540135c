"""What an artist asks for, read from a node or a panel once, before anything is done."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from bridge.color_config import Choice
from bridge.sequence import FrameRange, PictureKind
from bridge.shot import Missing, Parameter, Role
from bridge.submission import Transport

Purpose = Literal["remove", "preview"]
"""The whole range for good, or a few frames for a look."""

MAIN = ""
"""The view of a shot without views."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """One press of a button.

    Attributes:
        name: Base of the result's names; a view's name is added behind it.
        purpose: What it is for.
        frames: Frames to export and to do, handles included.
        padding: Digits of the frame numbers.
        views: One job each; ``(MAIN,)`` for a shot without views.
        roles: The mattes that are connected; ``remove`` is among them.
        prompt: What should remain, in words.
        engine: ``auto``, or an engine's name as the server describes it.
        parameters: Engine parameters by name, as the server describes them.
        seed: Seed of everything random.
        grow: How far the hole reaches beyond the mattes, plate pixels.
        feather: Width of the soft edge inside the hole, plate pixels.
        kinds: Which pictures come back, each as a sequence of its own.
        missing: What to do about a frame that the host cannot render.
        colorspace: The working space in which the frames are exported; "" when nobody knows.
        config: The OCIO config in which that is looked up; None is the built-in one.
        server: The server's endpoint.
        server_key: Its public CURVE key, or "" when it has none.
        transport: How pictures reach it.
        out: Folder that gets the version folders.
        exports: Folder of the exported frames, ours alone.
        datatype: Of the exported frames.
        frame_bytes: What the pictures of one frame number may take on disk, plate and mattes, of
            one view; 0 when nobody knows.
        export_again: Export even if nothing upstream seems to have changed.
        keep_exports: Keep the exported frames, so that they need not be made again.
    """

    name: str
    purpose: Purpose
    frames: FrameRange
    padding: int = 4
    views: tuple[str, ...] = (MAIN,)
    roles: tuple[Role, ...] = ("remove",)
    prompt: str = ""
    engine: str = "auto"
    parameters: dict[str, Parameter] = field(default_factory=dict)
    seed: int = 0
    grow: float = 8.0
    feather: float = 6.0
    kinds: tuple[PictureKind, ...] = ("patch",)
    missing: Missing = "refuse"
    colorspace: str = ""
    config: Choice | None = None
    server: str
    server_key: str = ""
    transport: Transport = "auto"
    out: Path
    exports: Path
    datatype: Literal["half", "float"] = "half"
    frame_bytes: int = 0
    export_again: bool = False
    keep_exports: bool = True

    def name_of(self, view: str) -> str:
        """The base of one view's names."""
        return f"{self.name}_{view}" if view else self.name

    def exports_of(self, view: str) -> Path:
        """The folder of one view's exported frames: ``plate.%04d.exr``, ``remove.%04d.exr``."""
        return self.exports / (view or "main")
