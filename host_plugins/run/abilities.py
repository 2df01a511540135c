"""What a server can do, looked at before anything is exported for it."""

from __future__ import annotations

from collections.abc import Sequence

from bridge.errors import RequestError
from bridge.messages import EngineInfo, Welcome
from bridge.shot import OcioConfig, Parameter, Request, Shot, output_of, protocol_of
from bridge.shot import Sequence as Pictures
from host_plugins.run.order import Order
from host_plugins.run.server import endpoint

AUTO = "auto"
"""The engine that leaves the choice to the server: the first one that is available."""


def check(order: Order, welcome: Welcome) -> None:
    """Refuse an order that this server could only refuse later.

    Raises:
        RequestError: The server is too old for it, or the engine is not available.
    """
    needed = protocol_of(_outline(order))
    if needed > welcome.protocol:
        raise RequestError(
            f"server {endpoint(order.server)}",
            f"it is too old for this (expected protocol {needed[0]}.{needed[1]}, got "
            f"{welcome.protocol[0]}.{welcome.protocol[1]}; void-bridge {welcome.version} there)",
            "Install the same version of void-bridge on both sides.",
            code="protocol_version",
        )
    if welcome.engines and engine_of(order, welcome.engines) is None:
        raise _no_engine(order.engine, welcome.engines)


def engine_of(order: Order, engines: Sequence[EngineInfo]) -> EngineInfo | None:
    """The engine that an order will get, or None when it is not there."""
    fitting = (e for e in engines if e.available and order.engine in (AUTO, e.name))
    return next(fitting, None)


def parameters_of(order: Order, engines: Sequence[EngineInfo]) -> dict[str, Parameter]:
    """The order's parameters that its engine has; all of them while no engine is described."""
    if not engines:
        return dict(order.parameters)
    engine = engine_of(order, engines)
    known = {info.name for info in engine.parameters} if engine is not None else set()
    return {name: value for name, value in order.parameters.items() if name in known}


def _no_engine(engine: str, engines: Sequence[EngineInfo]) -> RequestError:
    reason = next((e.reason for e in engines if e.name == engine and e.reason), "there is none")
    names = ", ".join(e.name for e in engines if e.available) or "none"
    return RequestError(
        f"engine {engine}",
        f"this server cannot run it ({reason}; available: {names})",
        "Choose another engine in the Remove tab.",
        code="engine",
    )


def _outline(order: Order) -> Request:
    """The order as a request without pictures: its fields say which protocol they need."""
    shot = Shot(
        name=order.name,
        plate=Pictures(label="", kind="stills", files=(), frames=()),
        mattes=(),
        first_frame=order.frames.first,
        last_frame=order.frames.last,
        config=None if order.config is None else OcioConfig(order.config.config),
    )
    return Request(shot=shot, output=output_of(order.kinds))
