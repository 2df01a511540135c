"""``void selftest``: what only a real host can show, run inside one by a person."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from bridge.cli import place, server, show
from bridge.errors import RequestError
from bridge.user_path import user_path
from bridge.write_once import writing_to

EXECUTABLE = "NUKE_EXECUTABLE"
"""Environment variable that names Nuke's executable; its build and test tools call it so, too."""

_INSTALLED = Path("void") / "selftest.py"
_KEEPS = "void_selftest"

app = typer.Typer(
    help="Run the live kit inside a host and write down what held there.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.callback()
def _hosts() -> None:
    """Keeps the host a word of its own: more of them will follow Nuke."""


@app.command()
def nuke(
    executable: Annotated[
        str,
        typer.Option("--nuke", metavar="EXE", envvar=EXECUTABLE, help="Nuke's executable."),
    ] = "",
    installed: Annotated[
        Path,
        typer.Option("--dir", metavar="DIR", help="Folder into which 'void install nuke' put it."),
    ] = Path("~/.nuke"),
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder for the report and the pictures.")
    ] = Path(_KEEPS),
    who: Annotated[
        str, typer.Option(metavar="NAME", help="Who runs it, for the table in the docs.")
    ] = "",
    endpoint: Annotated[
        str,
        typer.Option(
            "--server", metavar="tcp://HOST:PORT", help="Server to use; else a private one."
        ),
    ] = "",
) -> None:
    """Start Nuke in its terminal mode with the live kit, and a private server for it.

    Prints PASS, FAIL or NOT RUN for each fact and writes report.json. What needs Nuke's window is
    NOT RUN here: for that, open Nuke and choose VOID > Self test.
    """
    with show.reported():
        kit = _kit(user_path(installed, subject="--dir"))
        program = _program(executable, kit)
        folder = user_path(out, subject="--out")
        with _server(endpoint, folder) as address:
            arguments = ["--server", address, *(["--who", who] if who else [])]
            # The folder comes last: Nuke keeps a last word that looks like a number to itself.
            code = _run([program, "-t", str(kit), *arguments, "--out", str(folder)])
    raise typer.Exit(code)


def _kit(installed: Path) -> Path:
    kit = installed / _INSTALLED
    if not kit.is_file():
        raise RequestError(
            f"live kit {kit}",
            "it is not installed there",
            f"Run void install nuke --dir {installed}, or pass --dir.",
            code="not_installed",
        )
    return kit


def _program(executable: str, kit: Path) -> str:
    if not executable:
        raise RequestError(
            "Nuke",
            f"its executable is not known (expected --nuke EXE or {EXECUTABLE})",
            f"Pass it, e.g. --nuke /usr/local/Nuke16.0v1/Nuke16.0; or run Nuke -t {kit} --server "
            "tcp://HOST:PORT yourself; or choose VOID > Self test in Nuke's menu.",
            code="no_nuke",
        )
    program = shutil.which(executable)
    if program is None:
        raise RequestError(
            f"Nuke {executable}",
            "there is no such program, or it may not be run",
            "Pass the path of Nuke's own executable, not of its folder.",
            code="no_nuke",
        )
    return program


@contextmanager
def _server(endpoint: str, folder: Path) -> Iterator[str]:
    """The address of the server that was named, or of a private one that may read ``folder``."""
    if endpoint:
        yield endpoint
        return
    with writing_to(folder):
        folder.mkdir(parents=True, exist_ok=True)
        data = Path(tempfile.mkdtemp(prefix="server_", dir=folder))
    with server.private(data, roots=(folder,), keys=place.load().keys):
        announced = (data / "server.json").read_bytes()
        yield msgspec.json.decode(announced, type=server.Announcement).endpoint
    shutil.rmtree(data, ignore_errors=True)


def _run(command: Sequence[str]) -> int:
    """Run Nuke with the terminal as its own; its exit code."""
    # A user's own server settings would win over the address that the kit is given.
    environ = {name: value for name, value in os.environ.items() if name != "VOID_SERVER"}
    try:
        process = subprocess.Popen(command, env=environ)
    except OSError as error:
        raise RequestError(
            f"Nuke {command[0]}",
            f"it cannot be started ({error.strerror})",
            "Pass the path of Nuke's own executable.",
            code="no_nuke",
        ) from error
    with process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            return process.wait()  # the terminal has told Nuke as well
