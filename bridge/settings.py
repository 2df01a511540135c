"""Settings from flags, environment, a TOML file and defaults, in that order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

import msgspec

from bridge.errors import RequestError
from bridge.user_path import user_path

T = TypeVar("T", bound=msgspec.Struct)

PREFIX = "VOID_"
"""What every environment variable of ours begins with: ``data_dir`` is ``VOID_DATA_DIR``."""


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + name.upper()


def flag(name: str) -> str:
    """The command-line flag of a setting."""
    return "--" + name.replace("_", "-")


def layered(
    kind: type[T],
    *,
    flags: Mapping[str, Any],
    environ: Mapping[str, str],
    file: Path | None,
    table: str,
) -> T:
    """Read settings; the first of flags, environment, file and default that names one wins.

    Text stands for any type, as the environment holds nothing else: ``5`` is a number, ``a,b`` a
    list, ``~/void`` a path in the home folder. Paths become absolute.

    Args:
        kind: A struct whose fields are the settings and whose defaults are the defaults.
        flags: Values from the command line; None means not given.
        environ: The process environment; an empty variable counts as not set.
        file: A TOML file, or None. A file that is not there is an error: it was asked for.
        table: Name of the table in the file, e.g. ``server``.

    Raises:
        RequestError: The file is missing or no TOML, a setting is unknown or of the wrong type.
    """
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    given: dict[str, tuple[Any, str]] = {}
    if file is not None:
        given.update(_from_file(file, table, known=set(fields)))
    for name in fields:
        if environ.get(variable(name)):
            given[name] = (environ[variable(name)], variable(name))
        if flags.get(name) is not None:
            given[name] = (flags[name], flag(name))
    return kind(**{n: _convert(value, fields[n].type, at) for n, (value, at) in given.items()})


def _convert(value: Any, kind: Any, origin: str) -> Any:  # noqa: ANN401 - any type a field has
    if isinstance(value, str) and _plain(kind) in (tuple, list):
        value = [part.strip() for part in value.split(",") if part.strip()]
    try:
        return msgspec.convert(value, kind, strict=False, dec_hook=partial(_decode, origin))
    except msgspec.ValidationError as error:
        raise RequestError(
            f"setting {origin}", f"{error} (got {value!r})", code="settings"
        ) from error


def _plain(kind: Any) -> Any:  # noqa: ANN401 - a type form, which has no type of its own
    """``tuple`` for ``Annotated[tuple[Path, ...], ...]``."""
    origin = get_origin(kind)
    if hasattr(kind, "__metadata__"):
        return _plain(get_args(kind)[0])
    return origin or kind


def _decode(origin: str, kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str):
        return user_path(value, subject=f"setting {origin}")
    raise NotImplementedError(f"no settings of type {kind.__name__}")


def _from_file(file: Path, table: str, *, known: set[str]) -> Iterator[tuple[str, tuple[Any, str]]]:
    section = _read(file).get(table, {})
    if not isinstance(section, dict):
        raise RequestError(
            f"settings file {file}",
            f"'{table}' is not a table",
            f"Begin it with [{table}].",
            code="settings",
        )
    for name, value in section.items():
        if name not in known:
            raise RequestError(
                f"settings file {file}",
                f"[{table}] has no setting '{name}' (expected one of {', '.join(sorted(known))})",
                code="settings",
            )
        yield name, (value, f"{name} in [{table}] of {file}")


def _read(file: Path) -> dict[str, Any]:
    try:
        return msgspec.toml.decode(file.read_bytes(), type=dict[str, Any])
    except OSError as error:
        raise RequestError(
            f"settings file {file}", f"it cannot be read ({error.strerror})", code="settings"
        ) from error
    except msgspec.DecodeError as error:
        raise RequestError(
            f"settings file {file}", f"it is not TOML ({error})", code="settings"
        ) from error
    except ImportError as error:  # before Python 3.11 TOML is not in the standard library
        raise RequestError(
            f"settings file {file}",
            "this Python cannot read TOML",
            "Run: pip install 'void-bridge[server]'",
            code="settings",
        ) from error
