"""Clients for a panel: impatient ones, since a panel soon asks again."""

from __future__ import annotations

from bridge.client import Client
from host_plugins.run import server

DEFAULT_ENDPOINT = "tcp://127.0.0.1:5599"
"""Where ``void-server`` listens unless told otherwise."""

_TIMEOUT = 2.0
"""Seconds to wait for an answer."""


def dial(endpoint: str) -> Client:
    """A client of a server; nothing is asked yet.

    Raises:
        RequestError: The address is malformed, or this machine has no keys where they are needed.
    """
    return server.dial(endpoint, timeout=_TIMEOUT)


def is_set_for_all() -> bool:
    """Whether ``VOID_SERVER`` names the server, so that no other can be chosen."""
    return bool(server.endpoint(""))
