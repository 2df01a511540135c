"""Which Qt there is: PySide6, PySide2 or none. Finding out loads neither."""

from __future__ import annotations

import importlib.util
import sys

_BINDINGS = ("PySide6", "PySide2")
"""Newest first.

Source: Foundry, Nuke 16 release notes and Q100715: PySide6 from Nuke 16 on, PySide2 before.
"""


def binding() -> str:
    """The binding to use, or "" when there is none.

    One that is loaded already wins: two Qts in one process end in a crash.
    """
    for name in _BINDINGS:
        if sys.modules.get(name) is not None:
            return name
    return next((name for name in _BINDINGS if importlib.util.find_spec(name)), "")
