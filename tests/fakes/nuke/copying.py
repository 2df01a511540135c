"""Copy and paste of nodes, by way of a file."""

from __future__ import annotations

import json
from pathlib import Path

from nuke import script_file
from nuke.strict import current, host_call


@host_call
def nodeCopy(filename):
    """Write the selected nodes of the open group, with the connections between them."""
    group = current().contexts.now
    chosen = [one for one in group._children if one.isSelected()]
    if not chosen:
        raise RuntimeError("Nothing is selected")
    entries = {entry["name"]: entry for entry in script_file._group(group)["nodes"]}
    nodes = [entries[one._label] for one in chosen]
    Path(filename).write_text(json.dumps({"nodes": nodes}), "utf-8")


@host_call
def nodePaste(filename):
    """Read nodes into the open group, under names that are free; they are what is selected then."""
    session = current()
    group = session.contexts.now
    before = list(group._children)
    whole = json.loads(Path(filename).read_text("utf-8"))
    session.loading = True
    try:
        script_file._fill_nodes(group, whole)
    finally:
        session.loading = False
    pasted = [one for one in group._children if one not in before]
    for one in group._children:
        one.setSelected(one in pasted)
    for one in pasted:
        session.callbacks.call("OnCreate", one)
    session.changed("paste")
    return session.reached(pasted[-1]) if pasted else None
