"""Where a node's results and exported frames lie, and what they are called."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from pathlib import Path
from typing import cast

import nuke

from bridge import sequence
from bridge.errors import RequestError
from bridge.user_path import user_path
from host_plugins.run.order import Purpose

_VERSION = re.compile(r"[._-]?v\d+$", re.IGNORECASE)
# What a file knob of Nuke reads as something else: TCL, frame and view patterns.
_READ_BY_NUKE = re.compile(r"[\[\]$%#]")
_FRAME = re.compile(r"%\d*d|#")
_SCRIPT_NAME = "root.name"
_DIGITS = 6
"""Of the digest that tells names apart of which little is left; one in 16 million is the same."""


def name_of(node: nuke.Node) -> str:
    """What the node's results are called: ``sh010_comp_VoidRemove1`` in sh010_comp_v003.nk.

    The script's version is left out, so that a script that is versioned up finds its results. Where
    not every character is one for a file's name, a few digits keep it apart from others.
    """
    script = Path(_script()).name
    base = _VERSION.sub("", Path(script).stem)
    own = node.fullName().replace(".", "_")
    # The same file's name comes composed from one system and decomposed from another.
    meant = unicodedata.normalize("NFC", f"{base}_{own}" if base else own)
    legal = sequence.shot_name(f"{meant}.exr")
    return legal if legal == meant else f"{legal}_{_digits(meant)}"


def results(node: nuke.Node, purpose: Purpose = "remove") -> Path:
    """The folder that gets the version folders.

    Raises:
        RequestError: The script has to be saved first, or the folder's name will not do.
    """
    knob = cast("nuke.File_Knob", node["results_dir"])
    if not _script() and _SCRIPT_NAME in str(knob.value()):
        raise RequestError(
            "script",
            "it is not saved, and the results belong beside it",
            "Save it first, or choose a results folder in the Advanced tab.",
            code="unsaved_script",
        )
    typed = _evaluated(knob)
    # A knob that holds a frame pattern has put the current frame's number in its place by now.
    if not typed or _READ_BY_NUKE.search(typed) or _FRAME.search(str(knob.value())):
        raise _refused(
            f"Nuke cannot read it back (expected a path without [ ] $ % #, got '{typed}')"
        )
    folder = user_path(typed, subject="results folder")
    return folder / "previews" if purpose == "preview" else folder


def exports(node: nuke.Node) -> Path:
    """The folder of the node's exported frames, apart from those of other scripts beside this one.

    Raises:
        RequestError: As for `results`.
    """
    return results(node) / ".export" / name_of(node)


def check_writable(folder: Path) -> None:
    """Refuse a folder that cannot be made or written; nothing is made yet.

    Raises:
        RequestError: It is a file, or lies where nothing may be written.
    """
    standing = next(path for path in (folder, *folder.parents) if path.exists())
    if not standing.is_dir() or not os.access(standing, os.W_OK):
        wrong = "it is no folder" if not standing.is_dir() else "nothing can be written there"
        raise _refused(f"{wrong} (got '{standing}')")


def _digits(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]


def _evaluated(knob: nuke.File_Knob) -> str:
    """What the knob says once Nuke has put in what stands in brackets."""
    try:
        return str(knob.evaluate() or "").strip()
    except RuntimeError as error:
        said = str(error).strip().partition("\n")[0]
        raise _refused(f"Nuke cannot make a path of it ({said}; got '{knob.value()}')") from error


def _refused(wrong: str) -> RequestError:
    return RequestError(
        "results folder", wrong, "Choose another in the Advanced tab.", code="results_dir"
    )


def _script() -> str:
    """The script's file; "" while it is not saved."""
    return str(nuke.root()["name"].value() or "")
