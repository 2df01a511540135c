"""Settings from flags, environment, a TOML file and defaults, in that order."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from bridge.errors import RequestError

T = TypeVar("T", bound=msgspec.Struct)

PREFIX = "VOID_"
"""What every environment variable of ours begins with: ``data_dir`` is ``VOID_DATA_DIR``."""


def layered(
    kind: type[T],
    *,
    flags: Mapping[str, Any],
    environ: Mapping[str, str],
    file: Path | None,
    table: str,
) -> T:
    """Read settings; the first of flags, environment, file and default that names one wins.

    Args:
        kind: A struct whose fields are the settings and whose defaults are the defaults.
        flags: Values from the command line; None means not given.
        environ: The process environment.
        file: A TOML file, or None. A file that is not there is an error: it was asked for.
        table: Name of the table in the file, e.g. ``server``.

    Raises:
        RequestError: The file is missing or no TOML, a setting is unknown or of the wrong type.
    """
    values = _from_file(file, table) if file else {}
    names = {field.name for field in msgspec.structs.fields(kind)}
    values |= {n: environ[PREFIX + n.upper()] for n in names if environ.get(PREFIX + n.upper())}
    values |= {name: value for name, value in flags.items() if value is not None}
    try:
        # Not strict: the environment holds only text, so "5" must do for 5.
        return msgspec.convert(_split_lists(kind, values), kind, strict=False)
    except msgspec.ValidationError as error:
        raise RequestError(
            "settings",
            f"{error}",
            f"Look at the flags, at {PREFIX}* in the environment and at [{table}] in "
            f"{file or 'the settings file'}.",
            code="settings",
        ) from error


def _from_file(file: Path, table: str) -> dict[str, Any]:
    try:
        content = msgspec.toml.decode(file.read_bytes())
    except OSError as error:
        raise RequestError(
            f"settings file {file}", f"it cannot be read ({error.strerror})", code="settings"
        ) from error
    except msgspec.DecodeError as error:
        raise RequestError(
            f"settings file {file}", f"it is not TOML ({error})", code="settings"
        ) from error
    section = content.get(table, {})
    if not isinstance(section, dict):
        raise RequestError(
            f"settings file {file}",
            f"'{table}' is not a table",
            f"Begin it with [{table}].",
            code="settings",
        )
    return dict(section)


def _split_lists(kind: type[T], values: dict[str, Any]) -> dict[str, Any]:
    """Text for a list setting is split at commas: ``a,b`` is two entries."""
    lists = {
        field.name
        for field in msgspec.structs.fields(kind)
        if getattr(field.type, "__origin__", None) in (tuple, list)
    }
    return {
        name: [part for part in value.split(",") if part]
        if name in lists and isinstance(value, str)
        else value
        for name, value in values.items()
    }
