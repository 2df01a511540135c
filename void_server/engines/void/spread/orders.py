"""What rank 0 and the others say to each other, besides tensors: one JSON line each, over pipes."""

from __future__ import annotations

from typing import Any

import msgspec

from bridge.errors import ErrorRecord
from void_server.engines.void.passes import Pass, PassNumber
from void_server.engines.void.windows import Window

OUT_OF_MEMORY = "out_of_memory"
"""Code of a failure that a smaller memory mode may avoid."""


class Meet(msgspec.Struct, frozen=True, tag="meet", kw_only=True):
    """Who you are and where the others are; the first order."""

    rank: int
    ranks: int
    device: str
    store: str
    layout: str
    mode: str
    threads: int


class Load(msgspec.Struct, frozen=True, tag="load"):
    """Have the transformer of a pass ready."""

    number: int
    pass_number: PassNumber


class Denoise(msgspec.Struct, frozen=True, tag="denoise", kw_only=True):
    """Denoise a chunk. Condition, latents and text follow as broadcasts, in this order.

    Attributes:
        number: Of the order.
        stage: The pass.
        scheduler: Its scheduler's configuration.
        latents: Shape of the initial latents, (1, K, 16, h, w).
        text: Shape of the prompts, (B, 226, D).
        windows: Of the chunk.
        overlap: Latents that neighbouring windows share.
        join: Latents that neighbouring chunks share.
        first: Whether it is the first chunk of a shot.
        last: Whether it is the last one.
    """

    number: int
    stage: Pass
    scheduler: dict[str, Any]
    latents: tuple[int, ...]
    text: tuple[int, ...]
    windows: tuple[Window, ...]
    overlap: int
    join: int
    first: bool
    last: bool


class Go(msgspec.Struct, frozen=True, tag="go"):
    """Tasks before this position of the plan may begin."""

    until: int


class Stop(msgspec.Struct, frozen=True, tag="stop"):
    """Compute no more; leave the plan at this position."""

    until: int


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    """A rank has started."""


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """A rank has failed at an order, and waits to be told how the others leave it."""

    number: int
    error: ErrorRecord


class Ended(msgspec.Struct, frozen=True, tag="ended"):
    """A rank is done with an order, in whatever way."""

    number: int


Order = Meet | Load | Denoise
Message = Order | Go | Stop
Report = Hello | Failed | Ended

_encoder = msgspec.json.Encoder()
_messages: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)
_reports: msgspec.json.Decoder[Report] = msgspec.json.Decoder(Report)


def line(message: Message | Report) -> bytes:
    """A message as it travels."""
    return _encoder.encode(message) + b"\n"


def message(read: bytes) -> Message:
    """What rank 0 said."""
    return _messages.decode(read)


def report(read: bytes) -> Report:
    """What another rank said."""
    return _reports.decode(read)
