"""Which versions of what produced a result."""

from __future__ import annotations

import functools
import platform
from importlib import metadata

from bridge import __version__

_LIBRARIES = ("numpy", "opencv-python-headless", "OpenEXR", "OpenImageIO", "opencolorio", "av")


@functools.cache
def versions() -> dict[str, str]:
    """Version numbers by name: this package, Python, and the libraries that touch pixels."""
    found = {"void-bridge": __version__, "python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
