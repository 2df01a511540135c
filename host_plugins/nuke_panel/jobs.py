"""Which jobs a node began last, as its hidden knob ``jobs`` keeps them in the script."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import nuke

from host_plugins.nuke_panel import folders
from host_plugins.nuke_panel.unrecorded import unrecorded


class Jobs(msgspec.Struct, frozen=True, kw_only=True):
    """The jobs of one run.

    Attributes:
        name: What the node's results were called then; a copy of the node is called otherwise.
        jobs: Their ids by view; "" for a view whose job was not begun.
        over: Whether the run came to its end, so that there is nothing to come back for.
    """

    name: str
    jobs: dict[str, str]
    over: bool


def of(node: nuke.Node) -> Jobs | None:
    """What the knob holds; None where that is nothing, or nothing that can be read."""
    try:
        return msgspec.json.decode(str(node["jobs"].value() or ""), type=Jobs)
    except msgspec.DecodeError:
        return None


def keep(node: nuke.Node, ids: Mapping[str, str]) -> None:
    """Keep the jobs of a run that has begun.

    Args:
        node: A VoidRemove.
        ids: Their ids by view.
    """
    _write(node, Jobs(name=folders.name_of(node), jobs=dict(ids), over=False))


def end(node: nuke.Node) -> None:
    """Keep that there is nothing more to come of them."""
    known = of(node)
    if known is not None and not known.over:
        _write(node, msgspec.structs.replace(known, over=True))


def _write(node: nuke.Node, known: Jobs) -> None:
    with unrecorded():
        node["jobs"].setValue(msgspec.json.encode(known).decode())
    nuke.root().setModified(True)  # it is worth saving, though not worth an undo step
