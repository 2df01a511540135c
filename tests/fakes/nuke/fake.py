"""The test's side of the fake: starting a Nuke, being its artist, looking at what happened.

Product code never imports this. ``session.check()`` tells of everything that the real application
would not have survived, whether or not somebody swallowed the exception.
"""

from __future__ import annotations

import functools
import sys
import time
from contextlib import ExitStack, nullcontext
from dataclasses import asdict

from nuke import script
from nuke.commands import run_python, without_plugin
from nuke.dispatch import dispatched
from nuke.environment import environment
from nuke.group import Group
from nuke.plugins import StartUp
from nuke.progress import Bar
from nuke.session import State
from nuke.strict import HostHang, become, current, is_on
from nuke.text_knobs import Script_Knob
from nuke.traps import Traps
from nuke.undoing import one_step

__all__ = ["Bar", "HostHang", "Session", "Traps", "current", "start"]

_TURN = 0.02


def start(*, version=(16, 0, 1), gui=True, licence="commercial", environ=None, **traps):
    """A fresh Nuke; the one before it is over.

    Args:
        version: Major, minor, release.
        gui: False for ``nuke -t``.
        licence: ``commercial``, ``nc`` or ``indie``.
        environ: Environment variables for as long as it runs.
        **traps: Switches of `nuke.traps.Traps`.
    """
    from nuke import strict

    if strict._current.session is not None:
        strict._current.session.end()
    return Session(
        version=version, gui=gui, licence=licence, environ=environ or {}, traps=Traps(**traps)
    )


class Session(State):
    """A running Nuke.

    Attributes:
        messages: What message boxes said.
        questions: What was asked; ``answers`` holds what the artist will say.
        printed: Lines on the terminal.
        tracebacks: Exceptions that Nuke printed because nobody else caught them.
        faults: What the real application would not have survived.
        progress: Every progress bar there was, a `Bar` each.
        executed: Built-in buttons that were pressed by Python, as ``Read1.reload``.
        panels: Registered panels by identifier: the text of the widget, and its name.
        panes: Panes that are open, by the name of a panel in them.
        docked: Panels that were opened, with the pane or None for a window.
        undo: ``steps`` holds what the artist could take back.
        cancel_execute_at: The frame at which the artist cancels the render bar, or None.
        plugin: Whether the plug-in is installed on this machine.
    """

    def __init__(self, *, environ, **settings):
        self._held = ExitStack()
        self._held.enter_context(environment(environ))
        self._sys_path = list(sys.path)
        super().__init__(**settings)
        self.plugin = True
        self.start_up = StartUp(self)

    @property
    def blocked(self):
        """Seconds of every main-thread dispatch, less those inside nuke.execute and dialogs."""
        return self.dispatches.blocked

    @property
    def longest(self):
        """The longest dispatch: seconds, and what it was."""
        return self.dispatches.longest

    # What an artist does.

    def press(self, node, name):
        """Click a button of a node.

        Raises:
            AssertionError: It cannot be clicked: greyed out, hidden, or no button.
        """
        node = self._node(node)
        knob = node[name]
        assert self.gui, "nobody clicks in -t"
        assert isinstance(knob, Script_Knob), f"{name} is no button but a {knob.Class()}"
        assert knob.enabled(), f"{name} is greyed out"
        assert knob.visible(), f"{name} is hidden"
        with one_step(self, f"{node._label}.{name}"):
            return self.run_command(knob)

    def run_command(self, knob):
        """Run a button's command where Nuke runs it."""
        node = knob._node
        inside = self.traps.buttons_run_inside_the_group and isinstance(node, Group)
        call = functools.partial(run_python, knob._value, f"<{knob.fullyQualifiedName()}>")
        with nullcontext() if self.plugin else without_plugin():
            return dispatched(
                self, f"press {knob.fullyQualifiedName()}", call,
                node=node, knob=knob, group=node if inside else node._parent,
            )  # fmt: skip

    def change(self, node, name, value):
        """Edit a knob in the properties panel.

        Raises:
            AssertionError: It is greyed out or hidden.
        """
        node = self._node(node)
        knob = node[name]
        assert knob.enabled(), f"{name} is greyed out"
        assert knob.visible(), f"{name} is hidden"
        with one_step(self, f"{node._label}.{name}"):
            before = knob._value
            knob.setValue(value)
            if not self.traps.python_edits_call_knob_changed and knob._value != before:
                self.callbacks.knob_changed(node, knob)

    def choose(self, path):
        """Choose a menu entry, as ``Nodes/VOID/VoidRemove``."""
        name, _, rest = path.partition("/")
        item = self.menus[name].findItem(rest)
        assert item is not None, f"{path} is not there"
        assert item._enabled, f"{path} is greyed out"
        return item.invoke()

    def open_panel(self, identifier):
        """Make the widget of a registered panel, as the Pane menu does."""
        from nukescripts.panels import widget_of

        return dispatched(self, f"panel {identifier}", lambda: widget_of(identifier)())

    def save(self, path):
        """File > Save as."""
        script.save(self, path)

    def open(self, path, *, plugin=True):
        """Close the script and open another.

        Args:
            path: The file.
            plugin: False for a machine without our plug-in: no callbacks, nothing to import.
        """
        self.plugin = plugin
        if not plugin:
            self.callbacks.clear()
        script.clear(self)
        script.load(self, path)

    # The main thread's event loop.

    def pump(self, until=None, timeout=30.0):
        """Serve what threads ask of the main thread, until something holds or all is done.

        Raises:
            AssertionError: It did not hold in time.
        """
        deadline = time.monotonic() + timeout
        while until is None or not until():
            served = self.queue.serve(_TURN)
            if until is None and not served:
                return
            assert time.monotonic() < deadline, f"waited {timeout} s; {self.describe()}"

    def start_plugins(self, *folders):
        """Run init.py, and in a GUI menu.py, of folders on NUKE_PATH, first found first."""
        self.start_up.run([*folders])

    # What a test looks at.

    def picture(self, node, frame, view="main"):
        """The picture that a node makes; see `nuke.evaluate.picture.Picture`."""
        from nuke.evaluate.graph import picture

        return picture(self._node(node), frame, view)

    def describe(self):
        """What happened so far, for a failing test's message."""
        return (
            f"messages {self.messages}, faults {self.faults}, printed {self.printed[-5:]}, "
            f"tracebacks {self.tracebacks}"
        )

    def check(self):
        """Raise if anything happened that the real application would not have forgiven.

        Raises:
            AssertionError: With all of it.
        """
        assert not self.faults, self.faults
        assert not self.tracebacks, "\n".join(self.tracebacks)
        assert self.contexts.depth() == 1, "a group's context was left open"
        assert self.undo.balanced, "undo was left disabled or a step open"

    def quit(self):
        """The application closes: callbacks, then nothing is served any more."""
        self.callbacks.call("OnScriptClose", self.root)
        self.over = True

    def end(self):
        """Leave no trace: environment, sys.path, the session itself."""
        self.over = True
        sys.path[:] = self._sys_path
        self._held.close()
        if is_on(self):
            become(None)

    def _node(self, node):
        found = self.root._find(node) if isinstance(node, str) else node
        assert found is not None, f"there is no node {node}"
        return found

    def __repr__(self):
        return f"<Nuke {self.version} {'GUI' if self.gui else '-t'} {asdict(self.traps)}>"
