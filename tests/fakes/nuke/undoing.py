"""What an artist could take back, step by step."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field

from nuke.strict import current, fault, on_main


@dataclass
class Step:
    """One entry of the Edit menu: its name and what changed in it."""

    name: str
    changes: list[str] = field(default_factory=list)


class Undoing:
    """The list of steps; nothing is noted while it is disabled."""

    def __init__(self):
        self.steps: list[Step] = []
        self.disabled = 0
        self._open: list[Step] = []

    def note(self, change):
        if self.disabled:
            return
        if self._open:
            self._open[0].changes.append(change)
        else:
            self.steps.append(Step(change, [change]))

    def begin(self, name):
        self._open.append(Step(name))

    def end(self, keep=True):
        if not self._open:
            fault("Undo.end() without Undo.begin()")
        step = self._open.pop()
        if keep and not self._open and step.changes:
            self.steps.append(step)

    @property
    def balanced(self):
        return not self._open and not self.disabled


class Undo:
    """The module's Undo: calls on the class, or one step as a context manager."""

    def __init__(self, name=""):
        on_main("nuke.Undo")
        self._name = name

    def __enter__(self):
        current().undo.begin(self._name)
        return self

    def __exit__(self, *raised):
        current().undo.end()

    @staticmethod
    def begin(name=""):
        on_main("nuke.Undo.begin")
        current().undo.begin(name)

    new = begin

    @staticmethod
    def end():
        on_main("nuke.Undo.end")
        current().undo.end()

    @staticmethod
    def cancel():
        on_main("nuke.Undo.cancel")
        current().undo.end(keep=False)

    @staticmethod
    def name(name):
        on_main("nuke.Undo.name")
        if current().undo._open:
            current().undo._open[0].name = name

    @staticmethod
    def disable():
        on_main("nuke.Undo.disable")
        current().undo.disabled += 1

    @staticmethod
    def enable():
        on_main("nuke.Undo.enable")
        undo = current().undo
        if not undo.disabled:
            fault("Undo.enable() without Undo.disable()")
        undo.disabled -= not current().traps.undo_is_never_enabled

    @staticmethod
    def disabled():
        on_main("nuke.Undo.disabled")
        return bool(current().undo.disabled)

    @staticmethod
    def undoSize():
        on_main("nuke.Undo.undoSize")
        return len(current().undo.steps)


@contextmanager
def one_step(session, name):
    """Everything in the block is one step, as the artist's own edit is."""
    session.undo.begin(name)
    try:
        yield
    finally:
        session.undo.end()
