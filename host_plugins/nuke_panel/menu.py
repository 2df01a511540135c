"""Our entries in Nuke's menus.

Importing this is light: what a command needs is imported when it is chosen. What is broken here
costs our own entries and nothing else.
"""

from __future__ import annotations

import logging
from pathlib import Path

import nuke

from host_plugins.nuke_panel.guarded import guarded

_MENU = "VOID"
_ICON = Path(__file__).with_name("icons") / "void.png"
_HELP = ("docs/nuke.html", "docs/nuke.md")
"""Beside our code: as it is installed, and in a checkout."""

_log = logging.getLogger("void")


def install() -> None:
    """Add the menus, the panel and the callbacks of the node; done twice it is done once.

    In a terminal session there are no menus, and a farm needs none of the rest.
    """
    if not nuke.GUI:
        return
    _nodes_menu()
    _application_menu()
    for name, step in (("the job panel", _register_panel), ("the callbacks", _register_callbacks)):
        try:
            step()
        except Exception as error:
            _log.error("%s could not be set up", name, exc_info=error)
            nuke.tprint(f"VOID Bridge works without {name}: {' '.join(str(error).split())}")


@guarded
def create() -> None:
    """Make a VoidRemove, with the knobs of its server's engines if there is a server."""
    from host_plugins.nuke_panel import buttons, node

    buttons.introduce(node.create())


@guarded
def bake_selected() -> None:
    """Put a plain Read of its result beside every selected VoidRemove."""
    from bridge.errors import RequestError, VoidError
    from host_plugins.nuke_panel import baking, node
    from host_plugins.run.problems import together

    selected = [one for one in nuke.selectedNodes() if node.is_void_remove(one)]
    if not selected:
        raise RequestError(
            "Bake selected",
            "no VoidRemove is selected",
            "Select the ones whose results you want as Reads.",
            code="nothing_selected",
        )
    problems: list[VoidError] = []
    for one in selected:
        try:
            baking.bake(one)
        except VoidError as error:
            problems.append(error)
    if problems:
        raise together(problems)


@guarded
def show_panel() -> None:
    """Open the job panel."""
    from host_plugins.nuke_panel import panel

    panel.show()


@guarded
def look_at_installation() -> None:
    """Say what is installed and which server answers."""
    from host_plugins.nuke_panel import doctor

    doctor.start()


@guarded
def test_this_nuke() -> None:
    """Go through the live kit, if the artist wants to wait for it."""
    from host_plugins.nuke_panel import selftest

    if nuke.ask(
        "The self test makes a small script of its own, renders a few frames with this Nuke and "
        "a VOID server, and opens your script again afterwards. It takes a few minutes.\n\nStart?"
    ):
        selftest.start()


@guarded
def show_help() -> None:
    """Open the manual, or say the short of it where that is not there or nothing can show it."""
    import webbrowser

    import bridge

    places = [folder / name for folder in Path(bridge.__file__).parents[1:3] for name in _HELP]
    there = next((place for place in places if place.is_file()), None)
    if there is not None and webbrowser.open(there.as_uri()):
        return
    where = f"Everything else is told in {there}." if there else "The manual is not installed."
    nuke.message(
        f"VOID Bridge {bridge.__version__}\n\n"
        "1. Select a plate and a roto, and choose VOID > VoidRemove.\n"
        "2. Say what should be visible after the removal.\n"
        "3. Press Preview frame, then Remove. Keep working.\n\n"
        f"{where}"
    )


def _nodes_menu() -> None:
    menu = _emptied(nuke.menu("Nodes"))
    menu.addCommand("VoidRemove", create, icon=_icon())
    menu.addCommand("Bake selected", bake_selected)


def _application_menu() -> None:
    menu = _emptied(nuke.menu("Nuke"))
    menu.addCommand("Server panel...", show_panel)
    menu.addSeparator()
    menu.addCommand("Doctor", look_at_installation)
    menu.addCommand("Self test...", test_this_nuke)
    menu.addCommand("Help", show_help)


def _emptied(menu: nuke.Menu) -> nuke.Menu:
    ours: nuke.Menu = menu.addMenu(_MENU, icon=_icon())
    ours.clearMenu()
    return ours


def _icon() -> str:
    """The icon's path as Nuke wants paths; "" where it is missing."""
    return _ICON.as_posix() if _ICON.is_file() else ""


def _register_panel() -> None:
    from host_plugins.nuke_panel import panel

    panel.register()


def _register_callbacks() -> None:
    from host_plugins.nuke_panel import script

    script.register()
