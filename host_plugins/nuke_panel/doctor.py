"""What is installed here, and which server answers: for an artist to read out to somebody."""

from __future__ import annotations

import importlib
import os
import platform
import threading
from pathlib import Path

import nuke

import bridge
from bridge.errors import VoidError
from host_plugins.nuke_panel import licence, rich_text
from host_plugins.nuke_panel.main_thread import posted
from host_plugins.panel import server_text
from host_plugins.panel.dialling import DEFAULT_ENDPOINT, dial
from host_plugins.panel.qt_binding import binding
from host_plugins.run import server, texts

_PACKAGES = ("zmq", "msgspec")


def start() -> None:
    """Look, without holding up Nuke, and say what was found in a message."""
    known = of_nuke()
    threading.Thread(target=_look, args=(known,), name="void-doctor", daemon=True).start()


def of_nuke() -> list[str]:
    """What only Nuke can say; on the main thread."""
    return [
        f"Nuke: {nuke.NUKE_VERSION_STRING}, {_licence()}",
        f"Python: {platform.python_version()}, {platform.platform(terse=True)}",
    ]


def of_packages() -> list[str]:
    """What is installed, with its place: two installations are a common reason for surprises."""
    lines = [f"VOID Bridge: {bridge.__version__} in {_place(bridge)}"]
    for name in _PACKAGES:
        module = importlib.import_module(name)
        lines.append(f"{name}: {module.__version__} in {_place(module)}")
    lines.append(f"job panel: {binding() or 'none, there is neither PySide6 nor PySide2'}")
    return lines


def of_server(endpoint: str) -> list[str]:
    """Which server answers; a few seconds if none does, so not on the main thread."""
    named = "VOID_SERVER" if os.environ.get("VOID_SERVER") else "the usual address"
    heading = f"server: {endpoint} ({named})"
    try:
        with dial(endpoint) as client:
            welcome = client.hello()
    except VoidError as error:
        return [heading, f"    {texts.told(error)}"]
    said = [server_text.heading(welcome), *server_text.lines(welcome)]
    return [heading, *(f"    {line}" for line in said)]


def _look(known: list[str]) -> None:
    try:
        found = [*known, *of_packages(), *of_server(server.endpoint(DEFAULT_ENDPOINT))]
    except Exception as error:
        found = [*known, texts.told(texts.unexpected(error))]
    posted(nuke.message, rich_text.untagged("\n".join(found)))


def _licence() -> str:
    try:
        licence.check()
    except VoidError as error:
        return f"{error.subject.removeprefix('Nuke ')} licence: {error.text}"
    return "a licence under which the node works"


def _place(module: object) -> Path:
    return Path(str(getattr(module, "__file__", ""))).parent
