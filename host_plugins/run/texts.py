"""What the artist reads when something goes wrong, by the error's code.

An error says what is wrong in the same words everywhere. What to do about it is another matter:
the command line names its options, a node names its knobs. Here are the node's words.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable

from bridge.errors import ServerError, VoidError
from bridge.settings import variable
from host_plugins.run.problems import Problems

LOG = "void"
"""Name of the logger that gets the whole of what was not expected."""

UNCHANGED = "Your script was not changed."

_SENTENCES = {
    "no_plate": 'Connect a plate to input "plate".',
    "no_matte": 'Connect a matte to input "remove". White = remove.',
    "unsaved_script": "Save the script first, or choose a results folder in Advanced.",
}
"""Errors that are said whole in one sentence."""

_HINTS = {
    "changed": f"Press the button again. {UNCHANGED}",
    "colorspace": "Name the plate's colour space in the Advanced tab, e.g. ACEScg.",
    "device_memory": "Try quality draft, a smaller model size, or another server.",
    "empty_matte": "Check the roto's frame range and that it writes alpha.",
    "frames_missing": "Press the button again to fetch only these.",
    "in_use": "Wait until that is done, then choose the version in the Result tab.",
    "incomplete": "Press the button again to make only these.",
    "matte_size": "Reformat one of them; nothing was resized for you.",
    "missing_frames": 'Render them, or set "Missing frames" to Hold in the Remove tab.',
    "not_writable": "Choose another results folder in Advanced.",
    "out_of_memory": "Try quality draft, a shorter range, or a server with more memory.",
    "outside_roots": 'Set "Transport" to Auto or Stream in the Server tab, or start the server '
    "with --roots.",
    "protocol_version": "Update the older one: the same version of void-bridge belongs on both "
    f"sides. {UNCHANGED}",
    "would_overwrite": "Move it away and press the button again.",
}
"""What to do, where the error's own advice is not for somebody at a node."""


def told(error: VoidError) -> str:
    """What the artist reads: what happened, what to do, and the code to look it up by.

    Several problems get a line each.
    """
    if isinstance(error, Problems):
        return "\n".join(map(told, error.errors))
    return coded(_said(error), error.code)


def coded(text: str, code: str) -> str:
    """A text that ends with an error's code, under which the documentation says more."""
    return f"{text} [{code}]"


def unexpected(error: BaseException) -> VoidError:
    """The error for what nobody foresaw: one line for the artist, all of it for the log."""
    logging.getLogger(LOG).error("a run ended unexpectedly", exc_info=error)
    said = " ".join(str(error).split())
    return ServerError(
        "VOID",
        f"something unexpected happened ({type(error).__name__}{': ' if said else ''}{said})",
        f"The details are in {_where()}.",
        code="unexpected",
    )


def _said(error: VoidError) -> str:
    if error.code in _SENTENCES:
        return _SENTENCES[error.code]
    if error.code in _PHRASED:
        return _PHRASED[error.code](error)
    if error.code in _HINTS:
        return f"{error.subject}: {error.text}. {_HINTS[error.code]}"
    if "--" in error.hint and not isinstance(error, ServerError):
        # It names options of the command line, which a node does not have; an operator has them.
        return f"{error.subject}: {error.text}."
    return str(error)


def _unreachable(error: VoidError) -> str:
    """Where the environment names the server, the node's address has no say."""
    server = error.subject.removeprefix("server ")
    for_all = variable("server")
    address = (
        f"correct {for_all}, which wins over the Server tab"
        if os.environ.get(for_all)
        else "set the address in the Server tab"
    )
    return (
        f"Can't reach the VOID server at {server}. Start it with void-server, or {address}. "
        f"{UNCHANGED}"
    )


def _where() -> str:
    """The log's file if it has one; else Python writes it to where the host was started."""
    for handler in (*logging.getLogger(LOG).handlers, *logging.getLogger().handlers):
        file = getattr(handler, "baseFilename", "")
        if file:
            return str(file)
    return f'the log "{LOG}", in the terminal or console of this program'


def _full(error: VoidError) -> str:
    """Whose disk it is decides who makes room."""
    here = "Make room, or choose another results folder in Advanced"
    there = "Have room made on the server (void purge)"
    who = there if isinstance(error, ServerError) else here
    return (
        f"{error.subject}: {error.text}. {who}. Finished frames are kept; press the button again "
        "to go on."
    )


_PHRASED: dict[str, Callable[[VoidError], str]] = {
    "disk_full": _full,
    "server_down": _unreachable,
}
