"""The folder that an install goes to, and how files get there: readable by all, or not at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bridge.errors import RequestError

_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
FILE_MODE = 0o644
FOLDER_MODE = 0o755


@dataclass(frozen=True)
class Target:
    """A folder in which Nuke looks for plug-ins: ``~/.nuke``, or an entry of NUKE_PATH.

    Attributes:
        folder: The folder itself.
    """

    folder: Path

    @property
    def init(self) -> Path:
        """The file that Nuke runs at its start, shared with everything else installed there."""
        return self.folder / "init.py"

    @property
    def void(self) -> Path:
        """What is ours."""
        return self.folder / "void"

    @property
    def coming(self) -> Path:
        """Ours while it is being made."""
        return self.folder / ".void.new"

    @property
    def going(self) -> Path:
        """Ours from before, while it is being cleared away."""
        return self.folder / ".void.old"


def refuse_links(target: Target) -> None:
    """Refuse to change what is not in the folder itself: through a link others would lose theirs.

    Raises:
        RequestError: One of our folders is a link, or on Windows a junction.
        OSError: It cannot be seen.
    """
    for path in (target.void, target.coming, target.going):
        if path.is_symlink() or (path.exists() and path.resolve().parent != path.parent.resolve()):
            raise RequestError(
                str(path),
                f"it leads to another folder ({path.resolve()}), which others may use",
                "Delete the link by hand, or name the folder that has the install with --dir.",
                code="not_ours",
            )


def make_folder(folder: Path) -> None:
    """A folder, and those above it, that all may look into, whatever the umask.

    Raises:
        OSError: It cannot be made.
    """
    lacking = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(lacking):
        path.mkdir()
        path.chmod(FOLDER_MODE)


def readable_by_all(folder: Path) -> None:
    """Give everything in a folder of ours, and the folder, the modes that a shared one needs.

    Raises:
        OSError: They cannot be changed.
    """
    folder.chmod(FOLDER_MODE)
    for parent, folders, files in os.walk(folder):
        for name in folders:
            Path(parent, name).chmod(FOLDER_MODE)
        for name in files:
            Path(parent, name).chmod(FILE_MODE)


@contextmanager
def changing(folder: Path) -> Iterator[None]:
    """Turn what the operating system says of a folder into words for its owner."""
    try:
        yield
    except OSError as error:
        full = error.errno in _FULL
        where = f"; {error.filename}" if error.filename else ""
        raise RequestError(
            str(folder),
            f"{'there is no room' if full else 'it cannot be changed'} ({error.strerror}{where})",
            "Make room and run the same command again."
            if full
            else "Close every Nuke that uses it and check its permissions, or choose another "
            "folder with --dir.",
            code="disk_full" if full else "not_writable",
        ) from error
