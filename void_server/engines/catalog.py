"""The engines of this installation."""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import cast

from bridge.errors import RequestError
from bridge.messages import EngineInfo
from bridge.parameters import fitted
from bridge.shot import Parameter
from void_server.engines.cleanplate import CleanPlate
from void_server.engines.deferred import Deferred
from void_server.engines.engine import Engine
from void_server.engines.standin.engine import StandIn
from void_server.engines.void import settings as void
from void_server.engines.void.layout import Layout, why_unavailable

AUTO = "auto"
"""The request's word for: the best engine there is."""

NEEDED_BY_VOID = ("torch", "diffusers", "transformers", "safetensors")
"""Modules of the ``void`` extra."""


def engines(*, device: str, weights: Path, cache: Path) -> dict[str, Engine]:
    """The engines by name, the one that ``auto`` takes first.

    On a CPU the model would need hours for what ``cleanplate`` does in minutes.

    Args:
        device: Device of this worker, e.g. ``cpu``, ``cuda:0`` or ``cuda:0+cuda:1``.
        weights: Folder of the model's files.
        cache: Folder of what engines keep to be faster next time.
    """
    model = Deferred(
        describe=functools.partial(_describe_void, device=device, weights=weights),
        module="void_server.engines.void.engine",
        make=functools.partial(_make_void, device=device, weights=weights, cache=cache),
    )
    best_first = (CleanPlate(), model) if device == "cpu" else (model, CleanPlate())
    return {engine.describe().name: engine for engine in (*best_first, StandIn())}


def import_available(offered: Iterable[Engine]) -> None:
    """Import the code of what is available, so that the first job need not. From any thread."""
    for engine in offered:
        if isinstance(engine, Deferred) and engine.describe().available:
            engine.import_code()


def choose(name: str, offered: Mapping[str, Engine]) -> Engine:
    """The engine a request asks for; ``auto`` takes the best that is available.

    Raises:
        RequestError: No engine of that name is offered, or it is not available.
    """
    infos = {key: engine.describe() for key, engine in offered.items()}
    if name == AUTO:
        return next(offered[key] for key, info in infos.items() if info.available)
    info = infos.get(name)
    if info is None or not info.available:
        reason = f"it is not available: {info.reason}" if info else "this server does not offer it"
        raise RequestError(
            f"engine {name}",
            f"{reason} (expected one of {AUTO}, {', '.join(_available(infos))})",
            code="engine",
        )
    return offered[name]


def complete(info: EngineInfo, given: Mapping[str, Parameter]) -> dict[str, Parameter]:
    """The engine's parameters with the given ones, where they fit, in place of the defaults."""
    found = {p.name: fitted(p, given.get(p.name, p.default)) for p in info.parameters}
    defaults = {p.name: p.default for p in info.parameters}
    return defaults | {name: value for name, value in found.items() if value is not None}


def _available(infos: Mapping[str, EngineInfo]) -> list[str]:
    return [key for key, info in infos.items() if info.available]


def _describe_void(*, device: str, weights: Path) -> EngineInfo:
    reason = _not_installed() or why_unavailable(Layout(weights))
    return void.description(device=device, available=not reason, reason=reason)


def _not_installed() -> str:
    """Why the engine's code cannot run; "" when it can. Imports nothing: torch takes seconds."""
    lacking = [name for name in NEEDED_BY_VOID if importlib.util.find_spec(name) is None]
    if not lacking:
        return ""
    return f"{', '.join(lacking)} not installed: pip install 'void-bridge[void]'"


def _make_void(module: ModuleType, *, device: str, weights: Path, cache: Path) -> Engine:
    return cast(Engine, module.Void(device=device, weights=weights, cache=cache))
