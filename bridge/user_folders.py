"""Where the operating system keeps a user's data, for hosts, which bring no platformdirs along.

The rules are those of platformdirs for an application without an author, so that the command line
and a host on one machine find the same keys.

Source: https://specifications.freedesktop.org/basedir-spec/latest/ (``XDG_DATA_HOME``),
https://learn.microsoft.com/windows/win32/shell/knownfolderid (``FOLDERID_LocalAppData``),
https://github.com/tox-dev/platformdirs (4.14, ``user_data_dir``; on macOS, too, it looks at
``XDG_DATA_HOME`` first).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from bridge.settings import variable
from bridge.user_path import user_path

APPLICATION = "void-bridge"
"""Name of the folders that the operating system keeps for us."""


def data_folder(environ: Mapping[str, str], *, platform: str = sys.platform) -> Path:
    """The folder of this user's data, which may not be there yet.

    Args:
        environ: The process environment; an empty variable counts as not set.
        platform: As `sys.platform` says it.
    """
    if platform == "win32":
        local = environ.get("LOCALAPPDATA")
        return (Path(local) if local else Path.home() / "AppData" / "Local") / APPLICATION
    named = environ.get("XDG_DATA_HOME", "").strip()
    if Path(named).is_absolute():  # others are invalid, says the specification
        return Path(named) / APPLICATION
    of_system = "Library/Application Support" if platform == "darwin" else ".local/share"
    return Path.home() / of_system / APPLICATION


def keys_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of this machine's CURVE keys: ``VOID_KEYS_DIR``, else ``keys`` among our data.

    Raises:
        RequestError: A variable holds what can be no path.
    """
    for name, below in (("keys_dir", ""), ("data_dir", "keys")):
        if said := environ.get(variable(name)):
            return user_path(said, subject=variable(name)) / below
    return data_folder(environ) / "keys"
