"""The command ``void weights``, in a process of its own."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from bridge.cli import show
from bridge.errors import RequestError
from void_server.engines.void.layout import Layout
from void_server.engines.void.weights.where import where
from void_server.settings import ServerSettings

app = typer.Typer(
    help="The files of the engine void: where they are, get them, check them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Folder = Annotated[
    Path | None,
    typer.Option(
        "--weights", metavar="DIR", help="The weights folder; else VOID_WEIGHTS or the settings."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Answer with one JSON object.")]


@app.command("where")
def _where(weights: Folder = None, json: Json = False) -> None:
    """Name the weights folder and each file: its size or that it is missing, its licence."""
    with show.reported(json):
        places = where(_layout(weights))
        if json:
            show.answer(places)
            return
        show.say(places.folder)
        for (licence, page), files in groupby(places.files, lambda p: (p.licence, p.page)):
            show.say(f"{licence}, {page}")
            for place in files:
                show.say(f"  {_state(place.size, place.needed):>10}  {place.file}")
        if places.missing:
            show.say("Files are missing. Run 'void weights fetch'.")


@app.command("fetch")
def _fetch(
    weights: Folder = None,
    revision: Annotated[
        list[str] | None,
        typer.Option(
            metavar="REPOSITORY=REVISION",
            help="Take this branch, tag or commit, e.g. netflix/void-model=main; may be repeated.",
        ),
    ] = None,
    base_transformer: Annotated[
        bool,
        typer.Option(
            "--base-transformer",
            help="Also get the base model's transformer (11 GB), which 33-channel checkpoints "
            "are completed from. The published ones have 48.",
        ),
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace files that are not the published ones.")
    ] = False,
    json: Json = False,
) -> None:
    """Get what is missing from the Hugging Face hub; goes on where it was stopped."""
    with show.reported(json):
        _check_installed("huggingface_hub")
        # Said before the library is loaded, which reads it then: nothing is told but what is asked.
        os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
        from void_server.engines.void.weights.fetch import fetch

        layout = _layout(weights)
        held = fetch(
            layout.root,
            said=_Terminal(),
            revisions=dict(map(_revision, revision or ())),
            rarely=base_transformer,
            replace=replace,
        )
        if json:
            show.answer(held)
        else:
            show.say(f"{len(held.files)} files are in {layout.root}, all as published.")


@app.command("verify")
def _verify(
    weights: Folder = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Compare no SHA-256: seconds instead of minutes.")
    ] = False,
    json: Json = False,
) -> None:
    """Check each file: size, SHA-256 as published, keys and shapes. Exit code 1 if one is wrong."""
    with show.reported(json):
        _check_installed("torch", "diffusers", "transformers", "safetensors")
        from void_server.engines.void.weights.verify import verify

        report = verify(_layout(weights), said=_Terminal(), quick=quick)
        if json:
            show.answer(report)
        else:
            for problem in report.problems:
                show.say(f"{problem.file}: {problem.text}")
            if report.unknown and not quick:
                count = len(report.unknown)
                show.note(f"{count} files were not fetched: no published SHA-256 is known of them.")
            show.say(f"{report.folder}: {'all is well' if report.ok else 'something is wrong'}")
        if not report.ok:
            raise typer.Exit(1)


class _Terminal:
    """Lines and bars on standard error."""

    def note(self, text: str) -> None:
        """One line."""
        show.note(text)

    @contextmanager
    def bar(self, stage: str, total: int) -> Iterator[Callable[[int], None]]:
        """Bytes, speed and time left."""
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task(stage, total=total)
            yield lambda count: progress.update(task, advance=count)


def _layout(folder: Path | None) -> Layout:
    return Layout(folder.absolute() if folder else ServerSettings.load().weights.absolute())


def _state(size: int | None, needed: bool) -> str:
    if size is not None:
        return show.size(size)
    return "missing" if needed else "optional"


def _revision(text: str) -> tuple[str, str]:
    repository, separator, revision = text.partition("=")
    if not separator or not revision:
        raise RequestError(
            f"--revision {text}",
            "it does not say which revision (expected REPOSITORY=REVISION)",
            "For example: --revision netflix/void-model=main",
            code="weights",
        )
    return repository, revision


def _check_installed(*modules: str) -> None:
    lacking = [name for name in modules if importlib.util.find_spec(name) is None]
    if lacking:
        raise RequestError(
            "void weights",
            f"{', '.join(lacking)} is not installed",
            "Run: pip install 'void-bridge[void]'",
            code="not_installed",
        )


if __name__ == "__main__":
    app(prog_name="void weights")
