"""The engines of this installation."""

from __future__ import annotations

from collections.abc import Mapping

from bridge.errors import RequestError
from bridge.messages import EngineInfo
from bridge.shot import Parameter
from void_server.engines.cleanplate import CleanPlate
from void_server.engines.engine import Engine

AUTO = "auto"
"""The request's word for: the best engine there is."""


def engines() -> dict[str, Engine]:
    """The engines by name, best first."""
    return {engine.describe().name: engine for engine in (CleanPlate(),)}


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
    """The engine's parameters with the given ones in place of the defaults."""
    return {p.name: given.get(p.name, p.default) for p in info.parameters}


def _available(infos: Mapping[str, EngineInfo]) -> list[str]:
    return [key for key, info in infos.items() if info.available]
