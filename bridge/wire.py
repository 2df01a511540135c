"""The two ends of a connection. `bridge.envelope` says what passes between them.

Sockets never linger and never use ZMQ's heartbeats, which drop messages of a peer that is merely
slow (https://github.com/zeromq/libzmq/issues/3937). A socket belongs to one thread.
"""

from __future__ import annotations

import errno
import functools
import os
import secrets
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

import msgspec
import zmq

from bridge.curve import ClientCurve, ServerCurve, needs_keys
from bridge.envelope import (
    CREDIT,
    MAX_CHUNK,
    MAX_FRAMES,
    MAX_HEADER,
    PROTOCOL,
    Expected,
    Incoming,
    Payload,
    ProtocolError,
    decode,
    encode,
)
from bridge.errors import ConnectionLost, RequestError, ServerError
from bridge.messages import Failed, Message

__all__ = [
    "CREDIT",
    "MAX_CHUNK",
    "PROTOCOL",
    "WHAT_TO_CHECK",
    "Dealer",
    "Incoming",
    "Payload",
    "ProtocolError",
    "Router",
    "wait",
]

WHAT_TO_CHECK = (
    "Is void-server running there? If it asks for keys: is yours allowed, and is the server's key "
    "the right one?"
)
"""What to do about a server that does not answer."""

# Room for every answer that may be owed to one peer. ZMQ counts messages as gone only in batches
# of half the limit, so a limit of N is sure to hold no more than N / 2 + 1.
_ANSWERS = 2 * (CREDIT + 1)
_SEND_SECONDS = 5.0
_HANDSHAKE_SECONDS = 5.0
_ZERO_COPY = 65536  # pyzmq copies anything smaller in any case


@functools.cache
def _context(pid: int) -> zmq.Context[zmq.Socket[bytes]]:
    # Keyed by process: a context inherited through fork accepts messages and delivers none.
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    context.linger = 0
    return context


class _End:
    """What the two kinds of socket share."""

    def __init__(
        self, socket: zmq.Socket[bytes], endpoint: str, receives: Expected, hwm: int
    ) -> None:
        self._socket = socket
        self._receives = receives
        self._pid = os.getpid()
        self.endpoint = endpoint
        socket.linger = 0
        socket.rcvhwm = hwm
        socket.sndhwm = max(hwm, _ANSWERS)
        socket.maxmsgsize = MAX_HEADER
        socket.sndtimeo = round(_SEND_SECONDS * 1000)
        socket.handshake_ivl = round(_HANDSHAKE_SECONDS * 1000)
        socket.ipv6 = "[" in endpoint
        socket.tcp_keepalive = 1
        socket.tcp_keepalive_idle = 30
        socket.tcp_keepalive_intvl = 10
        socket.tcp_keepalive_cnt = 3

    @property
    def port(self) -> int:
        """TCP port, or 0 for endpoints without one."""
        return urlsplit(self.endpoint).port or 0

    def close(self) -> None:
        """Close the socket; what was not sent yet is dropped."""
        self._socket.close(linger=0)

    def _poll(self, timeout: float) -> bool:
        self._check_process()
        return bool(self._socket.poll(max(0, round(timeout * 1000))))

    def _check_process(self) -> None:
        if os.getpid() != self._pid:
            raise RuntimeError("a socket was used after fork; its messages would go nowhere")

    def _put(self, frames: Sequence[Payload], flags: int = 0) -> None:
        self._check_process()
        big = len(frames[-1]) >= _ZERO_COPY
        self._socket.send_multipart(frames, flags=flags, copy=not big)

    def _take(self) -> list[zmq.Frame]:
        """All frames of the next message, or rather no more of them than can be right."""
        frames = [self._socket.recv(copy=False)]
        more = frames[0].more
        while more:
            frame = self._socket.recv(copy=False)
            more = frame.more
            if len(frames) < MAX_FRAMES + 2:
                frames.append(frame)
        return frames


