"""``void weights``: the files of the engine void; where they are, get them, check them."""

from __future__ import annotations

import typer

from bridge.cli import child


def weights(context: typer.Context) -> None:
    """The files of the engine void: void weights where | fetch | verify [--help]."""
    raise typer.Exit(child.run("void_server.engines.void.weights", context.args))
