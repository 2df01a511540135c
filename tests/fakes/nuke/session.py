"""One run of the application: its script, its settings, and what happened in it."""

from __future__ import annotations

import os
from contextlib import contextmanager

from nuke import strict
from nuke.array_knob import Array_Knob
from nuke.callbacks import Callbacks
from nuke.choice_knobs import Enumeration_Knob
from nuke.dispatch import Dispatches
from nuke.environment import Environment, Version
from nuke.format import Formats
from nuke.group import Contexts
from nuke.knob import NO_UNDO
from nuke.licence import NodeLimit
from nuke.root_node import Root
from nuke.strict import on_main
from nuke.threads import MainQueue
from nuke.undoing import Undoing

_FORMATS = (
    "1920 1080 1 HD_1080",
    "2048 1556 0 0 2048 1556 1 2K_Super_35(full-ap)",
    "1828 1332 0 0 1828 1332 2 2K_Cinemascope",
    "640 480 1 PC_Video",
)
_COLORS = ("colorManagement", "OCIO_config", "customOCIOConfigPath", "OCIOConfigPath")
_QUIET = {"frame", "selected"}
"""Knobs whose change is no change of the script."""


class State:
    """What the modules of the fake share; the test's side of it is `nuke.fake.Session`."""

    def __init__(self, *, version, gui, licence, traps):
        strict.become(self)
        self.gui, self.licence, self.traps = gui, licence, traps
        self.version = Version(*version)
        self.env = Environment(self)
        self.limit = NodeLimit(licence)
        self.over = self.loading = self.executing = False
        self.faults: list[str] = []
        self.tracebacks: list[str] = []
        self.printed: list[str] = []
        self.messages: list[str] = []
        self.answers: list[bool] = []
        self.questions: list[str] = []
        self.progress = []
        self.executed: list[str] = []
        self.panels: dict[str, tuple[str, str]] = {}
        self.panes: dict[str, object] = {"Properties.1": "properties pane"}
        self.docked: list[tuple[str, object]] = []
        self.menus = {}
        self.main = {"__name__": "__main__"}
        self.plugin_path: list[str] = []
        self.opened_elsewhere: list[str] = []
        self.cancel_execute_at: int | None = None
        self.undo = Undoing()
        self.dispatches = Dispatches()
        self.queue = MainQueue(self)
        self.callbacks = Callbacks(self)
        self.new_script()

    def new_script(self):
        """An empty script."""
        self.formats = Formats(_FORMATS)
        self.loading = True
        self.root = Root()
        self.contexts = Contexts(self.root)
        self.views, self.view = ["main"], "main"
        self.root._knobs["proxy"]._value = (self.traps.proxy,)
        if self.traps.env_ocio and "OCIO" in os.environ:
            for name in _COLORS:
                self.root._knobs[name]._enabled = False
        self.loading = False

    @property
    def frame(self):
        """The current frame."""
        return self.root._knobs["frame"]._value[0]

    @frame.setter
    def frame(self, frame):
        self.root._knobs["frame"]._value = (int(frame),)

    @contextmanager
    def seen_in(self, view):
        """A view as the current one for the length of a block.

        Raises:
            RuntimeError: The script has no such view.
        """
        if view not in self.views:
            raise RuntimeError(f"there is no view {view!r}")
        before, self.view = self.view, view
        try:
            yield
        finally:
            self.view = before

    def reached(self, node):
        """A node, or None, on its way to Python."""
        return None if node is None else self.limit.reached(node)

    def changed(self, what):
        """The script is not as it was saved."""
        if not self.loading:
            self.root._modified = True
            self.undo.note(what)

    def knob_was_set(self, knob, quiet=False):
        """Take note, and call the callbacks unless only a list of words changed."""
        node = knob._node
        if self.loading or knob._name in _QUIET:
            return
        on_main(f"the change of {knob._name}")
        if node is self.root and knob._name == "proxy" and self.traps.proxy_sticks:
            knob._value = (True,)
        if knob._flags & NO_UNDO:
            self.root._modified = True
        else:
            self.changed(f"{node._label}: {knob._name}")
        if not quiet and self.traps.python_edits_call_knob_changed:
            self.callbacks.knob_changed(node, knob)

    def knob_named(self, name, node):
        """A knob as an expression or TCL names it: ``knob``, ``parent.knob``, ``Node.knob``.

        Raises:
            RuntimeError: There is no such node or knob.
        """
        *owners, last = name.split(".")
        for owner in owners:
            node = self._owner(owner, node)
        knob = node._knobs.get(last) if node is not None else None
        if knob is None:
            raise RuntimeError(f"nothing is named {name!r}")
        return knob

    def _owner(self, name, node):
        match name:
            case "root":
                return self.root
            case "this":
                return node
            case "parent":
                return node._parent
            case "input":
                return node._input(0)
        return (node._parent or self.root)._find(name)

    def number_of(self, name, node, frame):
        """The number behind a name in an expression."""
        if name in ("frame", "t"):
            return frame
        knob = self.knob_named(name, node)
        if not isinstance(knob, Array_Knob):
            raise RuntimeError(f"{name} is no number")
        return float(knob._at(0, frame))

    def add_view(self, name):
        if name in self.views:
            raise RuntimeError(f"there is a view {name!r} already")
        self.views.append(name)
        self._name_views()

    def delete_view(self, name):
        self.views.remove(name)
        self._name_views()

    def _name_views(self):
        self.view = self.view if self.view in self.views else self.views[0]
        self.root._knobs["views"]._value = "\n".join(f"{name} #ffffff" for name in self.views)
        for knob in self.root._knobs.values():
            if isinstance(knob, Enumeration_Knob) and knob._name == "hero_view":
                knob._values = list(self.views)
        self.changed("views")
