"""Fixtures of the fake Nuke: a session for each test, looked over when the test is done."""

from __future__ import annotations

import os
import sys
import threading

import pytest

PATIENCE = 5.0
"""Seconds that a worker thread may take to notice that a test is over."""

_PANEL = "host_plugins.nuke_panel"


def _ours():
    """Worker threads of the plug-in that are still alive."""
    return [one for one in threading.enumerate() if one.name.startswith("void-")]


def _forget_panel():
    """Have the next test import the panel's modules anew."""
    for name in [one for one in sys.modules if one == _PANEL or one.startswith(f"{_PANEL}.")]:
        del sys.modules[name]


@pytest.fixture
def start():
    """Starts other sessions, e.g. ``start(gui=False)``; the one before it is looked over first."""
    import nuke

    environment = dict(os.environ)
    for name in ("VOID_SERVER", "VOID_OCIO"):
        os.environ.pop(name, None)
    _forget_panel()
    sessions = []

    def make(**how):
        if sessions:
            look_over(sessions[-1])
        sessions.append(nuke.fake.start(**how))
        return sessions[-1]

    yield make
    try:
        if sessions:
            look_over(sessions[-1])
    finally:
        if sessions:
            sessions[-1].end()
        _forget_panel()
        # What runs inside a host may set variables of that process, which here is the tests' own.
        os.environ.clear()
        os.environ.update(environment)


@pytest.fixture
def session(start):
    """A fresh Nuke 16 with a GUI."""
    return start()


@pytest.fixture
def nuke(session):
    """The module ``nuke`` of that session."""
    import nuke

    return nuke


def look_over(session, patience=PATIENCE):
    """Let worker threads come to their end, then see what the host would not have forgiven.

    Raises:
        AssertionError: A thread lives on, or `Session.check` has found something.
    """
    session.pump(until=lambda: not _ours(), timeout=patience)
    session.pump()
    session.check()
