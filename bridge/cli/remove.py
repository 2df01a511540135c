"""``void remove``: the main job, from a plate and a matte to EXR frames in a version folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from bridge.cli import options, output, place, preview, server, show
from bridge.cli.outcome import outcome, say_outcome
from bridge.cli.place import Place
from bridge.cli.prepare import Order, prepared
from bridge.client import Client
from bridge.errors import RequestError, VoidError
from bridge.landing import PATIENCE, Landing, begin, follow
from bridge.submission import Prepared, submit
from bridge.user_path import user_path

_Matte = Annotated[
    list[str] | None,
    typer.Option(
        "--matte",
        metavar="MATTE",
        help="Roto of what goes: white is removed. Needed unless PLATE is a VOID folder.",
        show_default=False,
    ),
]
_Affected = Annotated[
    list[str] | None,
    typer.Option(
        "--affected",
        metavar="MATTE",
        help="Matte of what changes when it is gone: its shadow, its reflection, what it holds.",
        show_default=False,
    ),
]
_Keep = Annotated[
    list[str] | None,
    typer.Option(
        "--keep",
        metavar="MATTE",
        help="Hold-out matte: what passes in front and must not be touched.",
        show_default=False,
    ),
]


def remove(
    plate: Annotated[
        str,
        typer.Argument(
            metavar="PLATE",
            help="shot.%04d.exr, shot.####.exr, shot.[1001-1048].exr, a folder with one sequence "
            "in it, a movie (mp4, mov, mxf), or a VOID folder (input_video.mp4, quadmask_0.mp4).",
        ),
    ],
    matte: _Matte = None,
    affected: _Affected = None,
    keep: _Keep = None,
    prompt: Annotated[
        str, typer.Option(metavar="WORDS", help="What is there once the object is gone.")
    ] = "",
    engine: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="auto, cleanplate (real pixels of other frames) or void (model).",
            show_default="auto",
        ),
    ] = "",
    frames: Annotated[
        str, typer.Option(metavar="FIRST-LAST", help="Frames to do, e.g. 1001-1048; else all.")
    ] = "",
    colorspace: Annotated[
        str, typer.Option(metavar="SPACE", help="The plate's colour space; else the files say it.")
    ] = "",
    ocio: options.Ocio = "",
    view: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="View of stereo EXR files to work on, e.g. right; the other keeps every bit.",
        ),
    ] = "",
    matte_channel: Annotated[
        str, typer.Option(metavar="CHANNEL", help="Channel of the mattes; else alpha.")
    ] = "",
    grow: Annotated[
        float | None,
        typer.Option(
            metavar="PIXELS", help="How far to reach beyond the mattes.", show_default="8"
        ),
    ] = None,
    feather: Annotated[
        float | None,
        typer.Option(
            metavar="PIXELS", help="Width of the soft edge inside that.", show_default="6"
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(metavar="NUMBER", help="Seed of everything random.", show_default="0"),
    ] = None,
    like: Annotated[
        str,
        typer.Option(
            metavar="FOLDER",
            help="An earlier result to match, for the other eye or the next range: its engine, "
            "prompt, seed, grow, feather and parameters, those chosen by itself too. What else is "
            "typed goes first.",
        ),
    ] = "",
    out: options.Out = Path(),
    name: Annotated[
        str, typer.Option(metavar="NAME", help="Name of the result; else the plate's.")
    ] = "",
    endpoint: options.Server = None,
    server_key: options.ServerKey = None,
    transport: Annotated[
        options.Transport,
        typer.Option(help="path: the server reads your files; stream: they are sent to it."),
    ] = options.Transport.auto,
    missing: Annotated[
        options.Missing,
        typer.Option(help="A missing frame: refuse the shot, or hold the frame before it."),
    ] = options.Missing.refuse,
    output_kinds: output.Option = "",
    layers: output.Layers = False,
    quality: Annotated[
        options.Quality | None,
        typer.Option(
            help="draft: a quick look; standard; best: a second pass for steadier motion. Short "
            "for --param quality=...",
            show_default=False,
        ),
    ] = None,
    grain: Annotated[
        options.Grain | None,
        typer.Option(
            help="match: grain like the plate's on what was invented; none: without. Short for "
            "--param grain=...",
            show_default=False,
        ),
    ] = None,
    param: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="Parameter of the engine.", show_default=False),
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder of the model's files, for the private server of this job.",
            show_default=False,
        ),
    ] = None,
    preview_file: preview.Option = None,
    new_version: Annotated[
        bool, typer.Option("--new-version", help="Write a new version even if this one is there.")
    ] = False,
    detach: Annotated[
        bool, typer.Option("--detach", help="Print the job id and leave it to the server.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Remove an object from a shot. Every pixel outside the matte keeps its bits.

    Writes NAME_void_v001/NAME_void_v001.1001.exr, always the next free version, and a JSON file
    that says what really ran. The same command again goes on where it stopped. Ctrl-C cancels
    the job; the frames that are finished stay.
    """
    order = Order(
        plate=plate,
        matte=tuple(matte or ()),
        affected=tuple(affected or ()),
        keep=tuple(keep or ()),
        prompt=prompt,
        engine=engine,
        frames=frames,
        colorspace=colorspace,
        ocio=ocio,
        view=view,
        matte_channel=matte_channel,
        grow=grow,
        feather=feather,
        seed=seed,
        like=like,
        name=name,
        missing=missing.value,
        output=output_kinds,
        layers=layers,
        parameters=(*(param or ()), *_short(quality=quality, grain=grain)),
    )
    with show.reported(json):
        where = place.load(server=endpoint, server_key=server_key)
        how = _How(transport, weights=_weights(weights), preview=preview.checked(preview_file))
        folder = user_path(out, subject="--out")
        shot = prepared(order)
        if detach:
            _detached(shot, where, how, json)
            return
        landing = begin(
            folder,
            name=shot.request.shot.name,
            job=shot.job,
            padding=shot.padding,
            new_version=new_version,
        )
        with landing:
            was_there = landing.complete
            if was_there:
                _mend(landing, where)
            else:
                _done(shot, landing, where, how)
        say_outcome(outcome(landing), landing, was_there=was_there, as_json=json)


