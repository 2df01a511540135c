"""What the command says: results on standard output, everything else on standard error.

With ``--json`` standard output carries one JSON object and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn
from rich.table import Table

from bridge.errors import VoidError
from bridge.messages import JobStatus
from bridge.wording import duration as duration
from bridge.wording import size as size
from bridge.wording import stage as stage

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it: 128 and the signal's number."""

_out = Console(soft_wrap=True, highlight=False, markup=False)
_err = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)


def say(text: str) -> None:
    """A line of the result."""
    _out.print(text)


def note(text: str) -> None:
    """A line about what is going on."""
    _err.print(text)


def answer(record: object) -> None:
    """The one JSON object."""
    _out.print(msgspec.json.encode(record).decode())


@contextmanager
def reported(as_json: bool = False) -> Iterator[None]:
    """Say an error, or Ctrl-C, in one line and end with its exit code; never a traceback."""
    try:
        yield
    except VoidError as error:
        note(" ".join(str(error).split()))
        if as_json:
            answer({"error": error.record()})
        raise typer.Exit(error.exit_code) from error
    except KeyboardInterrupt as error:
        note("Stopped.")
        raise typer.Exit(INTERRUPTED) from error


@contextmanager
def reading(total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar over bytes; yields what to call with every number of bytes."""
    with _bytes_bar() as progress:
        task = progress.add_task("reading", total=total)
        yield lambda count: progress.update(task, advance=count)


@contextmanager
def sending(total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar over an upload; yields what to call with the bytes that have arrived."""
    with _bytes_bar() as progress:
        task = progress.add_task("sending", total=total)
        yield lambda arrived: progress.update(task, completed=arrived)


@contextmanager
def job_progress() -> Iterator[Callable[[JobStatus], None]]:
    """A progress bar over a job with the time that is left; yields what to call with a status.

    Where nobody watches, i.e. standard error is no terminal, each new stage is one line.
    """
    if not _err.is_terminal:
        yield _StageLines()
        return
    columns = (
        TextColumn("{task.description:<24}"),
        BarColumn(),
        TextColumn("{task.fields[frames]}"),
        TextColumn("{task.fields[left]}"),
    )
    with Progress(*columns, console=_err, transient=True) as progress:
        task = progress.add_task("waiting", total=None, frames="", left="")
        yield lambda status: _advance(progress, task, status)


def table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """A table of the result."""
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        grid.add_column(heading, overflow="fold")
    for row in rows:
        grid.add_row(*row)
    _out.print(grid, soft_wrap=False)


class _StageLines:
    """Notes each stage of a job once."""

    def __init__(self) -> None:
        self._stage = ""

    def __call__(self, status: JobStatus) -> None:
        stage = status.stage or status.state
        if stage != self._stage:
            self._stage = stage
            note(f"{status.name}: {stage}")


def _advance(progress: Progress, task: TaskID, status: JobStatus) -> None:
    frames = status.last_frame - status.first_frame + 1
    progress.update(
        task,
        description=stage(status),
        completed=status.done,
        total=status.total or None,
        frames=f"{status.finished}/{frames} frames",
        left="" if status.eta is None else f"{duration(status.eta)} left",
    )


def _bytes_bar() -> Progress:
    return Progress(
        TextColumn("{task.description:<24}"),
        BarColumn(),
        DownloadColumn(),
        console=_err,
        transient=True,
        disable=not _err.is_terminal,
    )
