"""Encrypted connections: who may talk to a server, and how a client knows it is the right one.

CURVE encrypts a connection and proves both ends' keys, but by itself it admits every client that
knows the server's public key. The allow-list does the rest: a server asks it (over ZMQ's own
authentication protocol, ZAP) about each client key, before one message gets through. The domain
is set and enforced, so that a dead allow-list admits nobody instead of everybody.

Source: https://rfc.zeromq.org/spec/26/ (CURVE), https://rfc.zeromq.org/spec/27/ (ZAP).
"""

from __future__ import annotations

import ipaddress
import threading
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import zmq
from zmq.utils import z85

from bridge import keys
from bridge.errors import RequestError, ServerError
from bridge.keys import KeyPair, allow, allowed, show

__all__ = ["ClientCurve", "KeyPair", "ServerCurve", "allow", "allowed", "new_keys", "show"]

DOMAIN = b"void"
"""Name under which the allow-list is asked; with enforcement on, silence means refusal."""

SELF_TEST_SECONDS = 5.0
"""How long a server that dials itself waits to be refused; locally it takes milliseconds."""

_ZAP = "inproc://zeromq.zap.01"
_ZAP_VERSION = b"1.0"
_STOP = b"stop"


def new_keys(folder: Path) -> KeyPair:
    """Make this machine's key pair and keep it in ``folder``.

    Raises:
        RequestError: There is one already, or the folder cannot be written.
    """
    pair = _fresh_pair()
    keys.keep(folder, pair)
    return pair


@dataclass(frozen=True)
class ClientCurve:
    """A client's side: its own key pair, and the public key that the server must prove."""

    keys: KeyPair
    server: str

    def secure(self, socket: zmq.Socket[bytes]) -> None:
        """Set the keys on a socket that has not dialled yet.

        Raises:
            RequestError: The server's key is no public key.
        """
        keys.check_public(self.server, "server key")
        socket.curve_publickey = self.keys.public.encode()
        socket.curve_secretkey = self.keys.secret.encode()
        socket.curve_serverkey = self.server.encode()


class ServerCurve:
    """A server's side: its key pair, and the allow-list at work in a thread of its own.

    The allow-list is read anew for every connection, so `allow` needs no restart. ZMQ knows one
    allow-list per context, hence the context here: sockets secured by this object live in it.

    Args:
        folder: A key folder, as `new_keys` makes it. Its own key is always let in.

    Raises:
        RequestError: There are no keys in it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._keys = show(folder)
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.context.linger = 0
        door = self.context.socket(zmq.REP)
        door.bind(_ZAP)
        self._thread = threading.Thread(target=self._guard, args=(door,), name="allow-list")
        self._thread.daemon = True
        self._thread.start()

    @property
    def public(self) -> str:
        """The public key that clients must know the server by."""
        return self._keys.public

    def secure(self, socket: zmq.Socket[bytes]) -> None:
        """Set the keys on a socket that is not bound yet."""
        socket.curve_publickey = self._keys.public.encode()
        socket.curve_secretkey = self._keys.secret.encode()
        socket.curve_server = True
        socket.zap_domain = DOMAIN
        socket.setsockopt(zmq.ZAP_ENFORCE_DOMAIN, 1)

    def prove(self, endpoint: str) -> None:
        """Dial a bound endpoint with a key nobody knows, and make sure that it is refused.

        Raises:
            ServerError: The stranger was let in, or nothing was decided in time.
        """
        event = _knock(_local(endpoint), self.public)
        if event != zmq.EVENT_HANDSHAKE_FAILED_AUTH:
            outcome = "was let in" if event == zmq.EVENT_HANDSHAKE_SUCCEEDED else "got no answer"
            raise ServerError(
                endpoint,
                f"a client with an unknown key {outcome} (expected: refused)",
                "Do not offer this server to a network; report it.",
                code="not_secure",
            )

    def close(self) -> None:
        """Stop the allow-list. Close the sockets it guards first."""
        with self.context.socket(zmq.REQ) as bell:
            bell.connect(_ZAP)
            bell.send(_STOP)
            self._thread.join()
        self.context.destroy(linger=0)

    def _guard(self, door: zmq.Socket[bytes]) -> None:
        with door:
            while (question := door.recv_multipart()) != [_STOP]:
                door.send_multipart(self._answer(question))

    def _answer(self, question: list[bytes]) -> list[bytes]:
        """The ZAP reply: version, request id, status, text, user id, metadata."""
        request = question[1] if len(question) > 1 else b""
        user = self._admitted(question)
        status = [b"200", b"OK"] if user else [b"400", b"unknown key"]
        return [_ZAP_VERSION, request, *status, user, b""]

    def _admitted(self, question: list[bytes]) -> bytes:
        """The client's public key if it is on the list, otherwise nothing."""
        if len(question) != 7:
            return b""
        version, _, domain, _, _, mechanism, credentials = question
        if (version, domain, mechanism, len(credentials)) != (_ZAP_VERSION, DOMAIN, b"CURVE", 32):
            return b""
        key = z85.encode(credentials)
        try:
            listed = {self.public, *allowed(self._folder).values()}
        except RequestError:
            return b""
        return key if key.decode() in listed else b""


def needs_keys(endpoint: str) -> bool:
    """Whether an endpoint can be reached from other machines, so that it must be secured."""
    parts = urlsplit(endpoint)
    if parts.scheme in ("", "ipc", "inproc") or parts.hostname == "localhost":
        return False
    try:
        return not ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return True  # "*", an interface or a host name: anything may be behind it


def _knock(endpoint: str, server: str) -> int:
    """Dial with a fresh key and return the event that ends the handshake, or 0 after a while."""
    # Only servers knock: the module brings asyncio along, for which a host would wait.
    from zmq.utils.monitor import recv_monitor_message

    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    socket = context.socket(zmq.DEALER)
    ClientCurve(_fresh_pair(), server).secure(socket)
    ends = (
        zmq.EVENT_HANDSHAKE_FAILED_AUTH
        | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
        | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
        | zmq.EVENT_HANDSHAKE_SUCCEEDED
    )
    monitor = socket.get_monitor_socket(ends)
    try:
        socket.ipv6 = "[" in endpoint
        socket.connect(endpoint)
        if not monitor.poll(round(SELF_TEST_SECONDS * 1000)):
            return 0
        return int(recv_monitor_message(monitor)["event"])
    finally:
        socket.disable_monitor()  # termination would wait for it
        monitor.close(linger=0)
        context.destroy(linger=0)


def _fresh_pair() -> KeyPair:
    public, secret = zmq.curve_keypair()
    return KeyPair(public.decode(), secret.decode())


def _local(endpoint: str) -> str:
    """How this machine reaches an endpoint that is bound to all of its addresses."""
    return endpoint.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")
