"""The files of one finished frame: every kind of picture asked for, written and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bridge.errors import ServerError
from bridge.messages import ResultKind
from bridge.sequence import PictureKind
from bridge.shot import Request, SourceFile, kinds_of
from void_server import composite
from void_server.engines.engine import Fact
from void_server.images.atomic import Written
from void_server.images.exr_change import AttributeValue
from void_server.images.picture import Picture
from void_server.patch import Patch
from void_server.patch_file import write_patch_file
from void_server.plate import PlateColor
from void_server.read_back import changed_outside

_FACTS = ("curve", "exposure", "peak", "primaries", "region", "scale")
"""What of an engine's facts every frame carries: how the model saw the shot."""


@dataclass(frozen=True)
class FrameFiles:
    """A frame's files by kind.

    Attributes:
        files: What was written.
        changed_outside: How many values outside the alpha are not the plate's; None without a comp.
    """

    files: Mapping[ResultKind, Written]
    changed_outside: int | None


def attributes(
    request: Request, source: SourceFile, facts: Mapping[str, Fact], **others: str
) -> dict[str, AttributeValue]:
    """What each file says of how it was made.

    Args:
        request: What was asked for.
        source: The plate file that the frame came from.
        facts: What the engine has found out so far.
        others: Further texts, e.g. the job's id.
    """
    known = {name: facts[name] for name in _FACTS if name in facts}
    return {**others, "seed": request.seed, "src_sha256": source.sha256, **known}


def write_frame(
    folder: Path,
    picture: Picture,
    patch: Patch | None,
    *,
    frame: int,
    request: Request,
    color: PlateColor,
    attributes: Mapping[str, AttributeValue],
) -> FrameFiles:
    """Write a frame in every kind that was asked for, and read the comp back.

    Args:
        folder: Where to.
        picture: The plate.
        patch: What goes over it; None on a frame without a hole.
        frame: File number; the picture's own differs where a frame is held.
        request: Names the kinds, and says whether they are layers of one file.
        color: The plate's colour.
        attributes: Written into every file.

    Raises:
        RequestError: The plate cannot carry layers.
        ServerError: The disk refuses, or the comp came back touched outside the alpha.
    """
    files: dict[ResultKind, Written] = {}
    changed: int | None = None
    kinds = kinds_of(request.output)
    layers = kinds if request.layers else ()
    if request.layers or "comp" in kinds:
        path = _path(folder, "comp", frame)
        files["comp"] = composite.write_comp(
            picture, patch, path, color=color, attributes=attributes, layers=layers
        )
        changed = changed_outside(path, picture, patch, layers)
        _refuse_if_touched(picture, changed)
    for kind in kinds:
        if kind not in files and not request.layers:
            files[kind] = write_patch_file(
                kind, picture, patch, _path(folder, kind, frame), color=color, attributes=attributes
            )
    return FrameFiles(files, changed)


def _path(folder: Path, kind: PictureKind, frame: int) -> Path:
    return folder / f"{kind}.{frame:04d}.exr"


def _refuse_if_touched(picture: Picture, changed: int) -> None:
    """A result that breaks the one promise that matters is never handed over."""
    if changed:
        raise ServerError(
            picture.subject,
            f"{changed} values outside the composite alpha came back changed from disk",
            "The frame was not delivered. Check the server's disk and report this.",
            code="touched_outside",
        )
