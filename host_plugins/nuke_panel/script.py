"""A script is opened, saved and closed; a node is deleted: what a VoidRemove does then.

Nothing of it can keep Nuke from opening or saving a script.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import ParamSpec

import nuke

from host_plugins.nuke_panel import changed, reopened, runs, versions
from host_plugins.nuke_panel import node as void_node
from host_plugins.nuke_panel.resting import resting
from host_plugins.nuke_panel.unrecorded import unrecorded
from host_plugins.run import running

_log = logging.getLogger("void")

P = ParamSpec("P")


def _harmless(callback: Callable[P, None]) -> Callable[P, None]:
    @functools.wraps(callback)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            callback(*args, **kwargs)
        except Exception:
            _log.warning("%s failed", callback.__name__, exc_info=True)

    return guarded


@_harmless
def on_script_load() -> None:
    """Bring the nodes up to date, see what is on disk, and collect what was still running."""
    for node in void_node.all_void_removes():
        _look_at(node)


@_harmless
def on_script_save() -> None:
    """A script that is opened runs nothing, so none says that it does."""
    for node in void_node.all_void_removes():
        _put_to_rest(node)


@_harmless
def on_script_close() -> None:
    """Stop following; the jobs go on at the server and are collected when the script is opened."""
    running.detach_all()


@_harmless
def on_destroy() -> None:
    """A deleted node follows nothing; its job goes on, since deleting can be undone."""
    node = nuke.thisNode()
    if void_node.is_void_remove(node):
        run = runs.of(node)
        if run is not None:
            run.detach()


@_harmless
def _look_at(node: nuke.Group) -> None:
    known = versions.offered(node)
    with unrecorded():
        void_node.brought_up_to_date(node)
        changed.refresh(node)
        node["status"].setValue(resting(node))
    if nuke.GUI:
        reopened.collect(node, known)


@_harmless
def _put_to_rest(node: nuke.Group) -> None:
    if runs.of(node) is not None:
        with unrecorded():
            node["status"].setValue(resting(node))


def register() -> None:
    """Have Nuke call all of this; twice is as good as once."""
    unregister()
    nuke.addOnScriptLoad(on_script_load)
    nuke.addOnScriptSave(on_script_save)
    nuke.addOnScriptClose(on_script_close)
    nuke.addOnDestroy(on_destroy, nodeClass="Group")
    nuke.addKnobChanged(changed.knob_changed, nodeClass="Group")


def unregister() -> None:
    """Have Nuke call none of it any more."""
    nuke.removeOnScriptLoad(on_script_load)
    nuke.removeOnScriptSave(on_script_save)
    nuke.removeOnScriptClose(on_script_close)
    nuke.removeOnDestroy(on_destroy, nodeClass="Group")
    nuke.removeKnobChanged(changed.knob_changed, nodeClass="Group")
