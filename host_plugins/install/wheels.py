"""The libraries of an install: for each Python and operating system the wheels made for it.

They are the ones that this package itself asks for, got by pip, which also gets those of another
operating system than this one.
"""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import Distribution
from pathlib import Path

from bridge.errors import RequestError, VoidError

PYTHONS = ("3.10", "3.11")
"""Those of Nuke 15, and of Nuke 16 and 17.

Source: Foundry, Nuke 15.2 and 16.0 online help, "Nuke as a Python Module".
"""

PLATFORMS: dict[str, dict[str, tuple[str, ...]]] = {
    "linux": {
        "x86_64": (
            *(f"manylinux_2_{minor}_x86_64" for minor in range(28, 16, -1)),
            "manylinux2014_x86_64",
        ),
    },
    "windows": {"x86_64": ("win_amd64",)},
    "macos": {"x86_64": ("macosx_11_0_x86_64",), "arm64": ("macosx_11_0_arm64",)},
}
"""What pip calls the machines of an operating system, by processor.

For macOS it tries older ones and universal2 by itself, for Linux it does not. 2.28 is the glibc of
Rocky 8, on which Nuke 15 and later are built.

Source: Python packaging user guide, "Platform compatibility tags".
"""

_OLDEST = 10
_NO_INDEX = re.compile(r"Retrying \(|ConnectionError|ProxyError|SSLError|Could not fetch URL")


@dataclass(frozen=True, kw_only=True)
class Machine:
    """Where libraries are to be loaded.

    Attributes:
        system: ``linux``, ``windows`` or ``macos``.
        processor: ``x86_64`` or ``arm64``.
        python: The host's Python, e.g. ``3.11``.
    """

    system: str
    processor: str
    python: str

    @property
    def abi(self) -> str:
        """What wheels call that Python: ``cp311``."""
        return "cp" + self.python.replace(".", "")

    @property
    def folder(self) -> str:
        """The folder of its libraries: ``linux-x86_64-cp311``."""
        return f"{self.system}-{self.processor}-{self.abi}"


def machines(systems: tuple[str, ...], pythons: tuple[str, ...]) -> tuple[Machine, ...]:
    """Every machine that an install is for.

    Raises:
        RequestError: One is none that the panels run on.
    """
    for python in pythons:
        _check_python(python)
    for system in systems:
        _check_system(system)
    return tuple(
        Machine(system=system, processor=processor, python=python)
        for system in dict.fromkeys(systems)
        for processor in PLATFORMS[system]
        for python in dict.fromkeys(pythons)
    )


def package() -> Distribution:
    """This package, as Python knows it: what it needs, and its licence.

    Raises:
        RequestError: This Python has the sources but not the package.
    """
    try:
        return importlib.metadata.distribution("void-bridge")
    except importlib.metadata.PackageNotFoundError as error:
        raise RequestError(
            "void-bridge",
            "it is not installed in this Python, so what it needs is not known",
            "Run: pip install void-bridge",
            code="not_packaged",
        ) from error


def needs() -> dict[str, str]:
    """The libraries that this package asks for wherever it runs, e.g. ``{"pyzmq": ">=26.4"}``.

    Raises:
        RequestError: This Python has the sources but not the package.
    """
    asked = package().requires or []
    plain = [text.split(";")[0].strip() for text in asked if "extra ==" not in text]
    named = [re.match(r"([\w.-]+)\s*(.*)", text) for text in plain]
    return {found[1]: found[2] for found in named if found}


def fetch(machine: Machine, folder: Path, wheels: Path | None) -> dict[str, str]:
    """Put a machine's libraries into a folder, with their licence files.

    Args:
        machine: Where they are to be loaded.
        folder: A new folder.
        wheels: A folder with wheels; None for the package index.

    Returns:
        Their versions by name.

    Raises:
        RequestError: They cannot be had.
    """
    wanted = [name + bound for name, bound in needs().items()]
    done = subprocess.run(
        [*_command(machine, folder, wheels), *wanted],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise _refused(machine, wanted, wheels, done.stderr)
    return versions(folder)


def versions(folder: Path) -> dict[str, str]:
    """The packages in a folder of libraries, with their versions."""
    there = importlib.metadata.distributions(path=[str(folder)])
    return dict(sorted((found.metadata["Name"], found.version) for found in there))


def _command(machine: Machine, folder: Path, wheels: Path | None) -> list[str]:
    platforms = PLATFORMS[machine.system][machine.processor]
    source = [] if wheels is None else ["--no-index", "--find-links", str(wheels)]
    return [
        *(sys.executable, "-m", "pip", "install", "--quiet", "--no-input"),
        *("--disable-pip-version-check", "--retries", "1", "--timeout", "15"),
        *("--target", str(folder), "--only-binary=:all:", "--no-deps", "--no-compile"),
        *("--implementation", "cp", "--python-version", machine.python, "--abi", machine.abi),
        *(f"--platform={platform}" for platform in platforms),
        *source,
    ]


def _check_python(python: str) -> None:
    found = re.fullmatch(r"3\.(\d{1,2})", python)
    if not found or int(found[1]) < _OLDEST:
        raise RequestError(
            "--nuke-python",
            f"no panel runs on it (expected 3.{_OLDEST} or newer, got '{python}')",
            "Nuke 15 has Python 3.10, Nuke 16 and 17 have 3.11.",
            code="unknown_python",
        )


def _check_system(system: str) -> None:
    if system not in PLATFORMS:
        raise RequestError(
            "--os",
            f"there is no Nuke for it (expected {', '.join(PLATFORMS)}, got '{system}')",
            code="unknown_system",
        )


def _refused(machine: Machine, wanted: list[str], wheels: Path | None, said: str) -> VoidError:
    subject = f"libraries for {machine.folder}"
    if "No module named pip" in said:
        return RequestError(
            subject,
            f"this Python has no pip to get them with ({sys.executable})",
            "Run: python -m ensurepip. Or install with --dir from a Python that has pip, and copy "
            "the folder: it may be moved.",
            code="no_pip",
        )
    reasons = [
        line.removeprefix("ERROR: ") for line in said.splitlines() if line.startswith("ERROR")
    ]
    reason = (reasons[-1] if reasons else said.strip()[-200:]).rstrip(".")
    if wheels is not None:
        return RequestError(
            subject,
            f"{wheels} has not all of them (expected wheels of {' and '.join(wanted)}; {reason})",
            "Put them there, or leave --wheels out where there is internet.",
            code="no_wheels",
        )
    return RequestError(
        subject,
        f"the package index cannot be reached ({reason})" if _NO_INDEX.search(said) else reason,
        "Without internet: install with --dir on a machine that has it and copy the folder, or "
        f"pass --wheels DIR with wheels of {' and '.join(wanted)} for {machine.abi} "
        f"on {machine.system}.",
        code="no_wheels",
    )
