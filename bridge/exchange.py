"""One question, one answer: how to ask when either of them may get lost on the way."""

from __future__ import annotations

import time
from typing import TypeVar

import msgspec

from bridge.envelope import ProtocolError
from bridge.errors import ConnectionLost, from_record
from bridge.messages import Failed
from bridge.wire import WHAT_TO_CHECK, Dealer

REPEAT_SECONDS = 2.0
"""After how long a question is asked again. Every question may be: it is harmless."""

Answer = TypeVar("Answer", bound=msgspec.Struct)


def ask(
    dealer: Dealer, question: msgspec.Struct, answer: type[Answer], *, timeout: float
) -> Answer:
    """Ask, ask again while there is time, and return the first answer.

    Answers to anything else are left over from questions given up earlier, and let pass.

    Raises:
        ConnectionLost: No answer within ``timeout`` seconds.
        RequestError: The other side could not serve it, or speaks another protocol.
        ServerError: As `RequestError`; whoever runs the server has to act.
    """
    request = dealer.send(question)
    now = time.monotonic()
    deadline, repeat = now + timeout, now + REPEAT_SECONDS
    while now < deadline:
        incoming = dealer.receive(min(deadline, repeat) - now)
        if incoming is not None and incoming.request == request:
            return expected(incoming.message, answer)
        now = time.monotonic()
        if now >= repeat:
            dealer.send(question, request=request)
            repeat = now + REPEAT_SECONDS
    raise silence(dealer, timeout)


def expected(message: msgspec.Struct, answer: type[Answer]) -> Answer:
    """The answer, if it is one of the right kind.

    Raises:
        VoidError: It is `Failed`; this is the error that it carries.
        ProtocolError: It is something else altogether.
    """
    if isinstance(message, answer):
        return message
    if isinstance(message, Failed):
        raise from_record(message.error)
    raise ProtocolError(
        f"it answers another question (expected {answer.__name__}, got {type(message).__name__})",
        code="bad_message",
    )


def silence(dealer: Dealer, timeout: float) -> ConnectionLost:
    """What to raise when nothing came."""
    return ConnectionLost(
        f"server {dealer.endpoint}",
        f"it does not answer (waited {timeout:g} s)",
        WHAT_TO_CHECK,
        code="server_down",
    )
