"""What a message looks like on the wire, and how it is checked. No sockets here.

One message is two or three ZMQ frames (after the routing frame that a ROUTER sees first)::

    ┌──────────┬───────┬──────────────────┐
    │  "VOID"  │ major │    request id    │   4 + 1 + 16 bytes
    ├──────────┴───────┴──────────────────┤
    │  header: one struct, as msgpack     │   at most MAX_HEADER bytes
    ├─────────────────────────────────────┤
    │  payload, with Put and Chunk only   │   at most MAX_CHUNK bytes
    └─────────────────────────────────────┘

An answer carries the request id of its question. The first frame never changes its layout, so
that any two versions can tell each other what they speak. `docs/protocol.md` has the rest.
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from types import UnionType
from typing import Any, cast

import msgspec

from bridge.errors import RequestError
from bridge.messages import Chunk, Message, Put

PROTOCOL = (1, 2)
"""(major, minor). A new major is another language; a new minor adds to the same one."""

MAX_CHUNK = 1 << 20
"""Largest payload, bytes. 1 MiB is faster than whole frames and delays nothing (measured)."""

MAX_HEADER = 4 << 20
"""Largest header, bytes: a request of some 10,000 files."""

CREDIT = 10
"""Chunks that may be under way at once on one connection.

Source: ZeroMQ guide, chapter 7, "Transferring files"."""

MAGIC = b"VOID"
"""How every message begins."""

MAX_FRAMES = 3
"""Frames of the largest message."""

Payload = bytes | bytearray | memoryview
"""Raw bytes next to a header."""

Expected = type[msgspec.Struct] | UnionType
"""The struct, or the union of structs, that may arrive."""

_PREAMBLE = struct.Struct("!4sB16s")
_CARRIERS = (Put, Chunk)


class ProtocolError(RequestError):
    """What arrived is no message. ``request`` is its request id, if that much could be read."""

    def __init__(self, text: str, hint: str = "", *, code: str, request: bytes = b"") -> None:
        super().__init__("message", text, hint, code=code)
        self.request = request


@dataclass(frozen=True)
class Incoming:
    """A message that arrived.

    Attributes:
        peer: Where to send the answer; means nothing beyond this connection.
        user: The sender's public CURVE key, or "" without CURVE. The only proof of who asks.
        request: Request id, 16 bytes.
        message: The header, one of the structs that the socket was told to expect.
        payload: Raw bytes with `Put` and `Chunk`, otherwise None.
    """

    peer: bytes
    user: str
    request: bytes
    message: Any
    payload: memoryview | None


def encode(message: msgspec.Struct, payload: Payload | None, request: bytes) -> list[Payload]:
    """The frames of a message.

    Raises:
        ProtocolError: It does not fit: header or payload too large, text that is no Unicode.
    """
    try:
        header = msgspec.msgpack.encode(message)
    except (OverflowError, UnicodeError) as error:
        raise ProtocolError(
            f"it cannot be sent ({error})",
            "Use numbers of at most 64 bits and file names that are valid Unicode.",
            code="bad_message",
        ) from error
    _check_sizes(header, payload, request)
    frames: list[Payload] = [_PREAMBLE.pack(MAGIC, PROTOCOL[0], request), header]
    return frames if payload is None else [*frames, payload]


def decode(frames: Sequence[Payload], receives: Expected = Message) -> Incoming:
    """The message in some frames, routing frame removed.

    Args:
        frames: What arrived, as it arrived.
        receives: What is expected.

    Raises:
        ProtocolError: Anything is wrong with them. Never raises anything else.
    """
    request = _request_id(frames)
    if not 2 <= len(frames) <= MAX_FRAMES:
        raise ProtocolError(
            f"it has the wrong number of frames (expected 2 or 3, got {len(frames)})",
            code="bad_message",
            request=request,
        )
    payload = memoryview(frames[2]) if len(frames) == MAX_FRAMES else None
    _check_sizes(frames[1], payload, request)
    try:
        message = _decoder(receives).decode(frames[1])
    except (msgspec.DecodeError, UnicodeError, RecursionError, OverflowError) as error:
        raise ProtocolError(
            f"its header cannot be read ({error})", code="bad_message", request=request
        ) from error
    if (payload is not None) != isinstance(message, _CARRIERS):
        rule = "needs a" if payload is None else "carries no"
        raise ProtocolError(
            f"{type(message).__name__} {rule} payload",
            code="bad_message",
            request=request,
        )
    return Incoming(peer=b"", user="", request=request, message=message, payload=payload)


@functools.cache
def _decoder(receives: Expected) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(cast(Any, receives))


def _request_id(frames: Sequence[Payload]) -> bytes:
    if not frames or len(frames[0]) != _PREAMBLE.size:
        raise ProtocolError("it does not begin like one of ours", code="bad_message")
    magic, major, request = _PREAMBLE.unpack(frames[0])
    if magic != MAGIC:
        raise ProtocolError("it does not begin like one of ours", code="bad_message")
    if major != PROTOCOL[0]:
        raise ProtocolError(
            f"the other side speaks protocol {major} (expected {PROTOCOL[0]}, got {major})",
            "Install the same version of void-bridge on both sides.",
            code="protocol_version",
            request=request,
        )
    return bytes(request)


def _check_sizes(header: Payload, payload: Payload | None, request: bytes) -> None:
    for what, size, limit in (
        ("header", len(header), MAX_HEADER),
        ("payload", 0 if payload is None else len(payload), MAX_CHUNK),
    ):
        if size > limit:
            raise ProtocolError(
                f"its {what} is too large (expected at most {limit} bytes, got {size})",
                "Ask for fewer frames at a time.",
                code="too_large",
                request=request,
            )
