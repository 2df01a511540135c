"""Menu commands that answer in a sentence, whatever happens."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable

import nuke

_log = logging.getLogger("void")


def guarded(command: Callable[[], None]) -> Callable[[], None]:
    """The same command; what goes wrong is said to the artist and, in full, to the log.

    What it takes to say so is imported then: it may be the very thing that is missing.
    """

    @functools.wraps(command)
    def answered() -> None:
        try:
            command()
        except Exception as error:
            nuke.message(_said(error))

    return answered


def _said(error: Exception) -> str:
    try:
        if isinstance(error, ImportError):
            raise error
        from bridge.errors import VoidError
        from host_plugins.run import texts
    except ImportError as missing:
        _log.error("the installation is not whole", exc_info=missing)
        line = " ".join(str(missing).split())
        return f"VOID Bridge is not whole: {line}. Install it again: void install nuke."
    return texts.told(error if isinstance(error, VoidError) else texts.unexpected(error))
