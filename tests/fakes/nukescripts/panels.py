"""Panels that can be docked."""

from __future__ import annotations

import ast
import importlib

import nuke
from nuke.commands import main_module
from nuke.strict import current, on_main


def registerWidgetAsPanel(widget, name, id, create=False):
    """Put a widget, named by a text, into the Pane menu."""
    on_main("nukescripts.panels.registerWidgetAsPanel")
    if not all(isinstance(text, str) for text in (widget, name, id)):
        raise TypeError("widget, name and id are str")
    session = current()
    session.panels[id] = (widget, name)
    nuke.menu("Pane").addCommand(name, lambda: session.open_panel(id))
    return Panel(id) if create else None


class Panel:
    """A registered panel, not shown yet."""

    def __init__(self, identifier):
        self._identifier = identifier

    def addToPane(self, pane=None):
        """Dock it in a pane, or have it in a window of its own; the session notes which."""
        on_main("PythonPanel.addToPane")
        current().docked.append((self._identifier, pane))
        return self


def widget_of(identifier):
    """The class behind a registered panel.

    The host evaluates the text in its main module when the panel opens: a dotted name is found
    only if somebody has imported its first part there; ``__import__('a.b', fromlist=['C']).C``
    always is.

    Raises:
        NameError: The text names nothing.
    """
    widget, _ = current().panels[identifier]
    return _found(ast.parse(widget, mode="eval").body)


def _found(node):
    match node:
        case ast.Attribute(value=value, attr=name):
            return getattr(_found(value), name)
        case ast.Name(id=name):
            if name not in main_module():
                raise NameError(f"name {name!r} is not defined in Nuke's main module")
            return main_module()[name]
        case ast.Call(func=ast.Name(id="__import__"), args=[ast.Constant(value=name), *more]):
            whole = len(more) > 2 or any(one.arg == "fromlist" for one in node.keywords)
            module = importlib.import_module(name)
            return module if whole else importlib.import_module(name.partition(".")[0])
    raise NameError(f"{ast.unparse(node)} is no widget")
