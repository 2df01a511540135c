"""What can go wrong, sorted by who can fix it.

::

    VoidError
    ├── RequestError     the caller can fix it (exit code 2)
    ├── ServerError      the operator can      (exit code 1)
    └── ConnectionLost   try again             (exit code 2)

Exit code 1 is left for what went wrong on the server's side of a sound request.

Every error reads *subject: what is wrong (expected ..., got ...). What to do.*
The same words appear in a panel, on the command line and in the log; the wire
carries them as an `ErrorRecord`.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec


class ErrorRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An error as it travels: who can fix it, a stable code, and the text in three parts."""

    kind: str
    code: str
    subject: str
    text: str
    hint: str = ""


class VoidError(Exception):
    """Base of every error this project raises on purpose.

    Args:
        subject: What it is about, in the user's words, e.g. ``sh010 plate``.
        text: What is wrong, with what was expected and got; no full stop.
        hint: What to do about it, as a sentence.
        code: A short stable name that documentation and panels key on.
    """

    kind: ClassVar[str] = "void"
    exit_code: ClassVar[int] = 1

    def __init__(self, subject: str, text: str, hint: str = "", *, code: str = "error") -> None:
        super().__init__(subject, text, hint, code)
        self.subject = subject
        self.text = text
        self.hint = hint
        self.code = code

    def __str__(self) -> str:
        message = f"{self.subject}: {self.text}."
        return f"{message} {self.hint}" if self.hint else message

    def record(self) -> ErrorRecord:
        """The error in the form in which it travels."""
        return ErrorRecord(self.kind, self.code, self.subject, self.text, self.hint)


class RequestError(VoidError):
    """The caller can fix it: a missing frame, an empty matte, an unknown colour space."""

    kind = "request"
    exit_code = 2


class ServerError(VoidError):
    """The operator of the server can fix it: a full spool, a worker that keeps dying."""

    kind = "server"


class ConnectionLost(VoidError):
    """The server could not be reached or went away; the same call may work later."""

    kind = "connection"
    exit_code = 2


_BY_KIND: dict[str, type[VoidError]] = {
    cls.kind: cls for cls in (RequestError, ServerError, ConnectionLost)
}


def from_record(record: ErrorRecord) -> VoidError:
    """The exception for an error that arrived over the wire; an unknown kind is a `ServerError`."""
    cls = _BY_KIND.get(record.kind, ServerError)
    return cls(record.subject, record.text, record.hint, code=record.code)
