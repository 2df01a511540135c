"""What a VoidRemove shows: a version's patch over the plate, and what it says of it.

Nothing here deletes anything from disk.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import nuke

from bridge.landing import Landing
from host_plugins.nuke_panel import reads, versions, what_ran
from host_plugins.nuke_panel.knobs import NONE
from host_plugins.nuke_panel.undo_step import undo_step
from host_plugins.nuke_panel.unrecorded import unrecorded
from host_plugins.nuke_panel.versions import Published
from host_plugins.run.order import MAIN

_TCL = re.compile(r'[\[\]{}"\\$\r\n]')
"""What would be read as code, or end the text, where Nuke reads metadata from a script."""


def attach(node: nuke.Group, landings: Mapping[str, Landing]) -> None:
    """Show what has landed, by view; again and again as more lands.

    The first time it becomes one step to undo, which leads back to what was shown before. What
    follows belongs to that step.
    """
    landed = {view: versions.landed(landing) for view, landing in landings.items()}
    landed = {view: result for view, result in landed.items() if result.frames}
    if not landed:
        return
    label = max((versions.label_of(r.version) for r in landed.values()), key=lambda v: (len(v), v))
    if _is_shown(node, label, landed):
        with unrecorded():
            changed = _show(node, landed)
        if changed:  # worth saving, though it is no step of its own
            nuke.root().setModified(True)
        return
    with undo_step(f"{node.name()} {label}"):
        _show(node, {**versions.published(node, label), **landed})
        versions.offer(node, _offered(node, label), label)


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
    return bool(found) and any(versions.label_of(r.version) == label for r in found.values())


def clear(node: nuke.Group) -> None:
    """Show the plate; results stay on disk and can be chosen again."""
    with undo_step(f"{node.name()} none"):
        versions.offer(node, [NONE, *versions.labels(node)], NONE)
        show_version(node, NONE)


def _is_shown(node: nuke.Group, label: str, landed: Mapping[str, Published]) -> bool:
    if str(node["version"].value()) != label:
        return False
    return all(reads.folder_shown(node, view) == r.version.folder for view, r in landed.items())


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
    if metadata is not None and metadata["metadata"].toScript() != said:
        metadata["metadata"].fromScript(said)
        changed = True
    return changed


def _offered(node: nuke.Group, label: str) -> list[str]:
    names = [NONE, *versions.labels(node)]
    return names if label in names else [NONE, label, *names[1:]]
