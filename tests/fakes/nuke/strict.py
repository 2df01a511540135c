"""The gate of every call into the fake: the right thread, and a thing that is still there."""

from __future__ import annotations

import functools
import threading
from contextlib import contextmanager

NOT_ATTACHED = "A PythonObject is not attached to a node"
"""What Nuke says, as a ValueError, of a node that was deleted or whose script is closed."""


class HostHang(RuntimeError):
    """The real application would wait for ever here."""


class _Current:
    """The one session that is on; tests start their own, plain imports get one of their own."""

    def __init__(self):
        self.session = None


_current = _Current()


def current():
    """The session that is on."""
    if _current.session is None:
        from nuke.fake import start

        start()
    return _current.session


def become(session):
    """Make this the session that is on; None for none."""
    _current.session = session


def is_on(session):
    return _current.session is session


def fault(text, kind=RuntimeError):
    """Note what the real application would not survive, and raise it; swallowed, it still shows."""
    current().faults.append(text)
    raise kind(text)


def on_main(what):
    """Raise off the main thread, where a call into Nuke is a crash in waiting."""
    if threading.current_thread() is not threading.main_thread():
        fault(f"{what} was called in the thread {threading.current_thread().name}")


def host_call(function):
    """A function of the module that may only be called on the main thread."""

    @functools.wraps(function)
    def guarded(*args, **kwargs):
        on_main(f"nuke.{function.__name__}")
        return function(*args, **kwargs)

    return guarded


class HostObject:
    """Something that Python holds and Nuke owns: every public name of it passes the gate."""

    def __getattribute__(self, name):
        if not name.startswith("_"):
            on_main(f"{type(self).__name__}.{name}")
            object.__getattribute__(self, "_living")()
        return object.__getattribute__(self, name)

    def _living(self):
        """Raise if it is gone."""

    def _gate(self, name):
        """The same for what Python looks up by itself, such as ``node["name"]``."""
        on_main(f"{type(self).__name__}.{name}")
        self._living()


@contextmanager
def restored(names, **values):
    """Entries of a dict for the length of a block."""
    before = {name: names[name] for name in values if name in names}
    names.update(values)
    try:
        yield
    finally:
        for name in values:
            names.pop(name, None)
        names.update(before)
