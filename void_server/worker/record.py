"""What an engine finds out about its own run, kept beside the frames it has made."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import msgspec

from void_server.engines.engine import Fact
from void_server.images.atomic import write_file

_FILE = "engine.json"


class _Kept(msgspec.Struct, frozen=True):
    facts: dict[str, Fact] = {}
    warnings: tuple[str, ...] = ()


class EngineRecord:
    """The engine's `Record` of one job; a later attempt finds there what this one leaves.

    The facts are those of the last attempt that noted any. Warnings add up, because frames of
    every attempt are in the result.

    Args:
        folder: The job's result folder.
        resumed: Whether frames of an earlier attempt stay; otherwise what it left does not count.
        on_warning: Told each warning that is new.
    """

    def __init__(
        self, folder: Path, *, resumed: bool, on_warning: Callable[[str], None] = lambda text: None
    ) -> None:
        self._file = folder / _FILE
        self._on_warning = on_warning
        kept = _recalled(self._file) if resumed else _Kept()
        self._facts, self._warnings = kept.facts, kept.warnings
        self._noted = False

    @property
    def facts(self) -> dict[str, Fact]:
        """The facts by key."""
        return dict(self._facts)

    @property
    def warnings(self) -> tuple[str, ...]:
        """The warnings, in the order in which they came up."""
        return self._warnings

    def note(self, key: str, value: Fact) -> None:
        """Keep a fact.

        Raises:
            ValueError: It is a number that JSON cannot hold.
            ServerError: The disk refuses.
        """
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"fact {key}: not finite (got {value})")
        self._facts = {**(self._facts if self._noted else {}), key: value}
        self._noted = True
        self._keep()

    def warn(self, text: str) -> None:
        """Keep a warning; one that was given before is let pass.

        Raises:
            ServerError: The disk refuses.
        """
        if text in self._warnings:
            return
        self._warnings = (*self._warnings, text)
        self._keep()
        self._on_warning(text)

    def _keep(self) -> None:
        write_file(self._file, msgspec.json.encode(_Kept(self._facts, self._warnings)))


def _recalled(file: Path) -> _Kept:
    try:
        return msgspec.json.decode(file.read_bytes(), type=_Kept)
    except (OSError, msgspec.DecodeError):
        return _Kept()
