"""``void demo``: a shot of its own, from nothing to a report."""

from __future__ import annotations

import subprocess
import sys

import typer


def demo(context: typer.Context) -> None:
    """Make a shot and remove its boom mic. Measures the result: void demo [--out DIR]."""
    # A process of its own, since nothing in bridge may import the server and its image code.
    command = [sys.executable, "-m", "void_server.demo", *context.args]
    with subprocess.Popen(command) as process:
        try:
            code = process.wait()
        except KeyboardInterrupt:
            # The terminal has told the child as well; it tidies up and ends.
            code = process.wait()
    raise typer.Exit(code)
