"""What the threads of a panel have to tell it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bridge.errors import VoidError
from bridge.messages import JobStatus, Preview, Welcome


@dataclass(frozen=True)
class Seen:
    """The server has answered: what it is, and its jobs, newest first."""

    welcome: Welcome
    jobs: tuple[JobStatus, ...]


@dataclass(frozen=True)
class Lost:
    """The server could not be asked."""

    error: VoidError


@dataclass(frozen=True)
class Refused:
    """What the artist wanted done was not done."""

    error: VoidError


@dataclass(frozen=True)
class Told:
    """What the artist wanted done was done; how it went, in words."""

    text: str


@dataclass(frozen=True)
class Pictured:
    """A newer preview of a job.

    Attributes:
        job: The job's id.
        preview: Which frame it is, and after which step.
        png: The picture, as a file's bytes.
    """

    job: str
    preview: Preview
    png: bytes


@dataclass(frozen=True)
class Collecting:
    """Frames arrive.

    Attributes:
        name: The shot's name.
        landed: Frames that are there.
        total: Frames wanted.
        doing: What the job does meanwhile; "" when it is over.
    """

    name: str
    landed: int
    total: int
    doing: str = ""


@dataclass(frozen=True)
class Collected:
    """No more frames will arrive.

    Attributes:
        text: How it ended, in words.
        folder: Where the frames are, or None if nothing has landed.
        error: Why not all have landed, or None.
    """

    text: str
    folder: Path | None = None
    error: VoidError | None = None


News = Seen | Lost | Refused | Told | Pictured | Collecting | Collected