class Dealer(_End):
    """The calling end of a connection. Dials at once, and again whenever the line drops.

    Args:
        endpoint: Where the other end is bound, e.g. ``tcp://127.0.0.1:5599``.
        curve: Keys, when the other end asks for them.
        receives: The structs that may arrive.
        hwm: Messages held per direction when the other end is slow.

    Raises:
        RequestError: The endpoint is none.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        curve: ClientCurve | None = None,
        receives: Expected = Message,
        hwm: int = 16,
    ) -> None:
        _check_port(endpoint)
        super().__init__(_context(os.getpid()).socket(zmq.DEALER), endpoint, receives, hwm)
        try:
            if curve is not None:
                curve.secure(self._socket)
            self._socket.reconnect_ivl_max = 1000
            self._socket.connect(endpoint)
        except zmq.ZMQError as error:
            self.close()
            raise _bad_endpoint(endpoint, zmq.strerror(error.errno or 0)) from error
        except RequestError:
            self.close()
            raise

    def send(
        self,
        message: msgspec.Struct,
        payload: Payload | None = None,
        request: bytes | None = None,
    ) -> bytes:
        """Send a message and return its request id.

        Args:
            message: The header.
            payload: Raw bytes for `Put` and `Chunk`. Must not change until the answer is there.
            request: Request id, when a question is repeated; otherwise a new one is made.

        Raises:
            ConnectionLost: The other end has taken nothing for 5 s, or has refused our key.
            ProtocolError: The message does not fit on the wire.
        """
        request = request or secrets.token_bytes(16)
        try:
            self._put(encode(message, payload, request))
        except zmq.Again as error:
            raise ConnectionLost(
                self.endpoint,
                f"it takes no messages (waited {_SEND_SECONDS:g} s)",
                WHAT_TO_CHECK,
                code="server_down",
            ) from error
        return request

    def receive(self, timeout: float) -> Incoming | None:
        """The next message, or None when none came within ``timeout`` seconds.

        Raises:
            ProtocolError: What came is no message, or of another protocol major.
        """
        if not self._poll(timeout):
            return None
        return decode([frame.buffer for frame in self._take()], self._receives)


class Router(_End):
    """The called end of many connections. Nothing it does can block.

    What cannot be decoded is answered with `Failed` here and never reaches the caller.

    Args:
        endpoint: Where to bind; port ``0`` or ``*`` takes a free one (see `endpoint`, `port`).
        curve: Keys and allow-list; without them only this machine may call.
        receives: The structs that may arrive.
        hwm: Messages held per connection and direction.

    Raises:
        RequestError: Other machines could call, and there are no keys; or no such endpoint.
        ServerError: The address is taken, or the allow-list does not refuse a stranger.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        curve: ServerCurve | None = None,
        receives: Expected = Message,
        hwm: int = 64,
    ) -> None:
        _check_port(endpoint)
        if curve is None and needs_keys(endpoint):
            raise RequestError(
                endpoint,
                "other machines could reach it, and there are no keys to tell them apart",
                "Make keys (void keys new), list the clients (void keys allow KEY NAME), or bind "
                "127.0.0.1.",
                code="keys_needed",
            )
        context = curve.context if curve else _context(os.getpid())
        super().__init__(context.socket(zmq.ROUTER), endpoint, receives, hwm)
        self._secure = curve is not None
        try:
            self._bind(endpoint, curve)
        except Exception:
            self.close()
            raise

    def receive(self, timeout: float) -> Incoming | None:
        """The next good message, or None when none came within ``timeout`` seconds."""
        deadline = time.monotonic() + timeout
        while self._poll(deadline - time.monotonic()):
            peer, *frames = self._take()
            try:
                message = decode([frame.buffer for frame in frames], self._receives)
            except ProtocolError as error:
                if error.request:
                    self.send(peer.bytes, error.request, Failed(error.record()))
                continue
            return Incoming(
                peer.bytes,
                self._user(frames[0]),
                message.request,
                message.message,
                message.payload,
            )
        return None

    def send(
        self,
        peer: bytes,
        request: bytes,
        message: msgspec.Struct,
        payload: Payload | None = None,
    ) -> bool:
        """Answer; False when the peer is gone or takes nothing more, and will have to ask again.

        Raises:
            ProtocolError: The message does not fit on the wire.
        """
        try:
            self._put([peer, *encode(message, payload, request)], zmq.NOBLOCK)
        except zmq.ZMQError as error:
            if error.errno in (zmq.EAGAIN, zmq.EHOSTUNREACH):
                return False
            raise
        return True

    def _bind(self, endpoint: str, curve: ServerCurve | None) -> None:
        self._socket.router_mandatory = True
        if curve is not None:
            curve.secure(self._socket)
        try:
            self._socket.bind(endpoint)
        except zmq.ZMQError as error:
            if error.errno in (errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES):
                raise ServerError(
                    endpoint,
                    f"it cannot be listened on ({zmq.strerror(error.errno)})",
                    "Is a server running there already? Otherwise choose another address.",
                    code="address",
                ) from error
            raise _bad_endpoint(endpoint, zmq.strerror(error.errno or 0)) from error
        self.endpoint = str(self._socket.get_string(zmq.LAST_ENDPOINT)).rstrip("\0")
        if curve is not None:
            curve.prove(self.endpoint)

    def _user(self, frame: zmq.Frame) -> str:
        return str(frame.get("User-Id")) if self._secure else ""


def wait(routers: Sequence[Router], timeout: float) -> list[Router]:
    """Those of the routers that have something to receive, after at most ``timeout`` seconds."""
    poller = zmq.Poller()
    for router in routers:
        poller.register(router._socket, zmq.POLLIN)
    ready = dict(poller.poll(max(0, round(timeout * 1000))))
    return [router for router in routers if router._socket in ready]


def _check_port(endpoint: str) -> None:
    """ZMQ would take port 99999 and listen on 34463."""
    try:
        _ = urlsplit(endpoint.replace(":*", ":0")).port
    except ValueError as error:
        raise _bad_endpoint(endpoint, "its port is no number from 0 to 65535") from error


def _bad_endpoint(endpoint: str, reason: str) -> RequestError:
    return RequestError(
        f"address {endpoint!r}",
        f"it is none ({reason})",
        "Write it like tcp://127.0.0.1:5599.",
        code="endpoint",
    )
