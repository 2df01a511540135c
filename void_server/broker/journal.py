"""The server's log: one JSON object per line, in the data folder.

Prompts are never logged at INFO, keys never at all.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from datetime import datetime, timezone
from logging.handlers import RotatingFileHandler
from pathlib import Path

import msgspec

SIZE = 8 << 20
"""Bytes after which a new file is begun."""

KEPT = 4
"""Older files that are kept."""


class JsonLine(logging.Formatter):
    """Writes a record as one line of JSON: time, level, where, text, and the trace if any."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its newline."""
        line = {
            "time": datetime.fromtimestamp(record.created, timezone.utc).isoformat(),
            "level": record.levelname,
            "where": record.name,
            "text": record.getMessage(),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line).decode()


@contextlib.contextmanager
def journal(folder: Path, level: str) -> Iterator[None]:
    """Let everything below ``void_server`` log into ``server.log`` of a folder.

    Only this process writes there; each worker has a file of its own.
    """
    handler = RotatingFileHandler(
        folder / "server.log", maxBytes=SIZE, backupCount=KEPT, encoding="utf-8"
    )
    handler.setFormatter(JsonLine())
    root = logging.getLogger("void_server")
    root.setLevel(level)
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
        handler.close()
