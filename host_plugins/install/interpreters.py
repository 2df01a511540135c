"""The Pythons of this machine, asked by being run: a name may stand for nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

import host_plugins

_OURS = Path(host_plugins.__path__[0]).parent
_PATIENCE_SECONDS = 60.0
_ASK = """
import json, sys
sys.path.append(sys.argv[1])
from host_plugins.install import vendored
print(json.dumps({"folder": vendored.folder_name(), "version": sys.version.split()[0]}))
"""
_LOAD = """
import json, sys
sys.path.append(sys.argv[1])
from host_plugins.install import vendored
vendored.provide()
import msgspec, zmq
import bridge.client
print(json.dumps({"pyzmq": [zmq.__version__, zmq.__file__],
                  "msgspec": [msgspec.__version__, msgspec.__file__]}))
"""


class _Answer(msgspec.Struct, frozen=True):
    folder: str
    version: str


@dataclass(frozen=True, kw_only=True)
class Interpreter:
    """A Python that runs.

    Attributes:
        path: Its program.
        version: In full, e.g. ``3.11.7``.
        folder: The folder of libraries that it can load, e.g. ``linux-x86_64-cp311``.
    """

    path: Path
    version: str
    folder: str


def found(folders: Sequence[str], given: Sequence[Path]) -> dict[str, Interpreter]:
    """A Python for each folder of libraries: those given first, then this one, then others.

    Args:
        folders: The folders to find one for.
        given: Programs that somebody named.
    """
    matching: dict[str, Interpreter] = {}
    for path in _candidates(folders, given):
        if len(matching) == len(folders):
            break
        interpreter = asked(path)
        if interpreter is not None and interpreter.folder in folders:
            matching.setdefault(interpreter.folder, interpreter)
    return matching


def asked(path: Path) -> Interpreter | None:
    """What a program says that it is; None when it is no Python that could run the panels."""
    done = _run(path, _ASK, _OURS)
    if isinstance(done, str) or done.returncode:
        return None
    try:
        answer = msgspec.json.decode(done.stdout, type=_Answer)
    except msgspec.MsgspecError:
        return None
    return Interpreter(path=path, version=answer.version, folder=answer.folder)


def loaded(interpreter: Interpreter, lib: Path) -> dict[str, tuple[str, str]] | str:
    """Import the libraries as a host would: version and file by package, or what went wrong."""
    done = _run(interpreter.path, _LOAD, lib)
    if isinstance(done, str):
        return done
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        return lines[-1] if lines else f"it ended with {done.returncode}"
    return msgspec.json.decode(done.stdout, type=dict[str, tuple[str, str]])


def _run(path: Path, code: str, lib: Path) -> subprocess.CompletedProcess[str] | str:
    """Run code with nothing on Python's path but the standard library."""
    try:
        return subprocess.run(
            [str(path), "-I", "-S", "-B", "-c", code, str(lib)],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)


def _candidates(folders: Sequence[str], given: Sequence[Path]) -> Iterator[Path]:
    yield from given
    yield Path(sys.executable)
    for folder in folders:
        digits = folder.rpartition("-cp")[2]
        name = f"python{digits[0]}.{digits[1:]}" + (".exe" if os.name == "nt" else "")
        for place in os.environ.get("PATH", "").split(os.pathsep):
            if place and (program := Path(place, name)).is_file():
                yield program
        # What pyenv puts on the path answers for the version that is switched on, and no other.
        pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
        yield from sorted(pyenv.glob(f"versions/*/bin/{name}"))
