"""The Read node: frames outside its range, frames that are not there, and its file's name."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from nuke.evaluate import files
from nuke.evaluate.picture import RGBA, Picture, black
from nuke.tcl import substituted

CHECKER = 8
"""Side of a square in place of a frame that is not there, pixels."""


def read_picture(node, frame, view, size):
    """What a Read shows.

    Args:
        node: The Read.
        frame: Frame asked for.
        view: View asked for.
        size: Black of the script's format, for a Read that has no file at all.

    Raises:
        RuntimeError: The frame is not there and ``on_error`` is ``error``.
    """
    pattern = file_pattern(node, "file")
    number = _in_range(node, frame)
    if number is None:
        return _black_frame(node, pattern, view, size)
    path = files.frame_path(pattern, number, view)
    if not path.is_file():
        return _missing(node, pattern, path, number, view, size)
    picture = files.read(path)
    return _with_alpha(picture) if node.knob("auto_alpha").value() else picture


def file_pattern(node, knob):
    """The text of a file knob with its TCL done, frame number and view still open."""
    return substituted(node.knob(knob).value(), lambda name: _value(node, name))


def format_of(node, view):
    """Display window and pixel aspect of a Read's first frame that is there, else None."""
    path = _any_frame(node, file_pattern(node, "file"), view)
    return files.windows(path)[1:] if path else None


def _value(node, name):
    owner, _, knob = name.rpartition(".")
    owners = {"": node, "this": node, "parent": node.parent(), "root": node.rootNode()}
    return str(owners[owner].knob(knob).value())


def _in_range(node, frame):
    """The number to read for a frame, None for black."""
    first, last = int(node.knob("first").value()), int(node.knob("last").value())
    if first <= frame <= last:
        return frame
    mode = node.knob("before" if frame < first else "after").value()
    if mode == "black":
        return None
    if mode == "hold":
        return first if frame < first else last
    length = last - first + 1
    if mode == "loop":
        return first + (frame - first) % length
    step = (frame - first) % max(2 * (length - 1), 1)
    return first + (step if step < length else 2 * (length - 1) - step)


def _missing(node, pattern, path, number, view, size):
    choice = node.knob("on_error").value()
    if choice == "error":
        raise RuntimeError(f"{node.name()}: {path.as_posix()}: No such file or directory")
    nearest = _nearest(node, pattern, number, view)
    if choice == "nearest frame" and nearest:
        return files.read(nearest)
    empty = _black_frame(node, pattern, view, size)
    return empty if choice == "black" else _checkered(empty)


def _black_frame(node, pattern, view, size):
    path = _any_frame(node, pattern, view)
    if not path:
        return size
    display, aspect = files.windows(path)[1:]
    picture = black(display, aspect).over(display)
    zeros = np.zeros((display.height, display.width), np.float32)
    return replace(picture, channels=dict.fromkeys(RGBA, zeros))


def _checkered(picture):
    rows, columns = np.indices((picture.data.height, picture.data.width))
    squares = ((rows // CHECKER + columns // CHECKER) % 2).astype(np.float32)
    return picture.with_channels(dict.fromkeys(RGBA, squares))


def _any_frame(node, pattern, view):
    return _nearest(node, pattern, int(node.knob("first").value()), view)


def _nearest(node, pattern, number, view):
    if not re.search(r"%0?\d*d|#", pattern):
        path = files.frame_path(pattern, number, view)
        return path if path.is_file() else None
    first, last = int(node.knob("first").value()), int(node.knob("last").value())
    for found in sorted(range(first, last + 1), key=lambda frame: abs(frame - number)):
        path = files.frame_path(pattern, found, view)
        if path.is_file():
            return path
    return None


def _with_alpha(picture: Picture):
    if "rgba.alpha" in picture.channels:
        return picture
    return picture.with_channels(
        {"rgba.alpha": np.ones_like(next(iter(picture.channels.values())))}
    )
