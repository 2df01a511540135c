"""What the main thread is busy with: whose callback it is, and for how long."""

from __future__ import annotations

import time
import traceback
from contextlib import contextmanager


class Dispatches:
    """Every piece of work that the main thread does for the plug-in, timed.

    Attributes:
        blocked: Seconds of each, less the time inside nuke.execute and dialogs.
        longest: The longest of them, and what it was.
    """

    def __init__(self):
        self.blocked: list[float] = []
        self.longest = (0.0, "")
        self._running: list[list[float] | None] = []
        self._this = []

    @property
    def this(self):
        """The node and knob whose turn it is, or None."""
        return self._this[-1] if self._this else None

    @contextmanager
    def timed(self, what):
        """One dispatch; one inside another belongs to the outer one."""
        if self._running and self._running[-1] is not None:
            yield
            return
        spared = [0.0]
        self._running.append(spared)
        start = time.perf_counter()
        try:
            yield
        finally:
            self._running.pop()
            seconds = time.perf_counter() - start - spared[0]
            self.blocked.append(seconds)
            self.longest = max(self.longest, (seconds, what))

    @contextmanager
    def aside(self):
        """Time that the host itself takes: a render, a dialog."""
        start = time.perf_counter()
        self._running.append(None)
        try:
            yield
        finally:
            self._running.pop()
            if (outer := next((one for one in reversed(self._running) if one), None)) is not None:
                outer[0] += time.perf_counter() - start

    @contextmanager
    def of(self, node, knob=None):
        """What thisNode and thisKnob say in the block."""
        self._this.append((node, knob))
        try:
            yield
        finally:
            self._this.pop()


def dispatched(session, what, call, *, node=None, knob=None, group=None):
    """Do something as the host does: in a context, timed, and with all groups closed after it."""
    depth = session.contexts.depth()
    with session.dispatches.timed(what), session.dispatches.of(node or session.root, knob):
        if group is not None:
            session.contexts.push(group)
        try:
            return call()
        finally:
            if group is not None and session.contexts.now is group:
                session.contexts.pop(group)
            session.contexts.check(depth, what)


def printed_errors(session, what, call, **context):
    """The same for what the host calls by itself: an exception is printed, and that is all."""
    try:
        return dispatched(session, what, call, **context)
    except Exception:
        session.tracebacks.append(traceback.format_exc())
        return None
