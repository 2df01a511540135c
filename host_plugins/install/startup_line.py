"""The one line that is added to somebody's init.py; every other byte of it stays as it is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from bridge.write_once import hidden
from host_plugins.install.target import FILE_MODE

LINE = b'import nuke; nuke.pluginAddPath("./void", addToSysPath=False)  # VOID Bridge'
"""Adds the folder beside init.py, of which Nuke then runs init.py and, in a GUI, menu.py.

It stays off Python's path: its ``farm.py`` and ``menu.py`` would come before a studio's own.

Source: Foundry, Nuke 13.0 Python developer's guide, nuke.pluginAddPath.
"""

State = Literal["there", "changed", "missing"]

_MARK = b"# VOID Bridge"
_LINES = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n|\Z)")


def state(init: Path) -> State:
    """Whether the line is in a file: as we wrote it, changed by somebody, or not at all.

    Raises:
        OSError: The file cannot be read.
    """
    if not init.exists():
        return "missing"
    lines = _split(init.read_bytes())
    if any(_ours(line) for line in lines):
        return "there"
    marked = [line for line in lines if _MARK in line and not line.lstrip().startswith(b"#")]
    return "changed" if marked else "missing"


def add(init: Path) -> bool:
    """Add the line at the end, unless it is there or somebody has made it another; whether it did.

    Raises:
        OSError: The file cannot be read or written.
    """
    if state(init) != "missing":
        return False
    before = init.read_bytes() if init.exists() else b""
    _write(init, before + _ending(before))
    return True


def take_out(init: Path, *, made: bool) -> State:
    """Take the line out again; what it was. The file is as it was before `add`.

    Args:
        init: The file.
        made: Whether the file is there only because of the line; empty, it goes.

    Raises:
        OSError: The file cannot be read or written.
    """
    was = state(init)
    if was == "there":
        after = _without(init.read_bytes())
        if made and not after:
            init.unlink()
        else:
            _write(init, after)
    return was


def _ending(before: bytes) -> bytes:
    """What is added: with the file's own line ends, and with a last one only if it has one."""
    found = re.search(rb"\r\n|\r|\n", before)
    newline = found[0] if found else b"\n"
    if not before or before.endswith((b"\r", b"\n")):
        return LINE + newline
    return newline + LINE


def _without(text: bytes) -> bytes:
    lines = _split(text)
    rest = b"".join(line for line in lines if not _ours(line))
    if lines[-1] == LINE:  # the file had no last line end: the one before the line is ours as well
        return re.sub(rb"(?:\r\n|\r|\n)\Z", b"", rest)
    return rest


def _ours(line: bytes) -> bool:
    """Whether a line is the one we wrote; indented, it is a part of something of somebody's."""
    return line.rstrip(b"\r\n") == LINE


def _split(text: bytes) -> list[bytes]:
    """The lines with their ends."""
    return [line for line in _LINES.findall(text) if line]


def _write(init: Path, text: bytes) -> None:
    """All or nothing, where a link leads, with the file's own permissions."""
    place = init.resolve()
    mode = place.stat().st_mode & 0o7777 if place.exists() else FILE_MODE
    with hidden(place) as file:
        file.write(text)
        Path(file.name).chmod(mode)
