"""One knob of the node, described: what it looks like, what it says, which value it begins with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "tab", "group", "closed_group", "end_group", "text", "line", "prompt", "string", "file",
    "int", "double", "switch", "choice", "button",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Knob:
    """One knob.

    Attributes:
        name: Its name on the node.
        kind: What it looks like and which values it takes.
        label: What it says beside it.
        tooltip: What an artist reads who points at it.
        default: Its value on a new node.
        values: What a ``choice`` offers.
        limits: Ends of the slider of a number, or None.
        same_line: Whether it stands beside the knob before it.
        hidden: Whether nobody sees it.
        saved: Whether its value goes into the script.
    """

    name: str
    kind: Kind
    label: str = ""
    tooltip: str = ""
    default: str | float | bool | None = None
    values: tuple[str, ...] = ()
    limits: tuple[float, float] | None = None
    same_line: bool = False
    hidden: bool = False
    saved: bool = True


def button(name: str, label: str, tooltip: str, *, same_line: bool = True) -> Knob:
    """A button that calls the function of its own name in `host_plugins.nuke_panel.buttons`."""
    return Knob(
        name=name,
        kind="button",
        label=label,
        tooltip=tooltip,
        default=_COMMAND.format(name=name),
        same_line=same_line,
    )


# A script is opened on machines without this package; a button there says so and nothing else.
_COMMAND = """\
import nuke
try:
    from host_plugins.nuke_panel import buttons as _void
except ImportError as error:
    nuke.message("The VOID plug-in cannot be loaded here ({{}}). "
                 "Results that are there are shown without it.".format(error))
else:
    _void.{name}()
"""
