"""One removal without anybody watching, so that any farm can run it.

::

    nuke -t <install>/void/farm.py SCRIPT NODE [RANGE] [--server tcp://HOST:PORT] [--save]

It runs in Nuke's terminal mode and on its main thread; nothing is asked and no dialog opens. It is
a file and not a module of Nuke's Python, since Nuke's own ``-m`` is a number of threads.

Exit codes: 0 done, 1 the server's side failed, 2 what the caller can mend, 130 cancelled. Ctrl-C
and SIGTERM cancel the job at the server and keep the frames that are finished; a second one ends
the process at once.

Source: Nuke 15.0 Python developers' guide, "Using the Command-line"; the user guide's command line
operations for ``-m``.
"""

from __future__ import annotations

import os
import signal
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

import nuke

from bridge.errors import RequestError, VoidError
from bridge.sequence import FrameRange, listed
from host_plugins.nuke_panel import frame_range
from host_plugins.nuke_panel import node as void_node
from host_plugins.nuke_panel.command_line import INTERRUPTED, complain, parsed, say
from host_plugins.nuke_panel.host import NukeHost
from host_plugins.run.progress import Ending
from host_plugins.run.removal import Removal

_RANGE_KNOBS = ("range_mode", "first_frame", "last_frame")


def main(argv: Sequence[str]) -> int:
    """Run one node's removal; the exit code says how it went.

    Args:
        argv: ``sys.argv``, with or without the name of the file that Nuke runs.
    """
    given = parsed(_parser(), argv)
    if isinstance(given, int):
        return given
    try:
        return _rendered(given)
    except VoidError as error:
        complain(error)
        return error.exit_code


def exit_code(ending: Ending) -> int:
    """How a run's end is said to a farm; a job that nobody follows any more did not bring all."""
    if ending.end == "done":
        return 0
    if ending.end == "cancelled":
        return INTERRUPTED
    return 1 if ending.error is None else ending.error.exit_code


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="nuke -t farm.py",
        description="Runs the removal of one VoidRemove node and waits for its frames.",
        allow_abbrev=False,
    )
    parser.add_argument("script", metavar="SCRIPT", help="the .nk file")
    parser.add_argument("node", metavar="NODE", help="name of the node, e.g. VoidRemove1")
    parser.add_argument(
        "range", metavar="RANGE", nargs="?", help="1001-1048, instead of the node's own frames"
    )
    parser.add_argument("--server", metavar="TCP", help="address that wins over the node's")
    parser.add_argument(
        "--save", action="store_true", help="save the script with the result attached"
    )
    return parser


def _rendered(given: Namespace) -> int:
    script = Path(given.script).absolute()
    frames = None if given.range is None else FrameRange.parse(given.range)
    if given.server:
        os.environ["VOID_SERVER"] = given.server
    _open(script)
    as_opened = _state(script)
    node = _found(given.node)
    with _frames_of(node, frames):
        with suppress(VoidError):  # the run says it, with all else that is wrong
            say(f"{script.name} {given.node}: frames {frame_range.wanted(node)}")
        removal = Removal(NukeHost(node), "remove")
        with _signals_cancel(removal):
            ending = removal.run()
    _tell(ending)
    if ending.landings:
        if given.save:
            _save(script, as_opened)
        else:
            _say_how_to_see(script, given.node, ending)
    return exit_code(ending)


def _open(script: Path) -> None:
    if not script.is_file():
        raise RequestError(
            f"script {script}",
            "there is no such file",
            "Pass the path of the .nk file as this machine sees it.",
            code="no_script",
        )
    try:
        nuke.scriptOpen(script.as_posix())
    except RuntimeError as error:
        raise RequestError(
            f"script {script}",
            f"Nuke cannot open it ({_first_line(error)})",
            "Open it in Nuke and see what it lacks.",
            code="bad_script",
        ) from error


def _found(name: str) -> nuke.Group:
    node = nuke.toNode(name)
    if isinstance(node, nuke.Group) and void_node.is_void_remove(node):
        return node
    there = ", ".join(found.fullName() for found in void_node.all_void_removes()) or "none"
    wrong = "there is no such node" if node is None else f"it is a {node.Class()}"
    raise RequestError(
        f"node {name}",
        f"{wrong} (expected a VoidRemove; in this script: {there})",
        "Pass the node's name, with its group's before it: Group1.VoidRemove1.",
        code="no_node",
    )


@contextmanager
def _frames_of(node: nuke.Group, frames: FrameRange | None) -> Iterator[None]:
    """Other frames than the node's own, for as long as the block runs; handles come on top."""
    before = {name: node[name].value() for name in _RANGE_KNOBS}
    if frames is not None:
        _set(node, {"range_mode": "Custom", "first_frame": frames.first, "last_frame": frames.last})
    try:
        yield
    finally:
        _set(node, before)


def _set(node: nuke.Group, values: dict[str, object]) -> None:
    for name, value in values.items():
        node[name].setValue(value)


@contextmanager
def _signals_cancel(removal: Removal) -> Iterator[None]:
    """Within the block the first Ctrl-C or SIGTERM cancels, and hands over to who was before.

    Signals come to Python's main thread alone. Should Nuke run its script on another, the farm ends
    the process, the job goes on at the server, and a later run collects it.
    """
    signals = (signal.SIGINT, signal.SIGTERM)
    # None is a handler that was not set from Python, such as Nuke's own.
    before = {number: signal.getsignal(number) or signal.SIG_DFL for number in signals}

    def hand_back() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def cancel(number: int, frame: FrameType | None) -> None:
        hand_back()
        removal.cancel()

    with suppress(ValueError):  # not on the main thread
        for number in signals:
            signal.signal(number, cancel)
    try:
        yield
    finally:
        with suppress(ValueError):
            hand_back()


def _tell(ending: Ending) -> None:
    if ending.end == "failed" and ending.error is not None:
        complain(ending.error)
    for view, landing in ending.landings.items():
        pictures = landing.version.pattern("patch")
        say(f"{view + ': ' if view else ''}{pictures} {listed(landing.finished) or 'no frames'}")


def _say_how_to_see(script: Path, node: str, ending: Ending) -> None:
    label = next(iter(ending.landings.values())).version.label
    say(f"{script.name} was not changed. Open it and choose {label} in the Result tab of {node}.")


def _save(script: Path, as_opened: tuple[int, int]) -> None:
    """Save what was opened, unless somebody else has saved it meanwhile."""
    if _state(script) != as_opened:
        raise RequestError(
            f"script {script}",
            "it was saved by somebody else during the removal and is not written over",
            "Open it and choose the version in the node's Result tab.",
            code="would_overwrite",
        )
    try:
        nuke.scriptSaveAs(script.as_posix(), 1)
    except RuntimeError as error:
        raise RequestError(
            f"script {script}",
            f"Nuke cannot save it ({_first_line(error)})",
            "Check the file and its permissions; the frames are there.",
            code="not_writable",
        ) from error
    say(f"{script.name} is saved with the result attached.")


def _state(script: Path) -> tuple[int, int]:
    """Enough of a file to see that it was written again: bytes and nanoseconds."""
    stat = script.stat()
    return stat.st_size, stat.st_mtime_ns


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["it does not say why"])[0]
