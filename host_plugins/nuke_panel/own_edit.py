"""Edits of ours, which the callback of changed knobs must not take for the artist's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_ours: ContextVar[bool] = ContextVar("void_own_edit", default=False)


@contextmanager
def own_edit() -> Iterator[None]:
    """Nothing follows from the knobs that are set inside.

    Source: from ``nuke.addKnobChanged`` on (Nuke Python API 17.1) changes by Python are told too.
    """
    before = _ours.set(True)
    try:
        yield
    finally:
        _ours.reset(before)


def is_own_edit() -> bool:
    """Whether it is us who set a knob just now."""
    return _ours.get()
