# ruff: noqa: F401 - what is imported here is what scripts find in the module
"""A strict stand-in for Nuke's Python module: it raises on what the real one would refuse.

What the panel may call is written down in ``host_api.json``; `nuke.fake` is the test's side.
Nothing here is Nuke's: it is what its documentation and its users say of it, acted out.
"""

from __future__ import annotations

from nuke import fake
from nuke.callbacks import FUNCTIONS as _CALLBACKS
from nuke.copying import nodeCopy, nodePaste
from nuke.dialogs import ask, debug, error, message, tprint, warning
from nuke.format import Format, FrameRange, FrameRanges, Info
from nuke.group import Group
from nuke.knob import (
    ALWAYS_SAVE,
    DISABLED,
    DO_NOT_WRITE,
    ENDLINE,
    INVISIBLE,
    KNOB_CHANGED_RECURSIVE,
    NO_ANIMATION,
    NO_UNDO,
    READ_ONLY,
    STARTLINE,
    Knob,
)
from nuke.knob_kinds import KINDS as _KINDS
from nuke.layout_knobs import TABBEGINCLOSEDGROUP, TABBEGINGROUP, TABENDGROUP, TABKNOB
from nuke.making import (
    Nodes,
    allNodes,
    createNode,
    delete,
    exists,
    root,
    selectedNode,
    selectedNodes,
    thisClass,
    thisGroup,
    thisKnob,
    thisNode,
    thisParent,
    toNode,
)
from nuke.menus import Menu, MenuItem, ToolBar, getPaneFor, menu, toolbar
from nuke.node import EXPRESSIONS, HIDDEN_INPUTS, INPUTS, LINKINPUTS, Node
from nuke.plugins import pluginAddPath, pluginAppendPath, pluginPath
from nuke.progress import ProgressTask
from nuke.rendering import execute
from nuke.root_node import Root
from nuke.sampling import sample
from nuke.script import (
    modified,
    scriptClear,
    scriptClose,
    scriptExit,
    scriptName,
    scriptNew,
    scriptOpen,
    scriptReadFile,
    scriptSave,
    scriptSaveAs,
)
from nuke.settings import (
    addFormat,
    addView,
    channels,
    deleteView,
    executing,
    filename,
    formats,
    frame,
    layers,
    show,
    thisView,
    value,
    views,
)
from nuke.strict import current as _current
from nuke.text_knobs import script_directory
from nuke.threads import executeInMainThread, executeInMainThreadWithResult
from nuke.undoing import Undo

globals().update({name: kind for name, kind in _KINDS.items() if name != "Knob"})
globals().update(_CALLBACKS)
nodes = Nodes()
CancelledError = type("CancelledError", (Exception,), {})
TO_SCRIPT, TO_VALUE, WRITE_USER_KNOB_DEFS, WRITE_ALL, WRITE_NON_DEFAULT_ONLY = 1, 2, 4, 8, 16
REPLACE = 1

_OF_THE_SESSION = {
    "GUI": lambda session: session.gui,
    "INTERACTIVE": lambda session: session.gui,
    "env": lambda session: session.env,
    "NUKE_VERSION_MAJOR": lambda session: session.version.major,
    "NUKE_VERSION_MINOR": lambda session: session.version.minor,
    "NUKE_VERSION_RELEASE": lambda session: session.version.release,
    "NUKE_VERSION_STRING": lambda session: str(session.version),
    "EXE_PATH": lambda session: session.env["ExecutablePath"],
    "THREADS": lambda session: 2,
    "rawArgs": lambda session: [],
}


def __getattr__(name):
    try:
        return _OF_THE_SESSION[name](_current())
    except KeyError:
        raise AttributeError(f"module 'nuke' has no attribute {name!r}") from None
