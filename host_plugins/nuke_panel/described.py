"""Knobs for what a server says its engines can be told.

The description stays in the node, so that a script opened without a server still has the knobs,
and still knows which values are the engine's own defaults.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from html import escape
from typing import cast

import msgspec
import nuke

from bridge.errors import RequestError
from bridge.messages import EngineInfo, ParameterInfo, Welcome
from bridge.parameters import expected, fitted
from bridge.shot import Parameter
from host_plugins.nuke_panel import knobs, usable
from host_plugins.nuke_panel.knob import Kind, Knob
from host_plugins.nuke_panel.laying_out import lay_out
from host_plugins.nuke_panel.own_edit import own_edit
from host_plugins.nuke_panel.unrecorded import unrecorded

AUTO = "auto"
"""The engine that the server chooses."""

STAND_IN = "standin"
"""The engine that runs no model; whoever wants a clean plate does not want it."""

_NO_SETTINGS = "This engine has no settings."
_NO_MODEL = "This engine runs no model: it only shows what happens around one."
_NOT_OFFERED = "the server does not offer it"
_ILLEGAL = re.compile(r"[^A-Za-z0-9_]")


def describe(node: nuke.Node, welcome: Welcome) -> None:
    """Give a node the knobs of a server's engines; values that still fit are kept.

    Engines that only another server offered keep their values, out of sight. A server whose first
    worker is not up yet describes nothing, and nothing changes.
    """
    if not welcome.engines:
        return
    before = engines(node)
    offered = {info.name for info in welcome.engines}
    missing = (_not_offered(info) for info in before if info.name not in offered)
    now = (*welcome.engines, *missing)
    if now == before:
        return
    with unrecorded(), own_edit():
        _replace(node, before, now)
    nuke.root().setModified(True)  # it is worth saving, though no edit of the artist's


def brought_up_to_date(node: nuke.Node) -> None:
    """Give a node all knobs that it has to have, and show those of the chosen engine."""
    lay_out(node, table(node))
    if engines(node):
        _offer(node, engines(node))
    show_chosen(node)
    usable.refresh(node)


def engines(node: nuke.Node) -> tuple[EngineInfo, ...]:
    """The engines that have been described to a node; those of the last server come first."""
    said = node.knob("described")
    text = str(said.value() or "") if said is not None else ""
    try:
        return msgspec.json.decode(text or "[]", type=tuple[EngineInfo, ...])
    except msgspec.DecodeError:  # written by a later version, or by hand
        return ()


def parameters(node: nuke.Node, engine: str) -> dict[str, Parameter]:
    """What an engine shall be told: the values that are not its defaults.

    Args:
        node: A VoidRemove.
        engine: An engine's name, or ``auto``.

    Raises:
        RequestError: A value is not one that the engine takes.
    """
    info = _chosen(engines(node), engine)
    if info is None:
        return {}
    values = {parameter.name: _checked(node, info, parameter) for parameter in info.parameters}
    defaults = {parameter.name: parameter.default for parameter in info.parameters}
    return {name: value for name, value in values.items() if value != defaults[name]}


def show_chosen(node: nuke.Node) -> None:
    """Show the knobs of the chosen engine and hide those of the others."""
    described = engines(node)
    chosen = _chosen(described, str(node["engine"].value()))
    for info in described:
        for parameter in info.parameters:
            node[knob_name(info, parameter)].setVisible(info is chosen)
    said, note = _said_of_settings(chosen), node["parameters_note"]
    note.setVisible(bool(said))
    if said:
        note.setValue(said)


def table(node: nuke.Node) -> tuple[Knob, ...]:
    """All knobs that a node has to have, those of its described engines among them."""
    described = engines(node)
    told = {
        # Two names may be one on a node; a knob that cannot be added would cost all behind it.
        knob_name(info, parameter): _knob(info, parameter)
        for info in described
        for parameter in info.parameters
    }
    told_last = sorted(described, key=_is_for_last)
    tooltip = "".join(f"<br><b>{escape(i.name)}</b>: {escape(_about(i))}" for i in told_last)
    return tuple(
        replace(knob, tooltip=knob.tooltip + tooltip) if knob.name == "engine" else knob
        for knob in knobs.layout(tuple(told.values()))
    )


def knob_name(info: EngineInfo, parameter: ParameterInfo) -> str:
    """The knob of an engine's parameter, e.g. ``p_void_steps``."""
    return _ILLEGAL.sub("_", f"p_{info.name}_{parameter.name}")


