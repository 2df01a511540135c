"""``void install``: a panel goes into a host application."""

from __future__ import annotations

import typer

from bridge.cli import child


def install(context: typer.Context) -> None:
    """Put the node into Nuke, check it or take it away: void install nuke [--dir DIR] [--help]."""
    raise typer.Exit(child.run("host_plugins.install", context.args))
