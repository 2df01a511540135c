"""Where a host's Python gets zmq and msgspec from: its own, if they will do, else our folder.

Part of every install, beside the code that needs it: ``lib`` holds that code and ``vendor``, next
to it, one folder of libraries for each operating system, processor and Python. Their places are
looked up and nothing is imported, so that a host which starts pays next to nothing.
"""

from __future__ import annotations

import importlib.util
import platform
import re
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

MODULES = {"pyzmq": "zmq", "msgspec": "msgspec"}
"""The packages that a host's Python may lack, and the modules in them."""

RECORD = "install.json"
"""The file that says what an install is made of."""

_LIB = Path(__file__).parents[2]
_SYSTEMS = {"linux": "linux", "win32": "windows", "darwin": "macos"}
_MACHINES = {"amd64": "x86_64", "aarch64": "arm64"}


def system() -> str:
    """This machine's operating system: ``linux``, ``windows``, ``macos``, or Python's word."""
    return _SYSTEMS.get(sys.platform, sys.platform)


def machine() -> str:
    """This machine's processor, one word on every operating system: ``x86_64``, ``arm64``."""
    name = platform.machine().lower()
    return _MACHINES.get(name, name)


def folder_name() -> str:
    """The folder of libraries that this Python can load, e.g. ``linux-x86_64-cp311``."""
    return f"{system()}-{machine()}-cp{sys.version_info.major}{sys.version_info.minor}"


def provide(lib: Path = _LIB) -> None:
    """See to it that zmq and msgspec can be imported; done again it changes nothing.

    Our folder goes to the end of the path, so that it takes no other tool's place. If the host
    has one of the two but too old, that name alone is served from our folder.

    Args:
        lib: The folder with our code.

    Raises:
        ImportError: There is nothing for this Python, or another package has a name of ours.
    """
    _check_name(lib)
    unfit = [package for package in MODULES if not _fit(package, lib)]
    if not unfit:
        return
    folder = _folder(lib, unfit)
    outdated = [MODULES[package] for package in unfit if _place(MODULES[package]) is not None]
    _check_not_loaded(outdated)
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    if outdated:
        sys.meta_path.insert(0, _Preferred(folder, outdated))


def _check_name(lib: Path) -> None:
    """Refuse another package ``bridge`` before it fails in words nobody understands."""
    place = _place("bridge")
    if place is not None and place.parent.parent != lib:
        raise ImportError(
            f"another package named 'bridge' comes first on Python's path ({place.parent}). "
            "Take that folder off the path, or have it come after the one of VOID Bridge"
        )


def _fit(package: str, lib: Path) -> bool:
    """Whether what Python would import is ours already, or new enough."""
    place = _place(MODULES[package])
    if place is None:
        return False
    if lib.parent / "vendor" in place.parents:
        return True
    return _numbers(_version(package)) >= _least(package, lib)


def _place(module: str) -> Path | None:
    """The file of a module that is loaded or would be; None when there is none.

    A folder that happens to have the name, which Python takes for a namespace, is none.
    """
    loaded = sys.modules.get(module)
    if loaded is not None:
        return Path(getattr(loaded, "__file__", None) or module)
    spec = importlib.util.find_spec(module)
    return Path(spec.origin) if spec is not None and spec.origin else None


def _version(package: str) -> str:
    """The version of what is there; "0" when it does not say."""
    loaded = sys.modules.get(MODULES[package])
    if loaded is not None:
        return str(getattr(loaded, "__version__", "0"))
    import importlib.metadata  # dear, and needed only if the host has a library of its own

    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "0"


def _least(package: str, lib: Path) -> tuple[int, ...]:
    """The lowest version that will do; what an installer of Python packages chose always does."""
    import json

    try:
        needs = json.loads((lib.parent / RECORD).read_text("utf-8"))["needs"]
    except FileNotFoundError:
        return ()
    bound = re.search(r">=\s*([\d.]+)", needs[package])
    return _numbers(bound[1]) if bound else ()


def _numbers(version: str) -> tuple[int, ...]:
    """``27.3.0rc1`` as (27, 3, 0)."""
    leading = re.match(r"[\d.]*", version)
    return tuple(int(part) for part in leading[0].split(".") if part) if leading else ()


def _folder(lib: Path, unfit: list[str]) -> Path:
    vendor = lib.parent / "vendor"
    folder = vendor / folder_name()
    if not folder.is_dir():
        there = sorted(path.name for path in vendor.glob("*-cp*"))
        raise ImportError(
            f"this install has no {' and '.join(unfit)} for {folder_name()} "
            f"(there is {', '.join(there) or 'nothing'}). Run: {_command(there)}"
        )
    return folder


def _command(there: list[str]) -> str:
    """What to type to get what lacks and lose nothing: an install replaces the one before."""
    parts = [name.split("-") for name in [*there, folder_name()]]
    systems = sorted({part[0] for part in parts})
    pythons = sorted({int(part[-1][3:]) for part in parts})
    options = [f"--os {name}" for name in systems] + [f"--nuke-python 3.{n}" for n in pythons]
    return f"void install nuke {' '.join(options)}"


def _check_not_loaded(outdated: list[str]) -> None:
    for name in outdated:
        if name in sys.modules:
            raise ImportError(
                f"another tool has loaded {name} {getattr(sys.modules[name], '__version__', '')} "
                f"from {_place(name)}, which is too old. Update it there, or take that tool out"
            )


class _Preferred:
    """Finds a few modules in one folder, wherever else they are: an entry of `sys.meta_path`."""

    def __init__(self, folder: Path, modules: list[str]) -> None:
        self._folder = str(folder)
        self._modules = modules

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Where a module is; None for all but the few."""
        return PathFinder.find_spec(fullname, [self._folder]) if fullname in self._modules else None
