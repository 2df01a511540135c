"""The Reads inside a VoidRemove: one, or one for each view behind a JoinViews.

They read raw, and a frame that has not landed is black with alpha 0, which lets the plate through.

Source: the knobs of a Read as ayon-nuke sets them (``api/plugin.py``: do not rely on defaults,
localization off because Nuke shows stale copies else); JoinViews takes its inputs in the order of
the views in ``viewassoc``.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import cast

import nuke

from bridge.sequence import Version
from host_plugins.run.order import MAIN

_log = logging.getLogger("void")

RESULT, VIEWS = "result", "views"
"""Names of the Read of a shot without views, and of the JoinViews of one with views."""

SOURCE = (-350, 120)
"""Where inside the node the patch comes from: the one Read, or the JoinViews below several."""

_CONSUMERS = (("comp", 1), ("straight", 0), ("matte", 0), ("shown", 2))
"""Which inputs inside take the patch."""

_FIXED = {
    "before": "black",
    "after": "black",
    "on_error": "black",
    "frame_mode": "expression",
    "frame": "",
    "raw": True,
    "premultiplied": False,
    "auto_alpha": False,
    "localizationPolicy": "off",
}


def new_read(name: str) -> nuke.Node:
    """A Read of a patch, in the current group, that shows nothing yet."""
    made = nuke.nodes.Read(name=name)
    _settle(made)
    return made


def of_view(group: nuke.Group, view: str) -> nuke.Node | None:
    """The Read of a view, or None."""
    return group.node(_name(view))


def provide(group: nuke.Group, views: Iterable[str]) -> None:
    """See to it that there is a Read for each of these views, and that it is what is shown.

    A Read of another view stays what it was; going from no views to views, or back, the Reads of
    before go.
    """
    wanted = [view for view in views if of_view(group, view) is None]
    if not wanted:
        return
    for node in _obsolete(group, wanted):
        nuke.delete(node)
    with group:
        made = [new_read(_name(view)) for view in wanted]
        for row, node in enumerate(made):
            node.setXYpos(SOURCE[0] - 110 * row, SOURCE[1] - (0 if wanted == [MAIN] else 60))
        source = made[0] if wanted == [MAIN] else _joined(group)
        for name, index in _CONSUMERS:
            consumer = group.node(name)
            if consumer is not None:
                consumer.setInput(index, source)


def point(read: nuke.Node, version: Version, frames: tuple[int, ...]) -> bool:
    """Have a Read show the frames of a version's patch, and look at the disk again.

    Returns:
        Whether the Read showed something else before.
    """
    pattern = version.pattern("patch").as_posix()
    first, last = (frames[0], frames[-1]) if frames else (1, 1)
    changed = False
    if str(read["file"].value() or "") != pattern:
        read["file"].setValue(pattern)
        _settle(read)  # setting a file lets Nuke choose some of it anew
        changed = True
    for name, value in (("first", first), ("last", last), ("origfirst", first), ("origlast", last)):
        if int(read[name].value()) != value:
            read[name].setValue(value)
            changed = True
    try:
        cast(nuke.Script_Knob, read["reload"]).execute()
    except (
        RuntimeError
    ) as error:  # Nuke is rendering; what it shows is read again with the next frame
        _log.warning("%s was not read again", read.fullName(), exc_info=error)
    return changed


def folder_shown(group: nuke.Node, view: str) -> Path | None:
    """The version folder that the Read of a view shows, or None."""
    read = of_view(group, view) if isinstance(group, nuke.Group) else None
    file = "" if read is None else str(read["file"].value() or "")
    return Path(file).parent if file else None


def legal(view: str) -> str:
    """A view's name as part of a node's name."""
    return re.sub(r"[^A-Za-z0-9_]", "_", view)


def joined(of_views: Mapping[str, nuke.Node | None]) -> nuke.Node:
    """A JoinViews of the script's views, in the current group; a view without a Read is empty."""
    views = nuke.views()
    made = nuke.nodes.JoinViews()
    made["viewassoc"].setValue("\n".join(views))
    for index, view in enumerate(views):
        made.setInput(index, of_views.get(view))
    return made


def _name(view: str) -> str:
    return f"{RESULT}_{legal(view)}" if view else RESULT


def _settle(read: nuke.Node) -> None:
    for name, value in _FIXED.items():
        if read[name].value() != value:
            read[name].setValue(value)


def _obsolete(group: nuke.Group, wanted: list[str]) -> list[nuke.Node]:
    """What the Reads of before were: those of views do not stand beside one without."""
    names = {RESULT, VIEWS}
    if MAIN in wanted:
        names |= {node.name() for node in group.nodes() if node.name().startswith(f"{RESULT}_")}
    return [node for node in group.nodes() if node.name() in names]


def _joined(group: nuke.Group) -> nuke.Node:
    made = joined({view: of_view(group, view) for view in nuke.views()})
    made.setName(VIEWS)
    made.setXYpos(*SOURCE)
    return made
