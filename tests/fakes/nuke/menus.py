"""Menus and toolbars; there are none without a GUI."""

from __future__ import annotations

import functools

from nuke.commands import run_python
from nuke.dispatch import dispatched
from nuke.strict import HostObject, current, host_call
from nuke.undoing import one_step

NAMES = ("Nuke", "Nodes", "Pane", "Viewer", "Node Graph", "Properties", "Animation", "Axis")


class MenuItem(HostObject):
    """A command in a menu."""

    def __init__(self, name, command=None, shortcut="", icon="", tooltip=""):
        self._name, self._command = name, command
        self._shortcut, self._icon, self._tooltip = shortcut or "", icon or "", tooltip or ""
        self._enabled = self._visible = True

    def name(self):
        return self._name

    def script(self):
        return self._command if isinstance(self._command, str) else ""

    def shortcut(self):
        return self._shortcut

    def setShortcut(self, keys):
        self._shortcut = keys

    def icon(self):
        return self._icon

    def setIcon(self, icon):
        self._icon = icon

    def setEnabled(self, enabled, recursive=False):
        self._enabled = bool(enabled)

    def setVisible(self, visible):
        self._visible = bool(visible)

    def invoke(self):
        """What choosing it does."""
        session = current()
        call = self._command
        if isinstance(call, str):
            call = functools.partial(run_python, call)
        with one_step(session, self._name):
            dispatched(session, f"menu {self._name}", call)


class Menu(MenuItem):
    """A menu; a slash in a name goes into menus within."""

    def __init__(self, name, icon="", tooltip=""):
        super().__init__(name, icon=icon, tooltip=tooltip)
        self._items: dict[str, MenuItem] = {}

    def addMenu(self, name, icon="", tooltip="", index=-1):
        menu, last = self._into(name)
        found = menu._items.get(last)
        return found if isinstance(found, Menu) else menu._put(Menu(last, icon, tooltip))

    def addCommand(
        self, name, command=None, shortcut="", icon="", tooltip="", index=-1, readonly=False,
        node=False, shortcutContext=0,
    ):  # fmt: skip
        if command is not None and not isinstance(command, str) and not callable(command):
            raise TypeError(f"the command of {name} is neither text nor callable")
        menu, last = self._into(name)
        return menu._put(MenuItem(last, command, shortcut, icon, tooltip))

    def addSeparator(self, index=-1):
        return self._put(MenuItem(f"-{len(self._items)}"))

    def findItem(self, path):
        found = self
        for name in path.split("/"):
            found = found._items.get(name) if isinstance(found, Menu) else None
        return found

    menu = findItem

    def items(self):
        return list(self._items.values())

    def removeItem(self, name):
        self._items.pop(name, None)

    def clearMenu(self):
        self._items.clear()

    def _into(self, path):
        *menus, last = path.split("/")
        menu = self
        for name in menus:
            menu = menu.addMenu(name)
        return menu, last

    def _put(self, item):
        self._items[item._name] = item
        return item


class ToolBar(Menu):
    """The toolbar that holds the node menus."""


@host_call
def menu(name):
    session = current()
    if not session.gui:
        raise RuntimeError("menus are only there in a GUI session")
    if name not in NAMES:
        raise RuntimeError(f"there is no menu {name!r}")
    kind = ToolBar if name == "Nodes" else Menu
    return session.menus.setdefault(name, kind(name))


@host_call
def getPaneFor(panelName):
    """The pane that holds a panel; None when it is closed."""
    return current().panes.get(panelName)


@host_call
def toolbar(name, create=True):
    return menu(name)
