"""Options that several commands share, in a compositor's words."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

Server = Annotated[
    str | None,
    typer.Option(
        "--server",
        metavar="tcp://HOST:PORT",
        help="Server to use. Without it: $VOID_SERVER, a server of yours that runs on this "
        "machine, or a private one just for this job.",
        show_default=False,
    ),
]
ServerKey = Annotated[
    str | None,
    typer.Option(
        metavar="KEY",
        help="Public key of a server on another machine; 'void keys show' prints it there.",
        show_default=False,
    ),
]
Ocio = Annotated[
    str,
    typer.Option(
        "--ocio",
        metavar="FILE|ocio://NAME",
        help="OCIO config, .ocio or .ocioz. Without it: $OCIO, $VOID_OCIO, or the built-in one.",
    ),
]
Out = Annotated[
    Path, typer.Option(metavar="DIR", help="Folder that gets the version folder.", file_okay=True)
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Job = Annotated[str, typer.Argument(metavar="JOB", help="Job id, or enough of its beginning.")]


class Quality(str, Enum):
    """How much work a model puts into a shot."""

    draft = "draft"
    standard = "standard"
    best = "best"


class Grain(str, Enum):
    """What grain the invented gets."""

    match = "match"
    none = "none"


class Transport(str, Enum):
    """How pictures reach the server."""

    auto = "auto"
    path = "path"
    stream = "stream"


class Missing(str, Enum):
    """What to do about a missing frame."""

    refuse = "refuse"
    hold = "hold"
