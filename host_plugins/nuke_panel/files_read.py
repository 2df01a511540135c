"""What is known of the files that a node reads, so that a frame rendered again is noticed.

A Read tells name, time and size of a frame's file itself, and for an EXR that Nuke wrote the hash
of what it was made of. It is asked itself, since a Merge passes on the facts of one input alone.
Where it tells no time, and for frames that are shown at other times by a retime further down, the
disk is looked at, from the run's thread.

Source: Foundry, Nuke Python developer's guide 8.0, Metadata: ``input/mtime``, ``input/filesize``;
exrReader.cpp and exrWriter.cpp of the NDK examples: ``nuke/node_hash`` is an attribute of the file,
written from the hash of a Write's inputs, and no reader of other files has it.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
from collections.abc import Sequence
from functools import partial

import nuke

from bridge.sequence import FrameRange
from host_plugins.nuke_panel.main_thread import on_main
from host_plugins.nuke_panel.pieces import answers

_WRITTEN = "input/mtime"
_MORE = ("input/filename", "input/filesize", "nuke/node_hash")
_KNOBS = ("file", "vfield_file")
"""Of Reads, cameras, geometry, colour transforms; of a Vectorfield."""

_READS = frozenset({"Read", "DeepRead"})
_VIEW = re.compile(r"%[vV]")
"""What a name has for the view; evaluated by itself it becomes that of the artist's viewer."""

_MANY = re.compile(r"%\d*d|#|\[")
"""What a name has that is not the same for all frames."""


def has_files(node: nuke.Node) -> bool:
    """Whether a node reads files; on the main thread."""
    writes = node.knob("reading")
    return bool(_pattern(node)) and (writes is None or bool(writes.value()))


def told(node: nuke.Node, frames: FrameRange, view: str) -> str:
    """What is known of a node's files for these frames; from any thread.

    Of a Read about whose files nothing can be told at all, the text is unlike any other.

    Args:
        node: A node that `has_files`.
        frames: The frames that are exported.
        view: The view that is exported.

    Raises:
        ValueError: The node was deleted meanwhile.
    """
    said = answers(partial(_said, node, view), tuple(frames))
    silent = [frame for frame, text in zip(frames, said, strict=True) if not text]
    beyond = [frame for frame in on_main(_own_frames, node) if frame not in frames]
    names = answers(partial(_name, node), [*silent, *beyond])
    looked = [_on_disk(name) for name in dict.fromkeys(names) if name]
    if on_main(_is_read, node) and not any((*said, *looked)):
        looked.append(secrets.token_hex())
    return repr((said, list(dict.fromkeys(names)), looked))


def _is_read(node: nuke.Node) -> bool:
    return node.Class() in _READS


def _pattern(node: nuke.Node) -> str:
    knobs = (node.knob(name) for name in _KNOBS)
    return next((str(knob.value() or "") for knob in knobs if knob is not None), "")


def _said(node: nuke.Node, view: str, frame: int) -> str:
    """What the node tells of its own file; "" where it tells nothing."""
    if node.inputs():  # what it tells is of their files
        return ""
    written = node.metadata(_WRITTEN, frame, view)
    if written is None:
        return ""
    return repr([written, *(node.metadata(key, frame, view) for key in _MORE)])


def _own_frames(node: nuke.Node) -> Sequence[int]:
    """All that a node has frames for, a file each; none where it does not say."""
    if not _MANY.search(_pattern(node)):
        return ()
    ends = [node.knob(name) for name in ("first", "last")]
    if None in ends:
        return ()
    first, last = (int(knob.value()) for knob in ends if knob is not None)
    return range(first, last + 1)


def _name(node: nuke.Node, frame: int) -> str:
    """The file of a frame as the knob says it; "" where that cannot be known."""
    knobs = (node.knob(name) for name in _KNOBS)
    knob = next((one for one in knobs if isinstance(one, nuke.EvalString_Knob)), None)
    if knob is None or _VIEW.search(_pattern(node)):
        return ""
    try:
        return str(knob.evaluate(frame) or "")
    except RuntimeError:
        return ""


def _on_disk(name: str) -> str:
    """Size in bytes and time in nanoseconds of a file; "" where there is none."""
    try:
        found = os.stat(name)  # noqa: PTH116 - a name as Nuke has it
    except (OSError, ValueError):
        return ""
    return f"{found.st_size} {found.st_mtime_ns}" if stat.S_ISREG(found.st_mode) else ""
