"""The ``void`` command.

This module imports nothing that the base install lacks, so that it can say what to install.
"""

from __future__ import annotations

import importlib.util
import sys

_NEEDED = ("typer", "rich", "fileseq", "platformdirs")


def main() -> None:
    """Run the command line; the entry point of the ``void`` script."""
    lacking = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if lacking:
        sys.stderr.write(
            f"void: {', '.join(lacking)} is not installed. Run: pip install 'void-bridge[server]'\n"
        )
        sys.exit(1)
    from bridge.cli.commands import app

    app(prog_name="void")
