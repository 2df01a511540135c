"""What a VoidRemove shows: a version's patch over the plate, and what it says of it.

Nothing here deletes anything from disk.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import nuke

from bridge.landing import Landing
from bridge.sequence import Version
from host_plugins.nuke_panel import jobs, reads, versions, what_ran
from host_plugins.nuke_panel.knobs import NONE
from host_plugins.nuke_panel.own_edit import own_edit
from host_plugins.nuke_panel.undo_step import undo_step
from host_plugins.nuke_panel.unrecorded import unrecorded
from host_plugins.nuke_panel.versions import Published
from host_plugins.run.order import MAIN

_TCL = re.compile(r'[\[\]{}"\\$\r\n]')
"""What would be read as code, or end the text, where Nuke reads metadata from a script."""


def attach(node: nuke.Group, landings: Mapping[str, Landing], *, switch: bool = True) -> None:
    """Show what has landed, by view; again and again as more lands.

    Each result that is shown anew is one step to undo, which leads back to what was shown before.
    Frames that follow belong to that step.

    Args:
        node: A VoidRemove.
        landings: What has landed.
        switch: Whether it is shown whatever the artist has chosen. Otherwise a node that shows
            another version goes on showing that, and this one is only offered.
    """
    landed = {view: versions.landed(landing) for view, landing in landings.items()}
    landed = {view: result for view, result in landed.items() if result.frames}
    if not landed:
        return
    label = max((versions.label_of(r.version) for r in landed.values()), key=lambda v: (len(v), v))
    with own_edit():
        if _is_shown(node, label, landed):
            _show_more(node, landed)
        elif switch or _goes_on(node, label, landed):
            with undo_step(f"{node.name()} {label}"):
                versions.refresh(node, latest=label, choose=True)
                _show(node, {**versions.published(node, label), **landed})
        elif label not in versions.offered(node):
            with unrecorded():
                versions.refresh(node, latest=label)


def go_back(node: nuke.Group, label: str) -> bool:
    """Show an earlier version again, whole, in place of what the last run left unfinished.

    Returns:
        Whether it is shown. It is not if it is not whole on disk, or if the artist has chosen
        something else than the run's own version meanwhile.
    """
    found = versions.published(node, label)
    whole = bool(found) and all(result.complete for result in found.values())
    if not whole or label == str(node["version"].value()) or not _shows_last_run(node):
        return False
    with undo_step(f"{node.name()} {label}"):
        versions.refresh(node, latest=label, choose=True)
        return show_version(node, label)


def show_version(node: nuke.Group, label: str) -> bool:
    """Show a version of the node, or with ``none`` the plate; the knob says which one it is.

    Returns:
        Whether all of it is there. A version that is not on disk lets the plate through.
    """
    if label == NONE:
        node["effective"].setValue(" ")
        return True
    found = versions.published(node, label)
    for view in (MAIN, *nuke.views()):
        read = reads.of_view(node, view)
        if read is not None and view not in found:
            # Another version must not go by this one's name.
            reads.point(read, versions.expected(node, view, label), ())
    if found:
        _show(node, found)
    else:
        node["effective"].setValue(" ")
    return bool(found)


def agrees(node: nuke.Group) -> bool:
    """Whether what the Reads show goes by the label that is chosen.

    With several views one of them is enough: a label stands for older results of the others.
    """
    label = str(node["version"].value())
    folders = (reads.folder_shown(node, view) for view in (MAIN, *nuke.views()))
    shown = {versions.label_of(Version(folder=folder)) for folder in folders if folder is not None}
    return label == NONE or label in shown


def _is_shown(node: nuke.Group, label: str, landed: Mapping[str, Published]) -> bool:
    if str(node["version"].value()) != label:
        return False
    return all(reads.folder_shown(node, view) == r.version.folder for view, r in landed.items())


def _goes_on(node: nuke.Group, label: str, landed: Mapping[str, Published]) -> bool:
    """Whether the node shows the run's earlier views, so that the later ones belong there too.

    A label that is offered already is one that the artist could have chosen.
    """
    chosen = str(node["version"].value())
    if chosen != label and label in versions.offered(node):
        return False
    return any(
        versions.label_of(result.version) == chosen
        and reads.folder_shown(node, view) == result.version.folder
        for view, result in landed.items()
    )


def _shows_last_run(node: nuke.Group) -> bool:
    last = jobs.of(node)
    ids = set() if last is None else {job for job in last.jobs.values() if job}
    shown = versions.shown(node).values()
    return any(not result.complete or result.job in ids for result in shown)


def _show_more(node: nuke.Group, landed: Mapping[str, Published]) -> None:
    """What is worth saving, though it is no step of its own."""
    with unrecorded():
        changed = _show(node, landed)
    if changed:
        nuke.root().setModified(True)


def _show(node: nuke.Group, shown: Mapping[str, Published]) -> bool:
    """Point the Reads; says whether anything has changed but what lies on disk."""
    reads.provide(node, shown)
    changed = False
    for view, result in shown.items():
        read = reads.of_view(node, view)
        if read is not None and reads.point(read, result.version, result.frames):
            changed = True
    return _say(node, next(iter(shown.values()))) or changed


def _say(node: nuke.Group, result: Published) -> bool:
    """What the version says of itself, on the node and in the comp's metadata."""
    facts = what_ran.facts(
        job=result.job, version=versions.label_of(result.version), record=result.record
    )
    said = "\n".join(f'{{set {key} "{_TCL.sub("_", value)}"}}' for key, value in facts.items())
    line = what_ran.line(result.record) or " "
    changed = False
    if str(node["effective"].value()) != line:
        node["effective"].setValue(line)
        changed = True
    metadata = node.node("facts")
    # A script lays the text out in its own way.
    if metadata is not None and metadata["metadata"].toScript().split() != said.split():
        metadata["metadata"].fromScript(said)
        changed = True
    return changed
