"""Making an install beside the older one, and putting it in its place."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import bridge
import host_plugins
from bridge.errors import RequestError
from host_plugins.install import manual, startup_line, wheels
from host_plugins.install import record as records
from host_plugins.install.erase import erase
from host_plugins.install.record import Installed
from host_plugins.install.target import (
    Target,
    changing,
    make_folder,
    readable_by_all,
    refuse_links,
)
from host_plugins.install.wheels import Machine

SOURCES = {
    "bridge": (bridge, ("*.py",)),
    "host_plugins": (
        host_plugins,
        (
            "*.py",
            "install/__init__.py",
            "install/vendored.py",
            "run/**/*",
            "panel/**/*",
            "nuke_panel/**/*",
        ),
    ),
}
"""What runs inside a host: the command line, and what installs, stay outside."""

_KINDS = {".py", ".svg", ".png"}
_SCRIPTS = ("init.py", "menu.py", "farm.py", "selftest.py")


@dataclass(frozen=True, kw_only=True)
class Made:
    """An install that was made.

    Attributes:
        record: What it is made of.
        line_added: Whether the line in init.py is new.
        kept: A folder with what somebody had changed in the older install, or None.
    """

    record: Installed
    line_added: bool
    kept: Path | None


def install(target: Target, machines: tuple[Machine, ...], wheel_folder: Path | None) -> Made:
    """Install, in place of an older install if there is one.

    Whenever it is broken off, Nuke starts: the new folder takes its place when it is whole, and
    the line that has Nuke look there comes last.

    Args:
        target: Where to.
        machines: The machines to bring libraries for.
        wheel_folder: Where to take them from; None for the package index.

    Raises:
        RequestError: There is something else of our name or a link, the libraries cannot be had,
            or the folder cannot be written.
    """
    with changing(target.folder):
        refuse_links(target)
        make_folder(target.folder)
        mend(target)
        older = _older(target)
        made_init = not target.init.exists() or (older is not None and older.made_init)
        record = _build(target.coming, machines, wheel_folder, made_init=made_init)
        kept = _swap(target)
        return Made(record=record, line_added=startup_line.add(target.init), kept=kept)


def mend(target: Target) -> None:
    """Tidy up after an install that was broken off.

    Raises:
        OSError: It cannot be.
    """
    if target.coming.exists():
        shutil.rmtree(target.coming)
    if target.going.exists():
        if target.void.exists():
            _clear(target)
        else:
            target.going.rename(target.void)


def _older(target: Target) -> Installed | None:
    """The record of the install that is there."""
    older = records.read(target.void) if target.void.is_dir() else None
    if older is None and (target.void.exists() or target.void.is_symlink()):
        raise RequestError(
            str(target.void),
            "something is there that this command has not installed",
            "Move it away, or choose another folder with --dir.",
            code="not_ours",
        )
    return older


def _build(
    folder: Path, machines: tuple[Machine, ...], wheel_folder: Path | None, *, made_init: bool
) -> Installed:
    """Make everything of ours in a new folder."""
    folder.mkdir()
    try:
        _copy_sources(folder)
        manual.write(folder / "docs")
        got = {
            machine.folder: wheels.fetch(machine, folder / "vendor" / machine.folder, wheel_folder)
            for machine in machines
        }
        record = Installed(
            version=bridge.__version__,
            date=datetime.now(timezone.utc).isoformat(timespec="seconds"),
            needs=wheels.needs(),
            vendored=got,
            files=records.listed(folder),
            made_init=made_init,
        )
        records.write(folder, record)
        readable_by_all(folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return record


def _copy_sources(folder: Path) -> None:
    for name, (package, patterns) in SOURCES.items():
        (root,) = package.__path__
        for path in (path for pattern in patterns for path in Path(root).glob(pattern)):
            if path.suffix in _KINDS:
                _copy(path, folder / "lib" / name / path.relative_to(root))
    scripts = Path(__file__).parent / "scripts"
    for script in _SCRIPTS:
        _copy(scripts / script, folder / script)
    for licence in _licences():
        _copy(licence, folder / licence.name)


def _copy(source: Path, destination: Path) -> None:
    destination.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, destination)


def _licences() -> list[Path]:
    """This package's licence, which goes wherever its code goes."""
    package = wheels.package()
    files = [file for file in package.files or [] if file.parent.name == "licenses"]
    return [Path(str(package.locate_file(file))) for file in files]


def _swap(target: Target) -> Path | None:
    """Put the new folder in the place of the old one; where what was changed in that is kept."""
    if not target.void.exists():
        target.coming.rename(target.void)
        return None
    try:
        target.void.rename(target.going)
        target.coming.rename(target.void)
    except OSError:
        if not target.void.exists():
            target.going.rename(target.void)
        shutil.rmtree(target.coming, ignore_errors=True)
        raise
    return _clear(target)


def _clear(target: Target) -> Path | None:
    """Delete the old folder, but not what somebody has changed or added; where that is now."""
    older = records.read(target.going)
    if older is not None and not erase(target.going, older):
        return None
    stamp = datetime.now(timezone.utc).strftime("%Y%m%d-%H%M%S")
    return target.going.rename(target.folder / f"void.kept-{stamp}")
