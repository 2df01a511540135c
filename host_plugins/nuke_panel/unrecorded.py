"""Changes of ours that the artist neither undoes nor is asked to save."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import nuke


@contextmanager
def unrecorded() -> Iterator[None]:
    """What is changed inside leaves no undo step, and the script no more modified than it was.

    It is for changes of ours alone. Where Nuke may serve somebody else's meanwhile, as it does
    while it renders or shows a dialog, theirs would be lost to Undo and to the question to save.
    """
    root = nuke.root()
    modified, recording = root.modified(), not nuke.Undo.disabled()
    if recording:
        nuke.Undo.disable()
    try:
        yield
    finally:
        if recording:
            nuke.Undo.enable()
        root.setModified(modified)
