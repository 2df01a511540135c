"""Nuke Non-commercial and Indie: Python reaches too few nodes there, so the files go another way.

Source: combine_retimes v1.0, which quotes Nuke on it ("10 node limit for Node objects accessible in
Python"); the keys ``nc`` and ``indie`` of ``nuke.env`` as tk-nuke and nukescripts read them.
"""

from __future__ import annotations

import shlex

import nuke

from bridge.errors import RequestError

_LIMITED = {"nc": "Non-commercial", "indie": "Indie"}
_PLATE, _MATTE = "PLATE.####.exr", "MATTE.####.exr"


def check(node: nuke.Node | None = None) -> None:
    """Refuse the licences under which the node cannot work.

    Args:
        node: A VoidRemove, whose connected Reads name the files in that command.

    Raises:
        RequestError: Code ``nuke_licence``; it says the command that does it with files.
    """
    limited = [name for key, name in _LIMITED.items() if nuke.env.get(key, False)]
    if limited:
        raise RequestError(
            f"Nuke {limited[0]}",
            "it lets Python reach only 10 nodes, so this node cannot work in it; with files it "
            f"is, in a terminal: {command(node)}",
            "Render plate and matte with Write nodes of your own. VOID > Help tells the rest under "
            "Licences.",
            code="nuke_licence",
        )


def command(node: nuke.Node | None = None) -> str:
    """The command that does with files what the node would do."""
    plate, matte = _read_file(node, 0) or _PLATE, _read_file(node, 1) or _MATTE
    return f"void remove {shlex.quote(plate)} --matte {shlex.quote(matte)}"


def _read_file(node: nuke.Node | None, index: int) -> str:
    """The files of the Read that is connected there; "" where there is none to be seen."""
    if node is None:
        return ""
    try:
        source = node.input(index)
        return str(source["file"].value()) if source and source.Class() == "Read" else ""
    except RuntimeError:  # the limit itself
        return ""
