"""May the server read this path? Only regular files under folders it was told to trust.

A path that a client names is resolved, compared with the roots, and then opened from its root
downwards, one name at a time and without following links, so that nothing swapped in between can
lead out of the root. A worker opens the file again later; it compares the digest that the client
named before it uses a byte, so a swap after this check gains nothing either.

Source: the RESOLVE_BENEATH rule of openat2(2), in calls that Python has.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from bridge.errors import RequestError

_LONGEST = 4096
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
# Without O_NONBLOCK a pipe would keep the server waiting for somebody to write into it.
_FILE = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


def readable(path: str, *, size: int, roots: Sequence[Path]) -> Path | None:
    """Where a file may be read that a client names by path.

    Args:
        path: As the client wrote it.
        size: Bytes the client says it has.
        roots: Folders that may be read, resolved.

    Returns:
        The file's resolved path; None when it is not there, cannot be read or has another size,
        as on another machine: such a file is to be uploaded.

    Raises:
        RequestError: It lies outside the roots, or it is no regular file.
    """
    resolved = _resolved(path)
    root = next((root for root in roots if resolved.is_relative_to(root)), None)
    if root is None:
        raise RequestError(
            f"file {path[:200]}",
            "it is not under a folder that the server may read (expected one of "
            f"{', '.join(str(root) for root in roots)})",
            "Submit it without its path, so that it is uploaded, or have the operator add the "
            "folder to --roots.",
            code="outside_roots",
        )
    try:
        found = _open_beneath(root, resolved.relative_to(root).parts)
    except OSError:
        return None
    try:
        status = os.fstat(found)
    finally:
        os.close(found)
    if not stat.S_ISREG(status.st_mode):
        raise RequestError(
            f"file {path[:200]}", "it is no regular file", "Name a picture.", code="not_a_file"
        )
    return resolved if status.st_size == size else None


def _resolved(path: str) -> Path:
    bad = "\0" in path or len(path) > _LONGEST or not Path(path).is_absolute()
    try:
        if not bad:
            return Path(os.path.realpath(path))
    except (OSError, ValueError):  # ValueError: text that no file name can hold
        pass
    raise RequestError(
        f"path {path[:200]!r}",
        f"it is none (expected an absolute path of at most {_LONGEST} characters)",
        code="bad_path",
    )


def _open_beneath(root: Path, parts: tuple[str, ...]) -> int:
    """A descriptor of the file, reached without following a link below the root."""
    if os.open not in os.supports_dir_fd:  # Windows: links need rights that clients lack
        return os.open(root.joinpath(*parts), _FILE)
    folder = os.open(root, _FOLDER)
    try:
        for name in parts[:-1]:
            inner = os.open(name, _FOLDER, dir_fd=folder)
            os.close(folder)
            folder = inner
        return os.open(parts[-1] if parts else ".", _FILE, dir_fd=folder)
    finally:
        os.close(folder)
