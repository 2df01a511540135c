"""What the node's buttons do. Each one answers, whatever happens, and none waits for a server."""

from __future__ import annotations

import functools
import logging
import os
import subprocess
import sys
import threading
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

import nuke

from bridge.errors import RequestError, VoidError
from host_plugins.nuke_panel import baking, rich_text, runs, server_tab, usable
from host_plugins.nuke_panel.host import NukeHost
from host_plugins.nuke_panel.main_thread import posted
from host_plugins.run import server, texts
from host_plugins.run.order import Purpose
from host_plugins.run.removal import Removal

_log = logging.getLogger(texts.LOG)

_HELLO_SECONDS = 2.0
"""How long a server may take to say what it is."""

T = TypeVar("T")


def _answered(press: Callable[[nuke.Group], None]) -> Callable[[], None]:
    """A button: what goes wrong is said in a sentence, never as a traceback."""

    @functools.wraps(press)
    def button() -> None:
        try:
            press(cast(nuke.Group, nuke.thisNode()))
        except VoidError as error:
            _say(texts.told(error))
        except Exception as error:
            _say(texts.told(texts.unexpected(error)))

    return button


@_answered
def preview(node: nuke.Group) -> None:
    """Do a few frames around the current one."""
    _start(node, "preview")


@_answered
def run(node: nuke.Group) -> None:
    """Do the whole range."""
    _start(node, "remove")


@_answered
def cancel(node: nuke.Group) -> None:
    """Stop the run that is under way, if the artist means it."""
    under_way = runs.of(node)
    if under_way is None:
        _say(f"{node.name()} is not running.")
    elif not nuke.GUI or nuke.ask("Stop the removal? Finished frames are kept."):
        under_way.cancel()


@_answered
def reveal(node: nuke.Group) -> None:
    """Open the folder of the version shown."""
    results = baking.shown(node)
    _open(next(iter(results.values())).version.folder)


@_answered
def bake(node: nuke.Group) -> None:
    """Put a plain Read of the version shown beside the node."""
    baking.bake(node)


@_answered
def report(node: nuke.Group) -> None:
    """Open the page that tells how the version shown came about."""
    pages = [result.version.page for result in baking.shown(node).values()]
    there = [page for page in pages if page.is_file()]
    if not there:
        raise RequestError(
            pages[0].name,
            "the version shown has no report yet",
            "It comes with the last frame.",
            code="no_report",
        )
    for page in there:
        webbrowser.open(page.absolute().as_uri())


@_answered
def test_server(node: nuke.Group) -> None:
    """Ask the server what it is, and give the node the knobs that it describes."""
    introduce(node)


def introduce(node: nuke.Group) -> None:
    """Ask a node's server what it is; its answer, or its silence, is said on the node alone."""
    address = server_tab.asked(node)
    server_tab.note(node, f"Asking {server_tab.address(node)} ...")
    if nuke.GUI:
        threading.Thread(target=_ask, args=(node, address), name="void-hello", daemon=True).start()
    else:
        _ask(node, address)


def _start(node: nuke.Group, purpose: Purpose) -> None:
    under_way = runs.of(node)
    if under_way is not None:
        _say(f"{node.name()} is running: {under_way.progress.text}\n\nPress Cancel to stop it.")
        return
    removal = Removal(NukeHost(node), purpose)
    if nuke.GUI:
        runs.start(node, removal)
        usable.refresh(node)
    else:
        removal.run()  # nothing would serve the main thread there


def _ask(node: nuke.Group, address: str) -> None:
    """In a thread of its own: a server that is not there takes seconds to say nothing."""
    try:
        with server.dial(address, timeout=_HELLO_SECONDS) as client:
            welcome = client.hello()
    except VoidError as error:
        posted(_answer, node, address, server_tab.note, texts.told(error))
    except Exception as error:
        posted(_answer, node, address, server_tab.note, texts.told(texts.unexpected(error)))
    else:
        posted(_answer, node, address, server_tab.welcomed, welcome)


def _answer(
    node: nuke.Group, address: str, say: Callable[[nuke.Group, T], None], answer: T
) -> None:
    """Say it, unless the artist has gone on to another address by now."""
    if server_tab.asked(node) == address:
        say(node, answer)


def _open(folder: Path) -> None:
    """Show a folder in the desktop's file browser."""
    if sys.platform == "win32":
        os.startfile(folder)
        return
    opener = "open" if sys.platform == "darwin" else "xdg-open"
    try:
        # Nuke's own libraries are on its library path, and a desktop program may not run with them.
        process = subprocess.Popen([opener, str(folder)], env=_plain_environment())
    except OSError as error:
        raise RequestError(
            str(folder),
            f"it cannot be opened from here ({opener}: {error.strerror})",
            "Open it in a file browser.",
            code="no_browser",
        ) from error
    threading.Thread(target=process.wait, name="void-browser", daemon=True).start()


def _plain_environment() -> dict[str, str]:
    nukes = {"LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONHOME", "PYTHONPATH", "QT_PLUGIN_PATH"}
    return {name: value for name, value in os.environ.items() if name not in nukes}


def _say(text: str) -> None:
    if nuke.GUI:
        nuke.message(rich_text.untagged(text))
    else:
        nuke.tprint(text)
