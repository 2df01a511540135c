"""Which Nuke this is: version, licence, platform."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass

from nuke.strict import HostObject

_SHAPING = ("OCIO", "NUKE_PATH")


@dataclass(frozen=True)
class Version:
    """15.1v3 is (15, 1, 3)."""

    major: int
    minor: int
    release: int

    def __str__(self):
        return f"{self.major}.{self.minor}v{self.release}"


class Environment(HostObject):
    """``nuke.env``: a key that Nuke does not have raises KeyError."""

    def __init__(self, session):
        version = session.version
        self._values = {
            "nc": session.licence == "nc",
            "indie": session.licence == "indie",
            "ple": False,
            "assist": False,
            "studio": False,
            "nukex": False,
            "hiero": False,
            "gui": session.gui,
            "interactive": session.gui,
            "NukeVersionMajor": version.major,
            "NukeVersionMinor": version.minor,
            "NukeVersionRelease": version.release,
            "NukeVersionString": str(version),
            "ExecutablePath": sys.executable,
            "PluginExtension": "so",
            "LINUX": sys.platform.startswith("linux"),
            "MACOS": sys.platform == "darwin",
            "WIN32": sys.platform == "win32",
            "64bit": True,
            "threads": 2,
            "numCPUs": 2,
        }

    def __getitem__(self, key):
        self._gate("__getitem__")
        return self._values[key]

    def __contains__(self, key):
        self._gate("__contains__")
        return key in self._values

    def get(self, key, default=None):
        return self._values.get(key, default)

    def has_key(self, key):
        return key in self._values

    def keys(self):
        return list(self._values)

    def values(self):
        return list(self._values.values())

    def items(self):
        return list(self._values.items())


@contextmanager
def environment(values):
    """These variables, and of those that shape a session no others, for the length of a block."""
    before = {name: os.environ.pop(name, None) for name in (*_SHAPING, *values)}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
