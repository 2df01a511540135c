"""What a server can do, looked at before anything is exported for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bridge import limits
from bridge.errors import RequestError
from bridge.messages import EngineInfo, Welcome
from bridge.parameters import expected, fitted
from bridge.shot import OcioConfig, Parameter, Request, Shot, output_of, protocol_of
from bridge.shot import Sequence as Pictures
from host_plugins.run.order import Order
from host_plugins.run.problems import together
from host_plugins.run.server import endpoint

AUTO = "auto"
"""The engine that leaves the choice to the server: the first one that is available."""

NEEDS_WORDS = frozenset({"void"})
"""Engines whose result is nobody's wish without a prompt."""


def check(order: Order, welcome: Welcome) -> None:
    """Refuse an order that this server could only refuse later, or do without its words.

    Raises:
        RequestError: The server is too old for it, the engine is not available or has no prompt
            to work by, or a value goes too far; all of it is in one error.
    """
    found = [*_too_old(order, welcome), *_beyond_limits(order)]
    if welcome.engines:
        engine = engine_of(order, welcome.engines)
        if engine is None:
            found.append(_no_engine(order.engine, welcome.engines))
        else:
            found += [*_wordless(order, engine), *_unfit(order, engine)]
    if found:
        raise together(found)


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


def _too_old(order: Order, welcome: Welcome) -> Iterator[RequestError]:
    needed = protocol_of(_outline(order))
    if needed > welcome.protocol:
        yield RequestError(
            f"server {endpoint(order.server)}",
            f"it is too old for this (expected protocol {needed[0]}.{needed[1]}, got "
            f"{welcome.protocol[0]}.{welcome.protocol[1]}; void-bridge {welcome.version} there)",
            "Install the same version of void-bridge on both sides.",
            code="protocol_version",
        )


def _beyond_limits(order: Order) -> list[RequestError]:
    """The order's values that go too far for any server."""
    return limits.exceeded(
        order.name,
        grow=order.grow,
        feather=order.feather,
        seed=order.seed,
        prompt=order.prompt,
    )


def _wordless(order: Order, engine: EngineInfo) -> Iterator[RequestError]:
    if engine.name in NEEDS_WORDS and not order.prompt.strip():
        chosen = ", which this server chooses," if order.engine == AUTO else ""
        yield RequestError(
            "prompt",
            f"it is empty, and the engine {engine.name}{chosen} works by it",
            'Describe what should be visible after the removal, e.g. "An empty brick wall."',
            code="prompt",
        )


def _unfit(order: Order, engine: EngineInfo) -> Iterator[RequestError]:
    """What the engine refuses; the host may have been told of it by another server."""
    for info in engine.parameters:
        value = order.parameters.get(info.name)
        if value is not None and fitted(info, value) is None:
            yield RequestError(
                f"{info.label} of engine {engine.name}",
                f"it cannot be that (expected {expected(info)}, got {value!r:.100})",
                code="parameter",
            )


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
