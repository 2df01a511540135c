"""``void keys``: who may talk to a server over a network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bridge import curve
from bridge.cli import place, show
from bridge.user_path import user_path

app = typer.Typer(
    help="CURVE keys, for servers that other machines may reach.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_Folder = Annotated[
    Path | None,
    typer.Option("--keys", metavar="DIR", help="Folder of the keys; else in the data folder."),
]


@app.command()
def new(folder: _Folder = None) -> None:
    """Make this machine's key pair."""
    with show.reported():
        pair = curve.new_keys(_chosen(folder))
        show.say(pair.public)


@app.command("show")
def show_key(folder: _Folder = None) -> None:
    """Print this machine's public key; the secret half never leaves its file."""
    with show.reported():
        show.say(curve.show(_chosen(folder)).public)


@app.command(context_settings={"ignore_unknown_options": True})  # a key may begin with a dash
def allow(
    public_key: Annotated[
        str, typer.Argument(metavar="KEY", help="What 'void keys show' prints on the client.")
    ],
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who that is.")],
    folder: _Folder = None,
) -> None:
    """Let a client in; the server need not be restarted."""
    with show.reported():
        keys = _chosen(folder)
        curve.allow(keys, public_key, name)
        show.say(f"{name} may use servers with the keys in {keys}")


def _chosen(folder: Path | None) -> Path:
    return place.load().keys if folder is None else user_path(folder, subject="--keys")
