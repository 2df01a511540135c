"""Functions that Nuke calls: when knobs change, scripts load, nodes come and go."""

from __future__ import annotations

import functools

from nuke.dispatch import printed_errors
from nuke.group import Group
from nuke.knob import KNOB_CHANGED_RECURSIVE
from nuke.strict import current, host_call
from nuke.text_knobs import String_Knob

EVENTS = {
    "OnUserCreate": "*",
    "OnCreate": "*",
    "OnDestroy": "*",
    "OnScriptLoad": "Root",
    "OnScriptSave": "Root",
    "OnScriptClose": "Root",
    "KnobChanged": "*",
    "UpdateUI": "*",
    "Autolabel": "*",
    "BeforeRender": "Write",
    "AfterRender": "Write",
    "BeforeFrameRender": "Write",
    "AfterFrameRender": "Write",
}
"""Events by name, with the class of node that a callback is for unless it says another."""


class Callbacks:
    """What was registered, and the calling of it."""

    def __init__(self, session):
        self._session = session
        self._changing = set()
        self.registered = {event: [] for event in EVENTS}

    def call(self, event, node, knob=None):
        """Call what is registered for this class of node, then what is for all of them."""
        found = [one for one in self.registered[event] if one[3] == node._class]
        found += [one for one in self.registered[event] if one[3] == "*"]
        for function, args, kwargs, _, only in found:
            if only is None or only is node:
                call = functools.partial(function, *args, **kwargs)
                what = f"{event} of {node._label}"
                group = node if isinstance(node, Group) else node._parent
                printed_errors(self._session, what, call, node=node, knob=knob, group=group)

    def knob_changed(self, node, knob):
        """Tell of a knob, or by name of one that stands for something else, as ``inputChange``."""
        if isinstance(knob, str):
            knob = String_Knob(knob)
            knob._node = node
        if node in self._changing and not knob._flags & KNOB_CHANGED_RECURSIVE:
            return
        self._changing.add(node)
        try:
            self.call("KnobChanged", node, knob)
        finally:
            self._changing.discard(node)

    def clear(self):
        """As on a machine where nobody has registered anything."""
        for registered in self.registered.values():
            registered.clear()


def _add(event, usual_class):
    def add(call, args=(), kwargs=None, nodeClass=usual_class, node=None):
        if not callable(call):
            raise ValueError("call must be a callable")
        entry = (call, args if type(args) is tuple else (args,), kwargs or {}, nodeClass, node)
        registered = current().callbacks.registered[event]
        if entry in registered:
            registered.remove(entry)
        registered.append(entry)

    add.__name__ = f"add{event}"
    return host_call(add)


def _remove(event, usual_class):
    def remove(call, args=(), kwargs=None, nodeClass=usual_class, node=None):
        entry = (call, args if type(args) is tuple else (args,), kwargs or {}, nodeClass, node)
        registered = current().callbacks.registered[event]
        if entry in registered:
            registered.remove(entry)

    remove.__name__ = f"remove{event}"
    return host_call(remove)


FUNCTIONS = {
    f"{verb}{event}": make(event, usual)
    for event, usual in EVENTS.items()
    for verb, make in (("add", _add), ("remove", _remove))
}
"""addOnCreate, removeOnCreate and so on."""
