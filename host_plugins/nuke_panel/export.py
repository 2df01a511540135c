"""From a node's inputs to EXR frames on disk: what Nuke shows upstream, raw and in full size.

A Write stands inside the group only while it renders, one for each input. Whatever comes between,
it goes again, and proxy mode is as before. What we change leaves no undo step and no modified
script; what Nuke serves while it renders, such as another node's frames, does both as ever.

Source: Foundry, reference guide of Write (scale, channels, ``raw``, EXR controls) and Nuke Python
API 13.0, ``nuke.execute``: without ``views`` it renders all of them, and Cancel raises an error;
nukescripts.flipbooking knows that one by a text that begins with "Cancelled".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nuke

from bridge import sequence
from bridge.errors import RequestError
from bridge.sequence import listed
from host_plugins.nuke_panel.unrecorded import unrecorded
from host_plugins.run.cancelling import Cancelled
from host_plugins.run.order import Order

_DATATYPES = {"half": "16 bit half", "float": "32 bit float"}
_CANCELLED = re.compile(r"(?:[^/\\:]*:\s*)*cancel(?:l?ed|l?ing)?\b", re.IGNORECASE)
"""How what Nuke says of a cancelled render begins, behind the names of nodes."""

_CANCELLED_ERROR: type[Exception] = getattr(nuke, "CancelledError", RuntimeError)
_BUSY = "already executing"
_OR_HOLD = ", or set Missing frames on the Remove tab to Hold"


def inputs(order: Order) -> tuple[str, ...]:
    """The inputs that are exported, each as a sequence of this name."""
    return ("plate", *order.roles)


def render(node: nuke.Group, order: Order, name: str, view: str, folder: Path) -> None:
    """Write one input of a view as ``<name>.%04d.exr``; on the main thread, which it holds.

    Raises:
        Cancelled: The artist pressed Cancel in the render bar.
        RequestError: Nuke cannot render or write a frame.
    """
    file = folder / f"{name}.%0{order.padding}d.exr"
    shown, hold = view or nuke.views()[0], order.missing == "hold"
    with _full_size(), _write(node, order, name, file, shown) as write:
        try:
            # By position: the names of the arguments differ between versions.
            nuke.execute(write, order.frames.first, order.frames.last, 1, [shown], hold)
        except (RuntimeError, _CANCELLED_ERROR) as error:
            if _is_cancel(error):
                raise Cancelled from error
            raise _told(str(error), name, hold=hold) from error


def check(order: Order, name: str, folder: Path) -> None:
    """See that every frame is there that had to be.

    Raises:
        RequestError: One is not, and may not be held.
    """
    there = [sequence.frame_number(path.name) for path in folder.glob(f"{name}.*.exr")]
    frames = [number for number in there if number is not None]
    gaps = sequence.missing(frames, order.frames)
    if gaps and (order.missing == "refuse" or len(gaps) == len(order.frames)):
        raise RequestError(
            name,
            f"Nuke has not rendered frames {listed(gaps)} (wanted {order.frames})",
            f"Look at the input in a Viewer{_OR_HOLD if order.missing == 'refuse' else ''}.",
            code="missing_frames",
        )


def discard(order: Order, folder: Path) -> None:
    """Remove what was written, half-written files too."""
    for name in inputs(order):
        for path in folder.glob(f"{name}.*"):
            path.unlink(missing_ok=True)


@contextmanager
def _write(node: nuke.Group, order: Order, name: str, file: Path, view: str) -> Iterator[nuke.Node]:
    with unrecorded(), node:
        write = nuke.nodes.Write(name=f"void_export_{name}")
    try:
        with unrecorded():
            write.setInput(0, node.node(name))
            _set_up(write, order, name, file, view)
        yield write
    finally:
        with unrecorded():
            nuke.delete(write)


def _set_up(write: nuke.Node, order: Order, name: str, file: Path, view: str) -> None:
    # In this order: a file type brings the knobs of its own along.
    write["file"].setValue(file.as_posix())
    write["file_type"].setValue("exr")
    write["channels"].setValue("rgb" if name == "plate" else "alpha")
    write["raw"].setValue(True)
    write["datatype"].setValue(_DATATYPES[order.datatype])
    write["compression"].setValue("Zip (1 scanline)")
    write["autocrop"].setValue(False)
    write["metadata"].setValue("default metadata")
    write["create_directories"].setValue(True)
    write["views"].setValue(view)


@contextmanager
def _full_size() -> Iterator[None]:
    """A Write renders at the scale that is switched on; results are for the full one."""
    knob = nuke.root()["proxy"]
    before = knob.value()
    with unrecorded():
        knob.setValue(False)
    try:
        yield
    finally:
        with unrecorded():
            knob.setValue(before)


def _is_cancel(error: Exception) -> bool:
    """Whether it is the artist's Cancel: by its class, or by how its text begins."""
    if _CANCELLED_ERROR is not RuntimeError and isinstance(error, _CANCELLED_ERROR):
        return True
    return _CANCELLED.match(str(error).strip()) is not None


def _told(said: str, name: str, *, hold: bool = False) -> RequestError:
    """What came of a render that Nuke gave up: its own words, without a traceback."""
    first = next((line.strip() for line in said.splitlines() if line.strip()), "no reason given")
    busy = _BUSY in first
    return RequestError(
        f"input {name}",
        f"Nuke is busy with another render ({first.rstrip('.')})"
        if busy
        else f"Nuke cannot render it: {first.rstrip('.')}",
        "Wait until it is done."
        if busy
        else f"Look at the input in a Viewer{'' if hold else _OR_HOLD}, and run again.",
        code="host_busy" if busy else "render",
    )
