"""``void doctor``: whether the main job can run here, and with what."""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

import msgspec
import typer

import bridge
from bridge import color_config
from bridge.cli import child, options, place, server, show
from bridge.cli.place import Place
from bridge.client import Client
from bridge.errors import RequestError, VoidError
from bridge.messages import EngineInfo, Welcome
from bridge.wording import availability

EXTRAS = {
    "base": ("pyzmq", "msgspec"),
    "server": (
        "numpy",
        "OpenImageIO",
        "OpenEXR",
        "opencolorio",
        "opencv-python-headless",
        "av",
        "fileseq",
        "rich",
        "typer",
        "platformdirs",
    ),
    "void": ("torch", "diffusers", "transformers", "accelerate", "safetensors", "sentencepiece"),
}
"""What the package needs, by the name of the extra that installs it."""

_OPTIONAL = {"void"}
_POLL_SECONDS = 0.2


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What was found.

    Attributes:
        ok: Whether the main job can run.
        version: Version of this package.
        python: Version of Python and the machine it runs on.
        installed: Version of each package by extra; "" when it is not installed.
        ocio: Which OCIO config is used, and where it was found.
        data_dir: The data folder.
        free: Bytes free there, or None when it cannot be told.
        server: The server that answered, in words, or what went wrong.
        devices: Devices of its workers.
        engines: What it can run.
    """

    ok: bool
    version: str
    python: str
    installed: dict[str, dict[str, str]]
    ocio: str
    data_dir: str
    free: int | None
    server: str
    devices: tuple[str, ...]
    engines: tuple[EngineInfo, ...]


def doctor(
    endpoint: options.Server = None,
    server_key: options.ServerKey = None,
    wait: Annotated[
        float, typer.Option(metavar="SECONDS", help="How long a worker may take to start.")
    ] = 60.0,
    parity: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Instead: run the cases of this folder through the engine void and compare.",
            show_default=False,
        ),
    ] = None,
    json: options.Json = False,
) -> None:
    """Say whether 'void remove' can run, and with what. Exit code 1 when it cannot."""
    with show.reported(json):
        if parity is not None:
            raise typer.Exit(_compared(parity, as_json=json))
        report = examined(place.load(server=endpoint, server_key=server_key), wait)
        if json:
            show.answer(report)
        else:
            _say(report)
        if not report.ok:
            raise typer.Exit(1)


def _compared(folder: Path, *, as_json: bool) -> int:
    """Run the engine's own comparison; its exit code."""
    lacking = [name for name in EXTRAS["void"] if not _version(name)]
    if lacking:
        raise RequestError(
            "engine void",
            f"it cannot run here (not installed: {', '.join(lacking)})",
            "Run: pip install 'void-bridge[void]'",
            code="missing_extra",
        )
    arguments = [str(folder), *(["--json"] if as_json else [])]
    return child.run("void_server.engines.void.parity", arguments)


def examined(where: Place, wait: float) -> Report:
    """Look at everything; starts a private server for a moment when none runs."""
    welcome, said = _asked(where, wait)
    engines = welcome.engines if welcome else ()
    installed = {extra: {name: _version(name) for name in EXTRAS[extra]} for extra in EXTRAS}
    return Report(
        ok=any(engine.available for engine in engines),
        version=bridge.__version__,
        python=f"{platform.python_version()} on {platform.system()} {platform.machine()}",
        installed=installed,
        ocio=_ocio(),
        data_dir=str(where.data_dir),
        free=_free(where.data_dir),
        server=said,
        devices=welcome.devices if welcome else (),
        engines=engines,
    )


def _asked(where: Place, wait: float) -> tuple[Welcome | None, str]:
    """What a server says of itself once its workers are up, and which server that was."""
    try:
        with _any_server(where) as (client, which, logs):
            welcome = _with_engines(client, wait)
            trouble = "" if welcome.engines else f"; no worker came up{_last_words(logs)}"
            return welcome, f"{which}, version {welcome.version}{trouble}"
    except VoidError as error:
        return None, str(error)


@contextmanager
def _any_server(where: Place) -> Iterator[tuple[Client, str, Path]]:
    """The server that is there, else a private one that leaves nothing behind."""
    client = server.standing(where)
    if client is not None:
        with client:
            yield client, where.server or "runs on this machine", where.data_dir / "logs"
        return
    with (
        tempfile.TemporaryDirectory(prefix="void-doctor-") as folder,
        server.private(Path(folder), roots=(), keys=where.keys) as client,
    ):
        yield client, "none runs; a private one can be started", Path(folder) / "logs"


def _with_engines(client: Client, wait: float) -> Welcome:
    deadline = time.monotonic() + wait
    while True:
        welcome = client.hello()
        if welcome.engines or time.monotonic() > deadline:
            return welcome
        time.sleep(_POLL_SECONDS)


def _last_words(logs: Path) -> str:
    """The last line that a worker wrote, if its log can be read here."""
    for log in sorted(logs.glob("worker-*.log")):
        lines = log.read_text("utf-8", "replace").strip().splitlines()
        if lines:
            return f" ({lines[-1].strip()})"
    return ""


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _ocio() -> str:
    try:
        choice = color_config.discover(environ=os.environ)
    except RequestError as error:
        return str(error)
    return f"{choice.config} (from {choice.origin})" if choice else "built in (OCIO is not set)"


def _free(folder: Path) -> int | None:
    existing = next((place for place in (folder, *folder.parents) if place.exists()), None)
    try:
        return shutil.disk_usage(existing).free if existing else None
    except OSError:
        return None


def _say(report: Report) -> None:
    show.say(f"void-bridge {report.version}, Python {report.python}")
    for extra, packages in report.installed.items():
        there = [f"{name} {found}" for name, found in packages.items() if found]
        lacking = [name for name, found in packages.items() if not found]
        show.say(f"{extra:<8} {', '.join(there) or '-'}")
        if lacking:
            optional = "optional" if extra in _OPTIONAL else "needed"
            show.say(
                f"{'':<8} not installed ({optional}): {', '.join(lacking)}; "
                f"pip install 'void-bridge[{extra}]'"
            )
    free = "unknown" if report.free is None else show.size(report.free)
    show.say(f"{'colour':<8} {report.ocio}")
    show.say(f"{'data':<8} {report.data_dir}, {free} free")
    show.say(f"{'server':<8} {report.server}")
    show.say(f"{'devices':<8} {', '.join(report.devices) or '-'}")
    for engine in report.engines:
        show.say(f"{'engine':<8} {engine.name}: {availability(engine)}")
    show.say("void remove can run." if report.ok else "void remove cannot run.")
