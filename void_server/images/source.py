"""Where pictures come from: an EXR sequence, other stills, or a movie, behind one face."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Literal, Protocol

from bridge.errors import RequestError
from bridge.shot import Sequence, SourceFile
from void_server.images.exr_header import unreadable
from void_server.images.exr_layout import MAGIC
from void_server.images.picture import Picture
from void_server.images.window import Window

Locate = Callable[[SourceFile], Path]
"""Where the bytes of a source file lie on this machine."""


Untagged = Literal["linear", "display", "ask"]
"""What numbers without a colour tag may be taken for."""


class Facts(Protocol):
    """What is known of a frame before a pixel of it is decoded."""

    @property
    def data_window(self) -> Window:
        """Where the pixels lie."""
        ...

    @property
    def display_window(self) -> Window:
        """The frame that the artist sees."""
        ...

    @property
    def pixel_aspect(self) -> float:
        """Width of a pixel over its height."""
        ...


class Source(Protocol):
    """A picture sequence that can be read frame by frame, in any order."""

    @property
    def frames(self) -> tuple[int, ...]:
        """File numbers, ascending; a movie counts on from its sequence's first number."""
        ...

    @property
    def colorspace(self) -> str | None:
        """What the first frame says of its colour, or None."""
        ...

    @property
    def channels(self) -> tuple[str, ...]:
        """Channel names of the first frame, of the view that is read."""
        ...

    @property
    def views(self) -> tuple[str, ...]:
        """The views that the files hold; () when they say nothing of views."""
        ...

    @property
    def untagged(self) -> Untagged:
        """What the numbers may be taken for when `colorspace` is None."""
        ...

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the artist should know of these files when they are a plate."""
        ...

    def facts(self, frame: int) -> Facts:
        """Windows of a frame, from its header alone.

        Raises:
            RequestError: The file is damaged, deep, too large or not there.
        """
        ...

    def read(self, frame: int) -> Picture:
        """Decode a frame.

        Raises:
            RequestError: As for `facts`; or the file has changed since it was submitted.
        """
        ...

    def close(self) -> None:
        """Let go of open files."""
        ...


def open_source(sequence: Sequence, locate: Locate, view: str = "") -> Source:
    """Open a sequence with the reader that its first file's content and name call for.

    Args:
        sequence: The files.
        locate: Where each lies.
        view: Which view to read; files without views are read as they are.

    Raises:
        RequestError: The files are of no kind we read, cannot be read, or hold other views.
    """
    if not sequence.files or len(sequence.files) != len(sequence.frames):
        raise RequestError(
            sequence.label,
            f"the sequence is malformed (expected one number for each file, got "
            f"{len(sequence.files)} files and {len(sequence.frames)} numbers)",
            code="malformed",
        )
    # Each reader pulls in a large library, so only the one that is needed is loaded.
    if sequence.kind == "movie":
        from void_server.images.movie import MovieSource

        return MovieSource(sequence, locate)
    first = sequence.files[0]
    if first.name.lower().endswith((".exr", ".sxr")) or _magic(locate(first), first) == MAGIC:
        from void_server.images.exr_source import ExrSequence

        return ExrSequence(sequence, locate, view)
    from void_server.images.stills import StillsSource

    return StillsSource(sequence, locate)


def read_checked(file: SourceFile, path: Path) -> bytes:
    """The file's bytes, after comparing them with the digest it was submitted under.

    Most EXR codecs have no checksum: a flipped bit reads back as a wrong pixel without an error.

    Raises:
        RequestError: It cannot be read, or it is not the file that was submitted.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise unreadable(file.name, error) from error
    check_digest(file, hashlib.sha256(data).hexdigest())
    return data


def check_digest(file: SourceFile, found: str) -> None:
    """Compare a file's digest with the one it was submitted under. Raises `RequestError`."""
    if found != file.sha256:
        raise RequestError(
            file.name,
            f"the file has changed since it was submitted (expected sha256 {file.sha256[:12]}..., "
            f"got {found[:12]}...)",
            "Submit the shot again.",
            code="changed",
        )


def _magic(path: Path, file: SourceFile) -> bytes:
    try:
        with path.open("rb") as opened:
            return opened.read(4)
    except OSError as error:
        raise unreadable(file.name, error) from error
