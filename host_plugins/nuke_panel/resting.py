"""What a node says of itself while nothing runs."""

from __future__ import annotations

import nuke

from host_plugins.nuke_panel import versions
from host_plugins.nuke_panel.knobs import NONE


def resting(node: nuke.Group) -> str:
    """What the status says of a node that is not running: what of its version is on disk."""
    label = str(node["version"].value())
    if label == NONE:
        return "No result yet." if not versions.labels(node) else "The plate is shown."
    found = versions.shown(node)
    if not found:
        return f"{label} is not in the results folder."
    frames = [len(result.frames) for result in found.values()]
    partial = "" if all(r.complete for r in found.values()) else ", not finished"
    return f"{label}: {min(frames)} frames{partial}."