def _replace(node: nuke.Node, before: Sequence[EngineInfo], now: Sequence[EngineInfo]) -> None:
    values = {info.name: _values(node, info) for info in before}
    for name in _parameter_names(node, before):
        node.removeKnob(node[name])
    node["described"].setValue(msgspec.json.encode(now).decode())
    brought_up_to_date(node)
    for info in now:
        _fill(node, info, values.get(info.name, {}))


def _not_offered(info: EngineInfo) -> EngineInfo:
    return msgspec.structs.replace(info, available=False, reason=_NOT_OFFERED)


def _chosen(described: Sequence[EngineInfo], engine: str) -> EngineInfo | None:
    """The engine that runs: for ``auto`` the first one that can, as the server takes it."""
    fit = (i for i in described if i.name == engine or (engine == AUTO and i.available))
    return next(fit, None)


def _offer(node: nuke.Node, now: Sequence[EngineInfo]) -> None:
    """What the knob ``engine`` offers; an artist's choice is never changed behind their back."""
    chosen = str(node["engine"].value())
    fit = (i for i in now if i.reason != _NOT_OFFERED or i.name == chosen)
    offered = [i.name for i in sorted(fit, key=_is_for_last)]
    names = [AUTO, *offered, *([] if chosen in {AUTO, *offered} else [chosen])]
    knob = cast(nuke.Enumeration_Knob, node["engine"])
    if list(knob.values()) != names:
        knob.setValues(names)
        knob.setValue(chosen)


def _parameter_names(node: nuke.Node, described: Sequence[EngineInfo]) -> list[str]:
    names = [knob_name(info, parameter) for info in described for parameter in info.parameters]
    return [name for name in names if node.knob(name) is not None]


def _values(node: nuke.Node, info: EngineInfo) -> dict[str, Parameter]:
    """The values that are not defaults; a default follows the server's."""
    found = {p.name: (node.knob(knob_name(info, p)), p.default) for p in info.parameters}
    return {
        name: knob.value()
        for name, (knob, default) in found.items()
        if knob is not None and knob.value() != default
    }


def _fill(node: nuke.Node, info: EngineInfo, values: dict[str, Parameter]) -> None:
    for parameter in info.parameters:
        kept = fitted(parameter, values.get(parameter.name, parameter.default))
        node[knob_name(info, parameter)].setValue(parameter.default if kept is None else kept)


def _checked(node: nuke.Node, info: EngineInfo, parameter: ParameterInfo) -> Parameter:
    said = node[knob_name(info, parameter)].value()
    value = fitted(parameter, type(parameter.default)(said))
    if value is None:
        raise RequestError(
            f"{parameter.label} of engine {info.name}",
            f"it cannot be that (expected {expected(parameter)}, got {said})",
            "Change it on the Remove tab, under Engine settings.",
            code="parameter",
        )
    return value


def _is_for_last(info: EngineInfo) -> bool:
    return info.name == STAND_IN


def _about(info: EngineInfo) -> str:
    about = info.help if info.available else f"not available: {info.reason}"
    return f"{_NO_MODEL} {about}" if info.name == STAND_IN else about


def _said_of_settings(chosen: EngineInfo | None) -> str:
    """What stands among an engine's settings, or in their place; "" for nothing."""
    if chosen is None:
        return knobs.NOT_ASKED
    if chosen.name == STAND_IN:
        return _NO_MODEL
    return "" if chosen.parameters else _NO_SETTINGS


def _knob(info: EngineInfo, parameter: ParameterInfo) -> Knob:
    low, high = parameter.minimum, parameter.maximum
    limits = None if low is None or high is None else (low, high)
    return Knob(
        name=knob_name(info, parameter),
        kind=_kind(parameter),
        label=parameter.label,
        tooltip=escape(parameter.help) + (f" {low:g} to {high:g}." if limits else ""),
        default=parameter.default,
        values=parameter.choices,
        limits=limits,
    )


def _kind(parameter: ParameterInfo) -> Kind:
    if isinstance(parameter.default, bool):
        return "switch"
    if isinstance(parameter.default, str):
        return "choice" if parameter.choices else "string"
    return "int" if isinstance(parameter.default, int) else "double"
