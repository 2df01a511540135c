"""What was found on disk, and which of it the wanted frames need.

Frame N of a matte belongs to frame N of the plate. What is missing is said exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from bridge import sequence
from bridge.errors import RequestError
from bridge.sequence import FrameRange, listed
from bridge.shot import Missing


@dataclass(frozen=True, kw_only=True)
class Found:
    """A sequence or movie on disk.

    Attributes:
        subject: What it is for, e.g. ``plate``; begins every message about it.
        label: The pattern as an artist would write it, e.g. ``plate.%04d.exr``.
        kind: ``stills`` or ``movie``.
        files: The files, in frame order; exactly one for a movie.
        frames: Their frame numbers; for a movie the number of its first picture.
        last_frame: The last frame there is; None for a movie that keeps its length to itself.
        asked: The range that the pattern itself names, or None.
    """

    subject: str
    label: str
    kind: Literal["stills", "movie"]
    files: tuple[Path, ...]
    frames: tuple[int, ...]
    last_frame: int | None
    asked: FrameRange | None = None

    @property
    def numbered(self) -> bool:
        """Whether the file names carry frame numbers."""
        return "%" in self.label or sequence.frame_number(self.label) is not None

    def range(self) -> FrameRange:
        """The frames it names itself, or else all from its first to its last.

        Raises:
            RequestError: It is a movie whose length is not known.
        """
        if self.asked is not None:
            return self.asked
        if self.last_frame is None:
            raise RequestError(
                f"{self.subject} {self.label}",
                "its index does not say how many pictures it holds",
                "Name the frames: --frames 1-48.",
                code="unknown_length",
            )
        return FrameRange(self.frames[0], self.last_frame)


def needed(found: Found, wanted: FrameRange, missing: Missing) -> Found:
    """The files that the wanted frames need.

    Args:
        found: What is on disk.
        wanted: The frames wanted.
        missing: ``refuse`` gaps, or ``hold`` the nearest earlier frame.

    Raises:
        RequestError: A wanted frame is not there and may not, or cannot, be held.
    """
    if found.kind == "movie":
        _check_movie(found, wanted)
        return found
    there = FrameRange(found.frames[0], found.frames[-1])
    if there.last < wanted.first or wanted.last < there.first:
        raise _outside(found, wanted)
    gaps = sequence.missing(found.frames, wanted)
    if gaps and (missing == "refuse" or wanted.first < there.first):
        raise _missing(found, gaps, wanted)
    first = max(frame for frame in found.frames if frame <= wanted.first)
    pairs = [
        (frame, file)
        for frame, file in zip(found.frames, found.files, strict=True)
        if first <= frame <= wanted.last
    ]
    return replace(
        found, frames=tuple(frame for frame, _ in pairs), files=tuple(file for _, file in pairs)
    )


def aligned(matte: Found, plate: Found, wanted: FrameRange) -> Found:
    """A matte on the plate's frame numbers.

    A matte movie begins where the plate begins; a single picture without a number stands for
    every frame. A numbered sequence is left as it is: frame N belongs to frame N.
    """
    begin = plate.frames[0]
    if matte.kind == "movie":
        last = None if matte.last_frame is None else matte.last_frame - matte.frames[0] + begin
        return replace(matte, frames=(begin,), last_frame=last)
    if not matte.numbered:
        frames = tuple(wanted)
        return replace(
            matte, frames=frames, files=matte.files * len(frames), last_frame=wanted.last
        )
    return matte


def _check_movie(found: Found, wanted: FrameRange) -> None:
    known = found.last_frame is not None and wanted.last > found.last_frame
    if known or wanted.first < found.frames[0]:
        raise _outside(found, wanted)


def _outside(found: Found, wanted: FrameRange) -> RequestError:
    end = "" if found.last_frame is None else found.last_frame
    there = listed(found.frames) if found.kind == "stills" else f"{found.frames[0]}-{end}"
    return RequestError(
        f"{found.subject} {found.label}",
        f"frames {wanted} are outside it (expected within {there})",
        "Check --frames and the frame numbers of the files.",
        code="out_of_range",
    )


def _missing(found: Found, gaps: tuple[int, ...], wanted: FrameRange) -> RequestError:
    hold = "Render them, or pass --missing hold."
    no_earlier = "Render them, or begin later: there is no earlier frame to hold."
    frames = f"frame {gaps[0]} is" if len(gaps) == 1 else f"frames {listed(gaps)} are"
    return RequestError(
        found.subject,
        f"{frames} missing in {found.label} (wanted {wanted})",
        no_earlier if found.frames[0] > wanted.first else hold,
        code="missing_frames",
    )


def unreadable(path: Path, subject: str, error: OSError) -> RequestError:
    """The error for a file that the operating system will not let us read."""
    return RequestError(
        f"{subject} {path.name}",
        f"it cannot be read ({error.strerror})",
        "Check the file and its permissions.",
        code="unreadable",
    )
