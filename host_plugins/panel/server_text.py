"""What a panel says of a server."""

from __future__ import annotations

from bridge.messages import Welcome
from bridge.wording import availability, duration


def heading(welcome: Welcome) -> str:
    """What answers: name, version, protocol and devices."""
    major, minor = welcome.protocol
    devices = f" on {', '.join(welcome.devices)}" if welcome.devices else ""
    return f"void-server {welcome.version}{devices}, protocol {major}.{minor}"


def lines(welcome: Welcome) -> list[str]:
    """The engines, a line each; one that is not there comes with the reason."""
    if not welcome.engines:
        return ["its workers are starting"]
    return [f"{engine.name}: {availability(engine)}" for engine in welcome.engines]


def silence(seconds: float | None) -> str:
    """What to say of a server that does not answer now.

    Args:
        seconds: Time since it last answered; None if it never did.
    """
    if seconds is None:
        return "no server answers there"
    return f"it has not answered for {duration(seconds)}; the list is as it was then"
