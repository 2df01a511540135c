"""Which OCIO config a shot is read with, decided where the artist sits.

The first that says anything decides: what was asked for, what the host uses, ``$OCIO``,
``$VOID_OCIO``. What it says has to be there; another config in its place would change colours
without a word. When nobody says anything it is the built-in one, which `docs/protocol.md` names.
A server never looks at its own environment.

Runs inside hosts, so nothing here opens a config: its file is only named and read for its digest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bridge.errors import RequestError
from bridge.settings import variable
from bridge.shot import OcioConfig, SourceFile
from bridge.user_path import user_path

BUILTIN = "ocio://"
"""How the names of configs begin that OCIO brings along."""

EXPLICIT, HOST = "--ocio", "host"
"""Where a config was found, besides the environment variables."""

_VARIABLES = ("OCIO", variable("ocio"))
_SUFFIXES = (".ocio", ".ocioz")
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Choice:
    """A config that was found.

    Attributes:
        config: ``ocio://`` and a name, or an absolute path.
        origin: Where it was found: ``--ocio``, ``host``, ``$OCIO`` or ``$VOID_OCIO``.
    """

    config: str
    origin: str

    @property
    def path(self) -> Path | None:
        """Its file; None when OCIO brings it along."""
        return None if self.config.startswith(BUILTIN) else Path(self.config)

    def describe(self) -> OcioConfig:
        """The config as a request names it, by content, without its path.

        Raises:
            RequestError: Its file cannot be read.
        """
        if self.path is None:
            return OcioConfig(self.config, self.origin)
        file = _described(self.path, self._subject)
        return OcioConfig(file.name, self.origin, file)

    @property
    def _subject(self) -> str:
        return f"OCIO config {self.config}"


def discover(
    explicit: str = "", *, host: str = "", environ: Mapping[str, str] | None = None
) -> Choice | None:
    """Find the config to use; None means the built-in one.

    Args:
        explicit: What was asked for: a file, or ``ocio://`` and a name; "" for nothing.
        host: The same from the host's project; "" when it says nothing or there is no host.
        environ: The process environment; an empty variable counts as not set.

    Raises:
        RequestError: What was found first is no OCIO config file and no ``ocio://`` name.
    """
    said = [(explicit, EXPLICIT), (host, HOST)]
    said += [((environ or {}).get(name, ""), f"${name}") for name in _VARIABLES]
    for config, origin in said:
        if config:
            return _checked(config, origin)
    return None


def _checked(config: str, origin: str) -> Choice:
    if config.startswith(BUILTIN):
        return Choice(config, origin)
    path = user_path(config, subject=f"OCIO config ({origin})")
    if not path.is_file() or path.suffix.lower() not in _SUFFIXES:
        wrong = "there is no such file" if not path.is_file() else "it is no OCIO config"
        raise RequestError(
            f"OCIO config {config}",
            f"{wrong} (expected {' or '.join(_SUFFIXES)}, or ocio:// and a name; found by "
            f"{origin})",
            _HINTS.get(origin, f"Set {origin} to a config, unset it, or pass {EXPLICIT}."),
            code="ocio_config",
        )
    return Choice(str(path), origin)


_HINTS = {
    EXPLICIT: "Pass a config file, or leave --ocio out.",
    HOST: f"Choose a config in the host's project settings, or pass {EXPLICIT}.",
}


def _described(path: Path, subject: str) -> SourceFile:
    digest = hashlib.sha256()
    size = 0
    try:
        with path.open("rb") as content:
            while block := content.read(_BLOCK):
                digest.update(block)
                size += len(block)
    except OSError as error:
        raise RequestError(
            subject,
            f"it cannot be read ({error.strerror})",
            "Check the file and its permissions.",
            code="unreadable",
        ) from error
    return SourceFile(path.name, size, digest.hexdigest())