@dataclass(frozen=True)
class _How:
    """How a job is done; nothing here shapes the result's identity."""

    transport: options.Transport
    weights: Path | None
    preview: Path | None


def _short(**given: options.Quality | options.Grain | None) -> list[str]:
    """Options of their own as the parameters that they stand for."""
    return [f"{name}={choice.value}" for name, choice in given.items() if choice is not None]


def _weights(folder: Path | None) -> Path | None:
    if folder is None:
        return None
    folder = user_path(folder, subject="--weights")
    if not folder.is_dir():
        raise RequestError(
            f"weights {folder}",
            "there is no such folder",
            "void weights where lists what belongs into it.",
            code="no_weights",
        )
    return folder


def _mend(landing: Landing, where: Place) -> None:
    """A server that runs may still have the page of a complete job that has lost it."""
    if landing.version.page.exists():
        return
    with suppress(VoidError):
        client = server.standing(where)
        if client is not None:
            with client:
                landing.mend(client)


def _done(shot: Prepared, landing: Landing, where: Place, how: _How) -> None:
    """Have the job done, on whichever server there is."""
    with _some_server(shot, landing, where, how) as (client, patience):
        try:
            _submit(shot, client, how.transport)
            with show.job_progress() as on_status:
                told = preview.following(how.preview, client, on_status)
                status = follow(client, landing, on_status=told, patience=patience)
        except KeyboardInterrupt:
            _cancel(shot, landing, client)
        if status.state == "cancelled":
            raise RequestError(
                status.name,
                f"the job was cancelled; {_kept(landing)}",
                "The same command goes on where it stopped.",
                code="cancelled",
            )


def _detached(shot: Prepared, where: Place, how: _How, as_json: bool) -> None:
    if how.preview is not None:
        raise RequestError(
            "--preview",
            "nobody is there to write it (got --detach)",
            "Leave one of them out; void fetch JOB --preview FILE.png shows it later.",
            code="bad_option",
        )
    with server.running(where) as client:
        _check_weights(how)
        _submit(shot, client, how.transport)
        state = client.status(shot.job).status.state
    show.answer({"job": shot.job, "state": state}) if as_json else show.say(shot.job)


@contextmanager
def _some_server(
    shot: Prepared, landing: Landing, where: Place, how: _How
) -> Iterator[tuple[Client, float]]:
    """The server that is there, or a private one; with it, how long to wait when it is silent.

    The folder of a private server stays when there are frames in it to go on from.
    """
    client = server.standing(where)
    if client is not None:
        with client:
            _check_weights(how)
            yield client, PATIENCE
        return
    folder = where.private / shot.job
    roots = () if how.transport is options.Transport.stream else shot.folders
    try:
        with server.private(folder, roots=roots, keys=where.keys, weights=how.weights) as client:
            yield client, server.PRIVATE_PATIENCE
    finally:
        if (landing.complete or not landing.finished) and not server.in_use(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _check_weights(how: _How) -> None:
    """A server that runs already reads the weights it was started with."""
    if how.weights is not None:
        raise RequestError(
            "--weights",
            "a server runs already, with weights of its own",
            f"Leave --weights out, or stop that server and start it with --weights {how.weights}.",
            code="other_weights",
        )


def _submit(shot: Prepared, client: Client, transport: options.Transport) -> None:
    """Submit the job and send what the server lacks."""
    lacking = submit(shot, client, transport.value)
    if lacking:
        with show.sending(sum(source.size for source, _ in lacking)) as on_bytes:
            client.upload(lacking, on_bytes)


def _cancel(shot: Prepared, landing: Landing, client: Client) -> NoReturn:
    with suppress(VoidError):
        client.cancel(shot.job)
    show.note(f"Cancelled. {_kept(landing)}. The same command goes on where it stopped.")
    raise typer.Exit(show.INTERRUPTED)


def _kept(landing: Landing) -> str:
    count = len(landing.finished)
    return f"{count} frames kept in {landing.version.stem}; the plate is unchanged"
