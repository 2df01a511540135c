"""What a panel says of an error: the same words as everywhere, but advice for a panel."""

from __future__ import annotations

from bridge.errors import VoidError

_HINTS = {
    "frames_missing": "Collect again to fetch only these.",
    "no_such_job": "Refresh the list: it is gone from the server.",
    "would_overwrite": "Move it away, or collect into another folder.",
}
"""What to do, where the error's own advice is for the command line."""


def said(error: VoidError) -> str:
    """What is wrong and what to do; an option of the command line is no advice in a panel."""
    hint = _HINTS.get(error.code, "" if "--" in error.hint else error.hint)
    return f"{error.subject}: {error.text}. {hint}".rstrip()


def details(error: VoidError) -> str:
    """For a longer look: the name that the documentation has for it, and who can do something."""
    who = {"request": "you", "server": "whoever runs the server", "connection": "it may pass"}
    return f"code {error.code} ({who.get(error.kind, 'a fault of this program')})"
