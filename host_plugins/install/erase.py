"""Taking an install away: what its record lists and nobody has touched, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

from host_plugins.install import record as records
from host_plugins.install.record import Installed
from host_plugins.install.vendored import RECORD


def erase(folder: Path, record: Installed) -> tuple[str, ...]:
    """Delete what was installed in a folder.

    Returns:
        What is kept: files that somebody has changed or added, by their paths in the folder.

    Raises:
        OSError: Something cannot be deleted.
    """
    found = records.differences(folder, record)
    kept = tuple(sorted({*found.changed, *found.added}))
    for name in records.names(folder):
        if name not in kept and name != RECORD:
            (folder / name).unlink()
    (folder / RECORD).unlink()  # last, so that what was stopped half-way can be done again
    _clear_empty(folder)
    return kept


def _clear_empty(folder: Path) -> None:
    """Delete the folders in which nothing is left, the innermost first."""
    for parent, _, _ in os.walk(folder, topdown=False):
        if not any(Path(parent).iterdir()):
            Path(parent).rmdir()
