"""``void demo``: a shot of its own, from nothing to a report."""

from __future__ import annotations

import typer

from bridge.cli import child


def demo(context: typer.Context) -> None:
    """Make a shot and remove its boom mic. Measures the result: void demo [--out DIR]."""
    raise typer.Exit(child.run("void_server.demo", context.args))
