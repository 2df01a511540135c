"""What a host, a script or the command line asks for: a shot and what to remove from it.

A request names its pictures by content. Paths ride along so that a server on the same machine
can read them, but they are no part of the request's identity: the same pictures with the same
parameters are the same job, wherever they lie.
"""

from __future__ import annotations

import hashlib
from typing import Literal

import msgspec

SCHEMA = 1
"""Version of the request layout; part of the identity, so that a new layout is a new job."""

Role = Literal["remove", "affected", "keep", "quadmask"]
"""What a matte says: remove this, this changes with it, hold this out; or all at once as levels."""

Missing = Literal["refuse", "hold"]
"""What to do about a missing frame: refuse the shot, or repeat the nearest earlier one."""

Output = Literal["comp", "patch", "both"]
"""Which pictures come back: over the plate, premultiplied patch, or both."""

Parameter = bool | int | float | str
"""The value of one engine parameter."""


class SourceFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of a sequence, known by its content.

    Attributes:
        name: File name without folder, as the artist knows it.
        size: Bytes.
        sha256: Lower-case hex digest of the whole file.
        path: Absolute path on the client's machine, or "" when the server must not look there.
    """

    name: str
    size: int
    sha256: str
    path: str = ""


class Sequence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A picture sequence: one file per frame, or a movie.

    Attributes:
        label: The pattern as the artist would write it, e.g. ``plate.%04d.exr``; for messages.
        kind: ``stills`` (one file per frame) or ``movie`` (one file).
        files: The files, in frame order; exactly one for a movie.
        frames: The frame number of each file; for a movie the number of its first picture.
    """

    label: str
    kind: Literal["stills", "movie"]
    files: tuple[SourceFile, ...]
    frames: tuple[int, ...]


class Matte(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A matte and its role; ``channel`` "" means alpha, or the only channel there is."""

    role: Role
    sequence: Sequence
    channel: str = ""


class Shot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The unit of work: a plate, its mattes and the frames wanted.

    Attributes:
        name: Base of the result's file names; letters, digits, ``.``, ``_`` and ``-``.
        plate: The source picture sequence.
        mattes: At least one of role ``remove`` or ``quadmask``.
        first_frame: First file number wanted, inclusive.
        last_frame: Last file number wanted, inclusive.
        colorspace: Colour space of the plate by interop ID, name or alias; "" takes the file's tag.
        missing: What to do about frames that are not there.
    """

    name: str
    plate: Sequence
    mattes: tuple[Matte, ...]
    first_frame: int
    last_frame: int
    colorspace: str = ""
    missing: Missing = "refuse"


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One removal: the shot, the engine and every parameter that shapes the result.

    Attributes:
        shot: What to work on.
        engine: ``auto``, or an engine's name as the server describes it.
        prompt: What should remain, in words; engines without language ignore it.
        seed: Seed of everything random in the result.
        grow: How far the hole reaches beyond the mattes, plate pixels.
        feather: Width of the soft edge inside the hole, plate pixels.
        output: Which pictures come back.
        parameters: Engine parameters by name, as the server describes them.
        schema: Version of this layout.
    """

    shot: Shot
    engine: str = "auto"
    prompt: str = ""
    seed: int = 0
    grow: float = 8.0
    feather: float = 6.0
    output: Output = "comp"
    parameters: dict[str, Parameter] = {}
    schema: int = SCHEMA


def job_id(request: Request) -> str:
    """The job's name: 32 hex digits of the SHA-256 of everything in the request but its paths."""
    plain = msgspec.structs.replace(request, shot=_without_paths(request.shot))
    return hashlib.sha256(msgspec.json.encode(plain, order="deterministic")).hexdigest()[:32]


def source_files(shot: Shot) -> dict[str, SourceFile]:
    """Every file of the shot by its digest, plate first."""
    sequences = [shot.plate, *(matte.sequence for matte in shot.mattes)]
    return {file.sha256: file for sequence in sequences for file in sequence.files}


def _without_paths(shot: Shot) -> Shot:
    mattes = tuple(
        msgspec.structs.replace(matte, sequence=_pathless(matte.sequence)) for matte in shot.mattes
    )
    return msgspec.structs.replace(shot, plate=_pathless(shot.plate), mattes=mattes)


def _pathless(sequence: Sequence) -> Sequence:
    files = tuple(msgspec.structs.replace(file, path="") for file in sequence.files)
    return msgspec.structs.replace(sequence, files=files)
