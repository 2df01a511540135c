"""Where a client looks for servers: settings of the ``void`` command."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec
import platformdirs

from bridge.settings import layered

APPLICATION = "void-bridge"
"""Name of the folders that the operating system keeps for us."""

TABLE = "client"
"""Table of the settings file."""

DEFAULT_ENDPOINT = "tcp://127.0.0.1:5599"
"""Where `void-server` listens unless told otherwise; for messages."""


def _data_dir() -> Path:
    return Path(platformdirs.user_data_dir(APPLICATION, appauthor=False))


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where servers are and how to reach them.

    Attributes:
        server: Endpoint of the server to use, or "" to look for one.
        server_key: The server's public CURVE key, or "" when it has none.
        data_dir: Folder of a server that this user runs; private servers keep theirs below it.
        connection_file: File in which that server tells where it listens, or None for
            ``server.json`` in the data folder.
        keys_dir: Folder of this machine's CURVE keys, or None for ``keys`` in the data folder.
    """

    server: str = ""
    server_key: str = ""
    data_dir: Path = msgspec.field(default_factory=_data_dir)
    connection_file: Path | None = None
    keys_dir: Path | None = None

    @property
    def announcement(self) -> Path:
        """The file in which a running server tells where it listens."""
        return self.connection_file or self.data_dir / "server.json"

    @property
    def keys(self) -> Path:
        """The folder of CURVE keys."""
        return self.keys_dir or self.data_dir / "keys"

    @property
    def private(self) -> Path:
        """The folder below which private servers keep a folder per job."""
        return self.data_dir / "private"


def load(
    *,
    server: str | None = None,
    server_key: str | None = None,
    environ: Mapping[str, str] | None = None,
) -> Place:
    """The settings from flags, ``VOID_*``, the table ``[client]`` of ``void.toml`` and defaults.

    Raises:
        RequestError: A setting is of the wrong type, or the file is no TOML.
    """
    file = Path(platformdirs.user_config_dir(APPLICATION, appauthor=False)) / "void.toml"
    return layered(
        Place,
        flags={"server": server, "server_key": server_key},
        environ=os.environ if environ is None else environ,
        file=file if file.is_file() else None,
        table=TABLE,
    )
