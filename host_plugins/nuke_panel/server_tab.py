"""What a node says of its server, on its Server tab."""

from __future__ import annotations

import nuke

from bridge.messages import Welcome
from bridge.settings import variable
from host_plugins.nuke_panel import described, rich_text
from host_plugins.nuke_panel.unrecorded import unrecorded
from host_plugins.panel import server_text
from host_plugins.run import server


def welcomed(node: nuke.Group, welcome: Welcome) -> None:
    """Say what has answered and where, and give the node the knobs that it describes."""
    described.describe(node, welcome)
    said = [address(node), server_text.heading(welcome), *server_text.lines(welcome)]
    note(node, "\n".join(said))


def address(node: nuke.Node) -> str:
    """Where the node's server is, and whether it is the environment that says so."""
    name = variable("server")
    return f"{server.endpoint('')} ({name})" if server.endpoint("") else asked(node)


def asked(node: nuke.Node) -> str:
    """The address that is typed in."""
    return str(node["server"].value() or "").strip()


def note(node: nuke.Node, text: str) -> None:
    """Say something of the server, without a trace in the script."""
    with unrecorded():
        node["server_text"].setValue(rich_text.shown(text))
