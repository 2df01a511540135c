"""The job panel as one of Nuke's, that can be docked and comes back with a saved workspace."""

from __future__ import annotations

import nuke
import nukescripts.panels

from bridge.errors import RequestError
from host_plugins.panel.qt_binding import binding

NAME = "VOID"
"""What Nuke's Pane menu calls it."""

IDENTIFIER = "void.jobs"
"""How a saved workspace names it; never changes."""

_WIDGET = "__import__('host_plugins.panel.jobs_panel', fromlist=['JobsPanel']).JobsPanel"
"""The widget's class. Nuke evaluates this when the panel opens, and not where our names are known.

Source: nukescripts.panels.registerWidgetAsPanel, which puts it into the text of a PyCustom_Knob.
"""

_BESIDE = "Properties.1"
"""The panel in whose pane it opens, as Nuke names its own."""


def register() -> bool:
    """Put the panel into the Pane menu; without a Qt binding there is none, and nothing else lacks.

    Returns:
        Whether it is there.
    """
    if not binding():
        return False
    nukescripts.panels.registerWidgetAsPanel(_WIDGET, NAME, IDENTIFIER)
    return True


def show() -> None:
    """Open the panel beside the properties.

    Raises:
        RequestError: There is no Qt for Python.
    """
    if not binding():
        raise RequestError(
            "server panel",
            "this Nuke has neither PySide6 nor PySide2, which it is made with",
            "Everything else works without: the node's Server tab, and void jobs in a terminal.",
            code="no_qt",
        )
    panel = nukescripts.panels.registerWidgetAsPanel(_WIDGET, NAME, IDENTIFIER, True)
    panel.addToPane(nuke.getPaneFor(_BESIDE))
