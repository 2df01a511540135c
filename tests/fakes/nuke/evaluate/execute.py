"""nuke.execute: the frames of a Write, as EXR files."""

from __future__ import annotations

from contextlib import contextmanager

import numpy as np

import nuke
from nuke import upstream
from nuke.evaluate import files, graph, reading
from nuke.evaluate.picture import named
from nuke.strict import current

VIEW_GAMMA = np.float32(1 / 2.2)
"""Stands for the transform that a Write without ``raw`` puts on: any that can be seen will do."""

_DEFAULTS = {"datatype": "16 bit half", "compression": "Zip (1 scanline)"}
"""Of the EXR writer, for a Write that tells its file type only by the file's name."""


def execute(session, node, first, last, incr, views, continue_on_error):
    """Write frames, as the host does it: all views when none is named, at the script's scale.

    Args:
        session: The fake's session; at ``cancel_execute_at`` the artist stops it.
        node: A Write, or its name.
        first: First frame.
        last: Last frame, inclusive.
        incr: Step from frame to frame.
        views: Names of views, or None for all of the script.
        continue_on_error: Leave a frame out that cannot be rendered instead of raising.

    Raises:
        RuntimeError: Nested, no Write, a frame that cannot be read or written, or cancelled.
        CancelledError: Cancelled, in hosts that have a class for it.
    """
    write = nuke.toNode(node) if isinstance(node, str) else node
    if write is None or write.Class() != "Write":
        raise RuntimeError(f"{node} is not an executable node")
    frames = range(first, last + 1, incr)
    with _alone(session):
        for frame in frames:
            _stop_at(session, frame, frames)
            for view in views or nuke.views():
                _execute_frame(write, frame, view, continue_on_error)


@contextmanager
def _alone(session):
    if session.executing:
        raise RuntimeError("I'm already executing something else")
    session.executing = True
    try:
        yield
    finally:
        session.executing = False


def _stop_at(session, frame, frames):
    if session.cancel_execute_at is not None and frame >= session.cancel_execute_at:
        session.cancel_execute_at = None
        if session.traps.cancel_has_its_own_class:
            raise nuke.CancelledError
        counted = f"Cancelled {frames.index(frame)} of {len(frames)} frames"
        raise RuntimeError(counted if session.traps.cancel_counts_frames else "Cancelled")


def _execute_frame(write, frame, view, continue_on_error):
    if write.knob("disable").value():
        return
    try:
        picture = graph.picture(write.input(0), frame, view)
    except RuntimeError:
        if continue_on_error:
            return
        raise
    _write_frame(write, picture, frame, view)


def _write_frame(write, picture, frame, view):
    path = files.frame_path(reading.file_pattern(write, "file"), frame, view)
    _check_target(write, path)
    if nuke.root().knob("proxy").value():
        picture = picture.halved()
    if current().traps.raw_is_ignored or not write.knob("raw").value():
        picture = _viewed(picture)
    if _set(write, "autocrop"):
        picture = _cropped(picture)
    files.write(
        path,
        picture,
        named(write.knob("channels").value(), picture.channels),
        datatype=_set(write, "datatype"),
        compression=_set(write, "compression"),
        header=_header(write, picture, frame),
    )


def _set(write, name):
    """A knob of the EXR writer; it is only there once the file type is chosen."""
    knob = write.knob(name)
    return knob.value() if knob else _DEFAULTS.get(name)


def _check_target(write, path):
    if path.suffix != ".exr" or write.knob("file_type").value().strip() not in ("", "exr"):
        raise RuntimeError(f"{write.name()}: the fake writes EXR, not {path.name}")
    if not path.parent.is_dir():
        if not write.knob("create_directories").value():
            raise RuntimeError(f"{write.name()}: {path.parent.as_posix()}: No such directory")
        path.parent.mkdir(parents=True)


def _viewed(picture):
    changed = {
        name: np.sign(plane) * np.abs(plane) ** VIEW_GAMMA
        for name, plane in picture.channels.items()
        if name != "rgba.alpha"
    }
    return picture.with_channels(changed)


def _cropped(picture):
    """The least window that holds everything that is not 0."""
    filled = np.any([plane != 0 for plane in picture.channels.values()], axis=0)
    rows, columns = np.nonzero(filled)
    if not rows.size:
        return picture
    left, top = picture.data.left, picture.data.top
    edges = (left + columns.min(), top + rows.min(), left + columns.max(), top + rows.max())
    return picture.over(picture.data._make(int(edge) for edge in edges))


def _header(write, picture, frame):
    """Attributes by the Write's ``metadata``: none, the writer's own, or the plate's as well."""
    choice = _set(write, "metadata") or "default metadata"
    if choice == "no metadata":
        return {}
    own = {
        "nuke/version": nuke.NUKE_VERSION_STRING,
        "nuke/node_hash": upstream.hash_of(write.input(0), frame),
    }
    if not choice.startswith("all metadata"):
        return own
    texts = {f"nuke/{key}": value for key, value in picture.metadata.items()}
    return {**own, **{key: value for key, value in texts.items() if isinstance(value, str)}}
