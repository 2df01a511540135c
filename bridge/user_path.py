"""Paths as people type them."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from bridge.errors import RequestError


def user_path(typed: str | Path, *, subject: str) -> Path:
    """The absolute path that somebody means, with ``~`` for a home folder; it may not exist.

    Text that no system call takes is refused here, so that whoever asks the path what it is gets
    an answer and no exception.

    Args:
        typed: What was typed.
        subject: Where, e.g. ``--out``.

    Raises:
        RequestError: It can be no path: too long, a user who is not there, a folder that may not
            be looked into.
    """
    try:
        path = Path(typed).expanduser().absolute()
        if path.name == "..":
            path = path.resolve()  # folders are known by their names, and this is none
        with suppress(FileNotFoundError, NotADirectoryError):
            path.stat()
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error).rstrip(".")
        raise RequestError(
            subject,
            f"it names nothing that can be looked at ({reason}; got '{typed}')",
            "Check the spelling and the permissions.",
            code="bad_path",
        ) from error
    return path
