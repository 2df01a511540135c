"""Commands that are run by a process of their own.

Nothing in bridge may import the server, its image code or its models.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence


def run(module: str, arguments: Sequence[str]) -> int:
    """Run a module of this Python with the terminal as its own; its exit code."""
    with subprocess.Popen([sys.executable, "-m", module, *arguments]) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            # The terminal has told the child as well; it tidies up and ends.
            return process.wait()
