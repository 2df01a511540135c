"""The command ``void ocio``, in a process of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bridge.cli import show
from ocio.model_files import PEAKS, write_model_files

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


@app.command()
def _write(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the files.")],
    peak: Annotated[
        list[float] | None,
        typer.Option(
            metavar="M",
            help="A peak, as the record of a job names it; may be repeated. "
            f"Without it {', '.join(f'{peak:g}' for peak in PEAKS)}.",
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Answer with one JSON object.")] = False,
) -> None:
    """Write an OCIO config and its CLFs, with which a host shows what a model saw of a shot."""
    with show.reported(json):
        written = write_model_files(out, tuple(peak or PEAKS))
        if json:
            show.answer({"files": [str(path) for path in written]})
            return
        show.say(f"{written[0]}: load it in a host's colour settings or in an OCIO node.")
        show.say(f"{len(written) - 1} curves beside it, checked against the formula.")
        show.say("Raise the plate by the job's exposure first; it is not part of the files.")


if __name__ == "__main__":
    app(prog_name="void ocio")
