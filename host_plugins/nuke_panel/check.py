"""What a node asks for, read once; all that stands in the way is said in one message."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Literal, TypeVar

import nuke

from bridge import limits
from bridge.errors import RequestError, VoidError
from bridge.sequence import PICTURE_KINDS, PictureKind
from bridge.shot import Role
from bridge.submission import Transport
from host_plugins.nuke_panel import color, described, folders, frame_range, licence
from host_plugins.run import abilities, problems, server
from host_plugins.run.order import MAIN, Order, Purpose

INPUTS: dict[str, int] = {"plate": 0, "remove": 1, "affected": 2, "keep": 3}
"""The node's inputs, by the names of the Input nodes inside."""

_ROLES: tuple[Role, ...] = ("remove", "affected", "keep")
_ALPHA = "rgba.alpha"
_KINDS: dict[str, tuple[PictureKind, ...]] = {
    "Patch": ("patch",),
    "Patch and comp": ("comp", "patch"),
    "All": PICTURE_KINDS,
}
_TRANSPORTS: dict[str, Transport] = {"Auto": "auto", "Shared path": "path", "Stream": "stream"}
_DATATYPES: dict[str, Literal["half", "float"]] = {"16 bit half": "half", "32 bit float": "float"}

T = TypeVar("T")


def order(node: nuke.Node, purpose: Purpose) -> Order:
    """Read the node; on the main thread.

    Raises:
        VoidError: Something is missing or cannot be; all of it is in one error.
    """
    found = _Problems()
    found.asked(licence.check, node)
    frames = found.asked(frame_range.preview if purpose == "preview" else frame_range.wanted, node)
    for role in _ROLES:
        found.asked(_check_matte, node, role)
    found.asked(_check_prompt, node)
    found.all += _beyond_limits(node)
    parameters = found.asked(described.parameters, node, _text(node, "engine"))
    out = found.asked(folders.results, node, purpose)
    if out is not None:
        found.asked(folders.check_writable, out)
    views = found.asked(_views, node)
    space = found.asked(color.working_space, _text(node, "colorspace"))
    found.asked(_check_server, node)
    if (
        found.all
        or frames is None
        or parameters is None
        or out is None
        or views is None
        or space is None
    ):
        raise problems.together(found.all)
    return Order(
        name=folders.name_of(node),
        purpose=purpose,
        frames=frames,
        views=views,
        roles=connected(node),
        colorspace=space.colorspace,
        config=space.config,
        server=server.endpoint(_text(node, "server")),
        server_key=server.server_key(),
        out=out,
        exports=folders.exports(node),
        frame_bytes=_frame_bytes(node),
        parameters=parameters,
        **_settings(node),
    )


def connected(node: nuke.Node) -> tuple[Role, ...]:
    """The mattes that something is connected to."""
    return tuple(role for role in _ROLES if node.input(INPUTS[role]) is not None)


def note(node: nuke.Node) -> str:
    """What the artist should know of an order that has passed; "" for nothing."""
    return color.working_space(_text(node, "colorspace")).note


class _Problems:
    """Asks on after a problem, so that an artist hears of all of them at once."""

    def __init__(self) -> None:
        self.all: list[VoidError] = []

    def asked(self, question: Callable[..., T], *args: object) -> T | None:
        try:
            return question(*args)
        except VoidError as problem:
            self.all.append(problem)
            return None


def _settings(node: nuke.Node) -> dict[str, Any]:
    """What was checked already, or needs no check: the knobs refuse what is no value."""
    return {
        **_bounded(node),
        "engine": _text(node, "engine"),
        "kinds": _KINDS[_text(node, "files")],
        "missing": _text(node, "missing").lower(),
        "transport": _TRANSPORTS[_text(node, "transport")],
        "datatype": _DATATYPES[_text(node, "datatype")],
        "export_again": bool(node["export_again"].value()),
        "keep_exports": bool(node["keep_exports"].value()),
    }


def _bounded(node: nuke.Node) -> dict[str, Any]:
    return {
        "prompt": _text(node, "prompt"),
        "seed": int(node["seed"].value()),
        "grow": float(node["grow"].value()),
        "feather": float(node["feather"].value()),
    }


def _beyond_limits(node: nuke.Node) -> list[RequestError]:
    return limits.exceeded(node.name(), **_bounded(node))


def _frame_bytes(node: nuke.Node) -> int:
    """Of one frame's plate and mattes, before they are packed."""
    plate = node.input(INPUTS["plate"])
    pixels = 0 if plate is None else plate.format().width() * plate.format().height()
    values = 2 if _DATATYPES[_text(node, "datatype")] == "half" else 4
    return pixels * values * (3 + len(connected(node)))


def _text(node: nuke.Node, knob: str) -> str:
    """A knob's text as it stands there: TCL in a prompt is no TCL."""
    return str(node[knob].value() or "").strip()


def _check_matte(node: nuke.Node, role: Role) -> None:
    matte, plate = node.input(INPUTS[role]), node.input(INPUTS["plate"])
    if matte is None:
        if role == "remove":
            raise RequestError(
                "matte",
                "nothing is connected",
                'Connect a matte to input "remove". White = remove.',
                code="no_matte",
            )
        return
    if _ALPHA not in matte.channels():
        raise RequestError(
            f"{role} matte {matte.name()}",
            "it has no alpha",
            "Give it one: the alpha says what goes.",
            code="no_alpha",
        )
    if plate is not None and _size(matte) != _size(plate):
        raise RequestError(
            f"{role} matte {matte.name()}",
            f"its size is another than the plate's (expected {_size(plate)}, got {_size(matte)})",
            "Reformat one of them; nothing was resized for you.",
            code="matte_size",
        )


def _size(node: nuke.Node) -> str:
    return f"{node.format().width()}x{node.format().height()}"


def _check_prompt(node: nuke.Node) -> None:
    if _text(node, "engine") in abilities.NEEDS_WORDS and not _text(node, "prompt"):
        raise RequestError(
            "prompt",
            "it is empty, and the engine void works by it",
            'Describe what should be visible after the removal, e.g. "An empty brick wall."',
            code="prompt",
        )


def _check_server(node: nuke.Node) -> None:
    """See that the address is one; whether anybody is there is the run's business."""
    server.dial(_text(node, "server")).close()


def _views(node: nuke.Node) -> tuple[str, ...]:
    """The views to do; a script with one view has none to speak of."""
    there = nuke.views()
    asked = [name for name in re.split(r"[\s,]+", _text(node, "views")) if name]
    unknown = [name for name in asked if name not in there]
    if unknown:
        raise RequestError(
            "views",
            f"the script has no view {unknown[0]!r} (expected {', '.join(there)})",
            "Correct it in the Advanced tab, or leave it empty for all.",
            code="unknown_view",
        )
    if len(there) == 1:
        return (MAIN,)
    return tuple(name for name in there if name in (asked or there))
