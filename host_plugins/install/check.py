"""Looking whether an install is whole: every file, the line in init.py, each Python's libraries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import msgspec

import bridge
from host_plugins.install import interpreters, startup_line, vendored
from host_plugins.install import record as records
from host_plugins.install.interpreters import Interpreter
from host_plugins.install.record import Installed
from host_plugins.install.target import Target

State = Literal["ok", "wrong", "not run", "note"]


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at, or not.

    Attributes:
        state: ``ok``, ``wrong``, ``not run`` when it could not be looked at here, or ``note``.
        subject: What it is.
        text: What was found.
    """

    state: State
    subject: str
    text: str


def check(target: Target, pythons: Sequence[Path]) -> list[Finding]:
    """Look at everything that an install consists of.

    Args:
        target: Where it is.
        pythons: Programs to try the libraries with, besides those that are found.

    Raises:
        RequestError: The record cannot be understood.
        OSError: Something cannot be read.
    """
    record = records.read(target.void) if target.void.is_dir() else None
    if record is None:
        return [Finding("wrong", str(target.void), "nothing is installed there")]
    return [
        _version(record),
        *_files(target, record),
        _line(target),
        *_libraries(target, record, pythons),
    ]


def _version(record: Installed) -> Finding:
    text = f"{record.version}, installed {record.date}"
    if record.version != bridge.__version__:
        return Finding("note", "version", f"{text}; this command is of {bridge.__version__}")
    return Finding("ok", "version", text)


def _files(target: Target, record: Installed) -> Iterator[Finding]:
    found = records.differences(target.void, record)
    for name in found.missing:
        yield Finding("wrong", name, "it is missing")
    for name in found.changed:
        yield Finding("wrong", name, "it was changed since")
    for name in found.added:
        yield Finding("note", name, "it was added by somebody")
    same = len(record.files) - len(found.missing) - len(found.changed)
    if same:
        yield Finding("ok", "files", f"{same} of {len(record.files)} are as they were installed")


def _line(target: Target) -> Finding:
    state = startup_line.state(target.init)
    if state == "there":
        return Finding("ok", str(target.init), "it has the line")
    text = "somebody has changed the line" if state == "changed" else "the line is missing"
    wanted = startup_line.LINE.decode("ascii")
    return Finding(
        "note" if state == "changed" else "wrong", str(target.init), f"{text} ({wanted})"
    )


def _libraries(target: Target, record: Installed, pythons: Sequence[Path]) -> Iterator[Finding]:
    here = f"{vendored.system()}-{vendored.machine()}-"
    local = [folder for folder in record.vendored if folder.startswith(here)]
    matching = interpreters.found(local, pythons)
    for folder, packages in record.vendored.items():
        subject = f"vendor/{folder}"
        named = ", ".join(f"{name} {version}" for name, version in packages.items())
        if folder in matching:
            yield _tried(matching[folder], target, folder, subject, named)
        elif folder in local:
            text = f"{named}: no such Python was found; name one with --with"
            yield Finding("not run", subject, text)
        else:
            yield Finding("not run", subject, f"{named}: it is not for this machine")
    for path in pythons:
        if path not in {interpreter.path for interpreter in matching.values()}:
            yield _unused(path)


def _tried(
    interpreter: Interpreter, target: Target, folder: str, subject: str, named: str
) -> Finding:
    by = f"{interpreter.path} (Python {interpreter.version})"
    got = interpreters.loaded(interpreter, target.void / "lib")
    if isinstance(got, str):
        return Finding("wrong", subject, f"{by} cannot import it: {got}")
    place = (target.void / "vendor" / folder).resolve()
    strayed = [file for _, file in got.values() if place not in Path(file).resolve().parents]
    if strayed:
        return Finding("wrong", subject, f"{by} took another one: {', '.join(strayed)}")
    return Finding("ok", subject, f"{named}: imported by {by}")


def _unused(path: Path) -> Finding:
    interpreter = interpreters.asked(path)
    if interpreter is None:
        return Finding("wrong", str(path), "it is no Python that can run the panels")
    text = f"Python {interpreter.version} was not needed, or has no libraries here"
    return Finding("note", str(path), f"{text} (it looks for vendor/{interpreter.folder})")
