"""What an artist undoes at one stroke."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import nuke


@contextmanager
def undo_step(name: str) -> Iterator[None]:
    """Everything that changes inside is undone together, and Edit > Undo says what it is."""
    nuke.Undo.begin(name)
    try:
        yield
    finally:
        nuke.Undo.end()
