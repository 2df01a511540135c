"""Which server a run talks to, and how: what the environment says wins over the node.

A studio sets ``VOID_SERVER`` once for everybody; scripts that name another server still run.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from bridge.client import Client
from bridge.curve import ClientCurve, show
from bridge.settings import variable
from bridge.user_folders import keys_folder
from host_plugins.run.order import Order

TIMEOUT = 5.0
"""Seconds to wait for an answer."""


def endpoint(knob: str, environ: Mapping[str, str] = os.environ) -> str:
    """The server's address: ``VOID_SERVER``, else what the knob says."""
    return environ.get(variable("server")) or knob.strip()


def server_key(knob: str = "", environ: Mapping[str, str] = os.environ) -> str:
    """The server's public key: ``VOID_SERVER_KEY``, else what the knob says; "" for none."""
    return environ.get(variable("server_key")) or knob.strip()


def dial(
    address: str,
    key: str = "",
    *,
    timeout: float = TIMEOUT,
    environ: Mapping[str, str] = os.environ,
) -> Client:
    """A client of a server; nothing is asked yet.

    Args:
        address: What the knob says.
        key: The server's public key as the knob says it, or "".
        timeout: Seconds to wait for an answer.
        environ: The process environment.

    Raises:
        RequestError: The address or a key is malformed, or this machine has no keys of its own.
    """
    public = server_key(key, environ)
    curve = ClientCurve(show(keys_folder(environ)), public) if public else None
    return Client(endpoint(address, environ), curve=curve, timeout=timeout)


def connect(order: Order, *, timeout: float = TIMEOUT) -> Client:
    """A client of the server that an order names; nothing is asked yet.

    Raises:
        RequestError: The address or a key is malformed, or this machine has no keys of its own.
    """
    return dial(order.server, order.server_key, timeout=timeout)
