"""Goes through the live kit: in a terminal at once, in Nuke's window beside the artist."""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import tempfile
import threading
from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path

import nuke

import bridge
from bridge.errors import RequestError, VoidError
from bridge.settings import variable
from bridge.user_path import user_path
from host_plugins.nuke_panel.command_line import complain, parsed, say
from host_plugins.nuke_panel.main_thread import on_main, posted
from host_plugins.nuke_panel.selftest import (
    building,
    cancelling,
    classes,
    environment,
    exporting,
    noticing,
    pictures,
    projects,
    relaying,
    removing,
    threads,
    versions,
)
from host_plugins.nuke_panel.selftest.bench import Bench
from host_plugins.nuke_panel.selftest.check import Check, gone_through
from host_plugins.nuke_panel.selftest.report import Line, Report

CHECKS: tuple[Check[Bench], ...] = (
    *environment.CHECKS,
    *threads.CHECKS,
    *classes.CHECKS,
    *building.CHECKS,
    *relaying.CHECKS,
    *pictures.CHECKS,
    *exporting.CHECKS,
    *noticing.CHECKS,
    *removing.CHECKS,
    *versions.CHECKS,
    *cancelling.CHECKS,
    *projects.CHECKS,
)
"""Everything that is looked at, in order; what builds on something comes after it."""

_SERVER = variable("server")


def main(argv: Sequence[str]) -> int:
    """Run the kit: 0 if nothing failed, 1 if something did, 2 if it could not run.

    In a window it only begins here, and answers 0.

    Args:
        argv: ``sys.argv``, with or without the name of the file that Nuke runs.
    """
    given = parsed(_parser(), argv)
    if isinstance(given, int):
        return given
    try:
        if nuke.GUI:
            start()  # what waits for the main thread cannot wait on it
            return 0
        out = user_path(given.out, subject="--out") if given.out else _own_folder()
        report = run(
            out,
            CHECKS,
            server=given.server,
            who=given.who,
            say_line=lambda line: say(str(line)),
        )
    except VoidError as error:
        complain(error)
        return error.exit_code
    say(_ending(report, out))
    return 1 if report.counts["FAIL"] else 0


def start() -> None:
    """Run the kit in Nuke's window, from a thread of its own; on the main thread.

    Raises:
        RequestError: The open script has changes that are not saved.
    """
    refuse_unsaved()
    out = _own_folder()
    threading.Thread(target=_beside, args=(out,), name="void-selftest", daemon=True).start()


def refuse_unsaved() -> None:
    """Nothing of a script that is open may be lost: the kit has to empty Nuke.

    Raises:
        RequestError: The script has changes that are not saved.
    """
    if nuke.GUI and nuke.root().modified():
        raise RequestError(
            "self test",
            "the open script has changes that are not saved, and Nuke has to be emptied for it",
            "Save it or choose File > New first; it is opened again afterwards.",
            code="unsaved_script",
        )


def run(
    out: Path,
    checks: Iterable[Check[Bench]],
    *,
    server: str = "",
    who: str = "",
    say_line: Callable[[Line], None],
) -> Report:
    """Go through the checks and write ``report.json``; in a window from a thread of our own.

    Pictures and scripts go into a new folder beside the report. It is kept when something failed.

    Args:
        out: Folder for the report; made if it is not there.
        checks: What to look at.
        server: Address that wins over the environment's; "" for the usual one.
        who: Who runs it.
        say_line: Called with every line as soon as it is known.

    Raises:
        RequestError: The folder cannot be written.
    """
    lines: list[Line] = []
    with _folder_in(out) as work:
        with _served_by(server), _script_put_back():
            for line in gone_through(checks, Bench(folder=work)):
                say_line(line)
                lines.append(line)
            report = on_main(_report, server or os.environ.get(_SERVER, ""), who, tuple(lines))
        report.write(out / "report.json")
        if not report.counts["FAIL"]:
            shutil.rmtree(work, ignore_errors=True)
    return report


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="nuke -t selftest.py",
        description="Looks at what the VOID node relies on in this build of Nuke.",
        allow_abbrev=False,
    )
    parser.add_argument("--server", metavar="TCP", default="", help="address of a VOID server")
    parser.add_argument("--out", metavar="DIR", default="", help="folder for the report")
    parser.add_argument("--who", metavar="NAME", default="", help="who runs it, for the table")
    return parser


def _own_folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="void_selftest_"))


def _beside(out: Path) -> None:
    """The kit in a window; what it found is said in the Script Editor and in a dialog."""
    try:
        report = run(
            out,
            (*CHECKS, *threads.ATTENDED),
            say_line=lambda line: posted(nuke.tprint, str(line)),
        )
    except VoidError as error:
        posted(nuke.message, str(error))
    else:
        posted(nuke.tprint, _ending(report, out))
        posted(nuke.message, _ending(report, out))


def _ending(report: Report, out: Path) -> str:
    return f"{report.summary}. {out / 'report.json'}\n{report.row}"


def _report(server: str, who: str, lines: tuple[Line, ...]) -> Report:
    return Report(
        host=environment.host(),
        mode="window" if nuke.GUI else "terminal",
        system=platform.platform(terse=True),
        python=platform.python_version(),
        package=bridge.__version__,
        server=server,
        date=date.today().isoformat(),
        who=who or os.environ.get("USER") or os.environ.get("USERNAME") or "",
        lines=lines,
    )


@contextlib.contextmanager
def _folder_in(out: Path) -> Iterator[Path]:
    try:
        out.mkdir(parents=True, exist_ok=True)
        yield Path(tempfile.mkdtemp(prefix="work_", dir=out))
    except OSError as error:
        raise RequestError(
            f"--out {out}",
            f"it cannot be written ({error.strerror})",
            "Choose another folder.",
            code="not_writable",
        ) from error


@contextlib.contextmanager
def _served_by(server: str) -> Iterator[None]:
    """Within the block runs talk to this server, whatever the environment says."""
    before = os.environ.get(_SERVER)
    if server:
        os.environ[_SERVER] = server
    try:
        yield
    finally:
        if before is not None:
            os.environ[_SERVER] = before
        elif server:
            del os.environ[_SERVER]


@contextlib.contextmanager
def _script_put_back() -> Iterator[None]:
    """Empty Nuke afterwards, and open again what the artist had open."""
    name = on_main(_open_script)
    try:
        yield
    finally:
        on_main(_put_back, name)


def _open_script() -> str:
    refuse_unsaved()
    return str(nuke.root()["name"].value()) if nuke.GUI else ""


def _put_back(name: str) -> None:
    nuke.scriptClear()
    if name:
        nuke.scriptOpen(name)
