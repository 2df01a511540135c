"""``void ocio``: files with which a host shows what a model saw."""

from __future__ import annotations

import typer

from bridge.cli import child


def ocio(context: typer.Context) -> None:
    """Write an OCIO config and CLFs of the models' colour spaces: void ocio --out DIR [--help]."""
    raise typer.Exit(child.run("ocio", context.args))
