"""Frame numbers, file names and versions: the arithmetic of picture sequences.

Hosts and the command line both need it, so it uses the standard library only.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from bridge.errors import RequestError

LEAST_PADDING = 4
"""Digits of a frame number in our file names, if the plate has no more.

Source: Netflix, "VFX Shot and Version Naming": four digits, characters ``[a-zA-Z0-9._-]``.
"""

PictureKind = Literal["comp", "patch", "straight", "degrained", "matte"]
"""What a result frame holds.

``comp``: the finished plate. ``patch``: the new pixels, premultiplied, with their alpha.
``straight``: the same unpremultiplied. ``degrained``: as ``straight``, without the grain that was
made for it. ``matte``: the alpha that was used, over the whole plate.
"""

PICTURE_KINDS: tuple[PictureKind, ...] = get_args(PictureKind)
"""All of them, in the order in which they are listed."""

_RANGE = re.compile(r"\s*(-?\d+)(?:\s*-\s*(-?\d+))?\s*")
_ILLEGAL = re.compile(r"[^A-Za-z0-9._-]+")
# Digits before the suffix; a minus counts only after a dot, an underscore or nothing,
# and digits after a v are a version.
_FRAME = re.compile(r"((?:(?<![^._])-)?(?<![vV\d])\d+)\.[^.]+$")
_NUMBERED = re.compile(r"(?:[._]?(?:%0?\d*d|#+|@+)|\.-?\d+)\.[^.]+$")


@dataclass(frozen=True, order=True)
class FrameRange:
    """Frame numbers from ``first`` to ``last``, both inclusive.

    Raises:
        RequestError: ``last`` lies before ``first``.
    """

    first: int
    last: int

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise RequestError(
                "frame range",
                f"it ends before it begins (expected first <= last, got {self.first}-{self.last})",
                "Write it as 1001-1048.",
                code="bad_range",
            )

    @classmethod
    def parse(cls, text: str) -> FrameRange:
        """Read ``1001-1048``, or ``1001`` for a single frame; numbers may be negative.

        Raises:
            RequestError: The text is no range, or ends before it begins.
        """
        match = _RANGE.fullmatch(text)
        if match is None:
            raise RequestError(
                "frame range",
                f"it cannot be read (expected FIRST-LAST, got '{text}')",
                "Write it as 1001-1048.",
                code="bad_range",
            )
        first = int(match[1])
        return cls(first, int(match[2]) if match[2] else first)

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.first, self.last + 1))

    def __len__(self) -> int:
        return self.last - self.first + 1

    def __contains__(self, frame: object) -> bool:
        return isinstance(frame, int) and self.first <= frame <= self.last

    def __str__(self) -> str:
        return f"{self.first}-{self.last}"


def listed(frames: Iterable[int]) -> str:
    """Frame numbers as an artist lists them: ``1033-1034, 1040``; "" for none."""
    ordered = enumerate(sorted(set(frames)))
    runs = (list(run) for _, run in itertools.groupby(ordered, key=lambda pair: pair[1] - pair[0]))
    return ", ".join(_span(run[0][1], run[-1][1]) for run in runs)


def frames_of(label: str) -> tuple[int, ...]:
    """The frame numbers that `listed` wrote.

    Raises:
        RequestError: A part of the list is no range.
    """
    parts = [part for part in label.split(",") if part.strip()]
    return tuple(frame for part in parts for frame in FrameRange.parse(part))


def missing(frames: Iterable[int], wanted: FrameRange) -> tuple[int, ...]:
    """The wanted frames that are not among ``frames``, ascending."""
    there = set(frames)
    return tuple(frame for frame in wanted if frame not in there)


def frame_number(file_name: str) -> int | None:
    """The frame number in a file name, or None: ``a.1001.exr`` has one, ``a_v001.exr`` has not."""
    match = _FRAME.search(file_name)
    return int(match[1]) if match else None


def padding_of(file_names: Iterable[str]) -> int:
    """Digits of the frame numbers in these names; the shortest counts, four are the least."""
    numbers = (match[1] for name in file_names if (match := _FRAME.search(name)))
    return max(LEAST_PADDING, min((len(number) for number in numbers), default=0))


def is_legal_name(name: str) -> bool:
    """Whether a shot's name can begin file names anywhere: letters, digits, ``.``, ``_``, ``-``."""
    return bool(name) and not _ILLEGAL.search(name) and name[0] not in ".-"


def shot_name(label: str) -> str:
    """The name a shot gets from its plate: ``sh010 plate.%04d.exr`` becomes ``sh010_plate``.

    Digits that no dot sets off are kept, since they may be the shot's own: ``sh010.mov``.
    """
    stem = _NUMBERED.sub("", label)
    stem = Path(label).stem if stem == label else stem
    return _ILLEGAL.sub("_", stem).strip("._-") or "shot"


@dataclass(frozen=True, kw_only=True)
class Version:
    """A published result: the folder ``<name>_void_v001`` and how the files in it are named.

    Attributes:
        folder: The version's folder.
        padding: Digits of the frame numbers.
    """

    folder: Path
    padding: int = LEAST_PADDING

    @property
    def stem(self) -> str:
        """What every file in it begins with, e.g. ``sh010_void_v001``."""
        return self.folder.name

    @property
    def label(self) -> str:
        """The version alone, e.g. ``v001``."""
        return self.stem.rsplit("_", 1)[-1]

    @property
    def sidecar(self) -> Path:
        """The JSON file that says what really ran."""
        return self.folder / f"{self.stem}.json"

    @property
    def page(self) -> Path:
        """The report page for people, beside the sidecar."""
        return self.sidecar.with_suffix(".html")

    def picture(self, kind: PictureKind, frame: int) -> Path:
        """The file of one frame."""
        return self.folder / f"{self._base(kind)}.{frame:0{self.padding}d}.exr"

    def pattern(self, kind: PictureKind) -> Path:
        """All frames as one pattern, e.g. ``sh010_void_v001_patch.%04d.exr``."""
        return self.folder / f"{self._base(kind)}.%0{self.padding}d.exr"

    def _base(self, kind: PictureKind) -> str:
        """The comp has the plain name: it is what goes on down the pipeline."""
        return self.stem if kind == "comp" else f"{self.stem}_{kind}"


def versions(out: Path, name: str) -> tuple[Path, ...]:
    """The version folders of a shot in ``out``, newest first.

    Raises:
        OSError: The folder is there but cannot be read.
    """
    shape = re.compile(re.escape(name) + r"_void_v(\d{3,})")
    try:
        found = [(match, path) for path in out.iterdir() if (match := shape.fullmatch(path.name))]
    except FileNotFoundError:
        return ()
    return tuple(path for _, path in sorted(found, key=lambda pair: -int(pair[0][1])))


def claim_version(out: Path, name: str) -> Path:
    """Make the folder of the next free version; two callers at once get two folders.

    Numbers only rise: a version that was deleted is not given out again while a later one stands.

    Raises:
        OSError: The folder cannot be made.
    """
    out.mkdir(parents=True, exist_ok=True)
    newest = next(iter(versions(out, name)), None)
    number = int(newest.name.rsplit("_v", 1)[1]) if newest else 0
    while True:
        number += 1
        folder = out / f"{name}_void_v{number:03d}"
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder


def _span(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"
