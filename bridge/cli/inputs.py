"""Pictures as artists name them: patterns, folders, single files, movies and VOID folders.

Nothing is opened here but a movie's index; `bridge.found` decides which of the files the
wanted frames need, and `bridge.hashing` reads them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

import fileseq
import msgspec

from bridge import sequence
from bridge.cli import movies
from bridge.errors import RequestError
from bridge.found import Found, unreadable
from bridge.sequence import FrameRange
from bridge.user_path import user_path

STILLS = frozenset({".exr", ".dpx", ".tif", ".tiff", ".png", ".jpg", ".jpeg"})
"""File names that are pictures, lower case."""

_HASH_IS_ONE_DIGIT = fileseq.PAD_STYLE_HASH1  # as in Nuke: #### is four digits
_BRACKETS = re.compile(r"\[((-?\d+)--?\d+)\]")


class _Prompt(msgspec.Struct):
    """``prompt.json`` of a VOID folder: what remains when the object is gone."""

    bg: str


@dataclass(frozen=True, kw_only=True)
class VoidFolder:
    """A folder as the VOID model's own tools lay it out: movie, quadmask, prompt.

    Source: https://github.com/Netflix/void-model, ``sample/``.
    """

    plate: Path
    quadmask: Path
    prompt: str


def void_folder(path: Path) -> VoidFolder | None:
    """The VOID folder at ``path``, or None if it is none.

    Raises:
        RequestError: Its prompt cannot be read.
    """
    plate, quadmask = path / "input_video.mp4", path / "quadmask_0.mp4"
    if not (plate.is_file() and quadmask.is_file()):
        return None
    file = path / "prompt.json"
    try:
        prompt = msgspec.json.decode(file.read_bytes(), type=_Prompt).bg if file.exists() else ""
    except (OSError, msgspec.DecodeError) as error:
        raise RequestError(
            f"prompt {file}",
            f'it cannot be read ({error}; expected {{"bg": "..."}})',
            code="prompt",
        ) from error
    return VoidFolder(plate=plate, quadmask=quadmask, prompt=prompt.strip())


def find(text: str, *, subject: str) -> Found:
    """The pictures that an artist means by ``text``.

    Args:
        text: ``shot.%04d.exr``, ``shot.####.exr``, ``shot.@@@@.exr``, ``shot.[1001-1048].exr``,
            a folder with one sequence in it, one file, or a movie.
        subject: What they are for, e.g. ``plate``.

    Raises:
        RequestError: There is nothing of that name, or more than one thing.
    """
    path = user_path(text, subject=subject)
    if path.is_dir():
        return _only_one(path, subject)
    if path.is_file():
        return _file(path, subject)
    return _by_pattern(path, subject)


def _file(path: Path, subject: str) -> Found:
    """One file: a movie, or a single frame."""
    suffix = path.suffix.lower()
    if suffix in movies.SUFFIXES:
        return Found(
            subject=subject,
            label=path.name,
            kind="movie",
            files=(path,),
            frames=(1,),
            last_frame=_picture_count(path, subject),
        )
    if suffix in STILLS:
        number = sequence.frame_number(path.name)
        frame = 1 if number is None else number
        return Found(
            subject=subject,
            label=path.name,
            kind="stills",
            files=(path,),
            frames=(frame,),
            last_frame=frame,
        )
    raise RequestError(
        f"{subject} {path.name}",
        f"it is no picture that can be read (expected {', '.join(sorted(STILLS))} or "
        f"{', '.join(sorted(movies.SUFFIXES))}, got '{suffix}')",
        code="unknown_format",
    )


def _picture_count(movie: Path, subject: str) -> int | None:
    try:
        return movies.picture_count(movie)
    except OSError as error:
        raise unreadable(movie, subject, error) from error


def _only_one(folder: Path, subject: str) -> Found:
    """The one sequence or movie in a folder."""
    candidates = _candidates(folder)
    if len(candidates) == 1:
        return _of(candidates[0], subject)
    labels = [_described(candidate) for candidate in candidates]
    raise RequestError(
        f"{subject} {folder}",
        f"it holds {_some(labels)} (expected exactly one sequence)"
        if labels
        else "there are no pictures in it",
        "Name one of them, e.g. " + str(folder / _label(candidates[0])) if labels else "",
        code="several_sequences" if labels else "no_pictures",
    )


def _by_pattern(path: Path, subject: str) -> Found:
    """The sequence that a pattern describes; the digits decide when two differ only in them."""
    brackets = _BRACKETS.search(path.name)
    name = path.name
    if brackets:
        name = _BRACKETS.sub("#" * len(brackets[2]), name, count=1)
    parsed = fileseq.FileSequence(name, pad_style=_HASH_IS_ONE_DIGIT)
    there = _candidates(path.parent) if path.parent.is_dir() else []
    like = [
        c for c in there if (c.basename(), c.extension()) == (parsed.basename(), parsed.extension())
    ]
    matching = [c for c in like if c.zfill() == parsed.zfill()] if len(like) > 1 else like
    if not parsed.padding() or len(matching) != 1:
        labels = [_described(candidate) for candidate in like or there]
        raise RequestError(
            f"{subject} {path.name}",
            f"no file in {path.parent} has such a name",
            f"There is {_some(labels)}." if labels else "Check the folder and the spelling.",
            code="no_such_file",
        )
    asked = brackets[1] if brackets else parsed.frameRange()
    return replace(_of(matching[0], subject), asked=FrameRange.parse(asked) if asked else None)


def _candidates(folder: Path) -> list[fileseq.FileSequence]:
    """Every sequence of pictures and every movie in a folder."""
    found = fileseq.findSequencesOnDisk(
        str(folder), strictPadding=True, pad_style=_HASH_IS_ONE_DIGIT
    )
    known = STILLS | movies.SUFFIXES
    return [candidate for candidate in found if candidate.extension().lower() in known]


def _of(candidate: fileseq.FileSequence, subject: str) -> Found:
    if len(candidate) == 1:
        return _file(Path(candidate[0]), subject)
    frames = tuple(sorted(int(frame) for frame in candidate.frameSet()))
    return Found(
        subject=subject,
        label=_label(candidate),
        kind="stills",
        files=tuple(Path(candidate.frame(frame)) for frame in frames),
        frames=frames,
        last_frame=frames[-1],
    )


def _label(candidate: fileseq.FileSequence) -> str:
    if len(candidate) == 1:
        return Path(candidate[0]).name
    return f"{candidate.basename()}%0{candidate.zfill()}d{candidate.extension()}"


def _described(candidate: fileseq.FileSequence) -> str:
    if len(candidate) == 1:
        return _label(candidate)
    return f"{_label(candidate)} {sequence.listed(int(f) for f in candidate.frameSet())}"


def _some(labels: list[str]) -> str:
    return ", ".join(labels[:3]) + (f" and {len(labels) - 3} more" if len(labels) > 3 else "")
