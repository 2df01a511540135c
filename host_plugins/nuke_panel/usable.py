"""Knobs that are greyed out while they would have no effect. It is never said by the script."""

from __future__ import annotations

import nuke

from host_plugins.nuke_panel import runs
from host_plugins.nuke_panel.unrecorded import unrecorded
from host_plugins.run import server


def refresh(node: nuke.Node) -> None:
    """Offer Cancel while the node runs, and its address while the environment names no server."""
    wanted = {"cancel": runs.of(node) is not None, "server": not server.endpoint("")}
    with unrecorded():
        for name, enabled in wanted.items():
            node[name].setEnabled(enabled)
