"""The OCIO config of a shot, as its client has chosen it."""

from __future__ import annotations

from pathlib import Path

from bridge.color_config import BUILTIN
from bridge.errors import RequestError
from bridge.shot import Shot
from ocio.convert import ColorConfig
from void_server.images.source import Locate, read_checked


def open_config(shot: Shot, locate: Locate) -> ColorConfig:
    """Load the config that the shot names; without one, the pinned built-in one.

    A file is loaded from where the client has it, with the LUTs around it, if the server may look
    there. One that was sent stands alone.

    Raises:
        RequestError: It does not load, it has changed, or it is no config of OCIO's own.
    """
    config = shot.config
    if config is None:
        return ColorConfig()
    if config.file is not None:
        path = locate(config.file)
        read_checked(config.file, path)
        return ColorConfig(
            str(path), label=config.name, alone=not _in_place(path, config.file.path)
        )
    if not config.name.startswith(BUILTIN):
        raise RequestError(
            f"OCIO config {config.name}",
            f"its file is not part of the request (expected one, or a name with {BUILTIN})",
            code="ocio_config",
        )
    return ColorConfig(config.name)


def _in_place(found: Path, told: str) -> bool:
    return bool(told) and found == Path(told).resolve()
