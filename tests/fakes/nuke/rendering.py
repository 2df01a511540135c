"""nuke.execute: the host renders, and until then nothing else happens."""

from __future__ import annotations

from contextlib import contextmanager

from nuke.format import FrameRange, FrameRanges
from nuke.node import Node
from nuke.strict import current, host_call


@host_call
def execute(nameOrNode, start=None, end=None, incr=1, views=None, continueOnError=False):
    """Render frames of a node, or with `FrameRanges` in place of the numbers several ranges.

    Raises:
        RuntimeError: The artist cancelled, or a frame failed.
        CancelledError: The artist cancelled, with that trap on.
    """
    if isinstance(start, FrameRanges | FrameRange):
        ranges = [start] if isinstance(start, FrameRange) else list(start)
        views, continueOnError = (end if views is None else views), bool(continueOnError)
        for one in ranges:
            _execute(nameOrNode, (one.first(), one.last(), one.increment()), views, continueOnError)
        return
    _execute(nameOrNode, (start, end, incr), views, continueOnError)


def _execute(node, frames, views, continue_on_error):
    from nuke.evaluate.execute import execute as evaluated  # needs numpy, which Nuke's users lack

    session = current()
    if not isinstance(node, Node):
        node = session.contexts.now._find(node)
    if node is None:
        raise RuntimeError("there is no such node to execute")
    if any(isinstance(one, bool) or not isinstance(one, int) for one in frames):
        raise TypeError(f"frames are whole numbers, got {frames}")
    if views is None and not session.traps.execute_renders_all_views:
        views = [session.view]
    with session.dispatches.aside(), _raw_ignored(session, node):
        evaluated(session, node, *frames, views, continue_on_error)


@contextmanager
def _raw_ignored(session, node):
    """With that trap on: the render sees ``raw`` off whatever the knob says."""
    knob = node.knob("raw")
    before = knob._value if knob is not None else None
    if session.traps.raw_is_ignored and knob is not None:
        knob._value = (False,)
    try:
        yield
    finally:
        if knob is not None:
            knob._value = before
