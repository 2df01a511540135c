"""What a host, a script or the command line asks for: a shot and what to remove from it.

A request names its pictures by content. Paths ride along so that a server on the same machine
can read them, but they are no part of the request's identity: the same pictures with the same
parameters are the same job, wherever they lie.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Annotated, Any, Literal

import msgspec

from bridge.sequence import PICTURE_KINDS, PictureKind

SCHEMA = 1
"""Version of the request layout; part of the identity, so that a new layout is a new job."""

Role = Literal["remove", "affected", "keep", "quadmask"]
"""What a matte says: remove this, this changes with it, hold this out; or all at once as levels."""

Missing = Literal["refuse", "hold"]
"""What to do about a missing frame: refuse the shot, or repeat the nearest earlier one."""

Output = (
    Literal["comp", "patch", "both"]
    | Annotated[tuple[PictureKind, ...], msgspec.Meta(min_length=1)]
)
"""Which pictures come back: a word of protocol 1.1 where one says it, else the kinds in order."""

_OUTPUT_WORDS: dict[tuple[PictureKind, ...], Literal["comp", "patch", "both"]] = {
    ("comp",): "comp",
    ("patch",): "patch",
    ("comp", "patch"): "both",
}

_OF_1_2 = frozenset({"layers", "view", "config"})
"""Fields of requests and shots that came with protocol 1.2."""

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


class OcioConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The OCIO config in which a shot's colour spaces are looked up.

    Attributes:
        name: ``ocio://`` and the name of a config that OCIO brings along, or the file's name.
        origin: Where it was found, e.g. ``$OCIO``; for the record, and no part of the job.
        file: The config's file, ``.ocio`` or ``.ocioz``; None for one that OCIO brings along.
    """

    name: str
    origin: str = ""
    file: SourceFile | None = None


class Shot(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The unit of work: a plate, its mattes and the frames wanted.

    Attributes:
        name: Base of the result's file names; letters, digits, ``.``, ``_`` and ``-``.
        plate: The source picture sequence.
        mattes: At least one of role ``remove`` or ``quadmask``.
        first_frame: First file number wanted, inclusive.
        last_frame: Last file number wanted, inclusive.
        colorspace: Colour space of the plate by interop ID, name or alias; "" takes the file's tag.
        missing: What to do about frames that are not there.
        view: Which view of multi-view EXR files is worked on, e.g. ``right``; "" is the first. A
            matte without views serves every view.
        config: The OCIO config; None is the built-in one that `docs/protocol.md` names.
    """

    name: str
    plate: Sequence
    mattes: tuple[Matte, ...]
    first_frame: int
    last_frame: int
    colorspace: str = ""
    missing: Missing = "refuse"
    view: str = ""
    config: OcioConfig | None = None


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One removal: the shot, the engine and every parameter that shapes the result.

    Attributes:
        shot: What to work on.
        engine: ``auto``, or an engine's name as the server describes it.
        prompt: What should remain, in words; engines without language ignore it.
        seed: Seed of everything random in the result.
        grow: How far the hole reaches beyond the mattes, plate pixels.
        feather: Width of the soft edge inside the hole, plate pixels.
        output: Which pictures come back, each as a sequence of its own.
        layers: One file a frame instead: the comp, with the other kinds as layers of it.
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
    layers: bool = False
    parameters: dict[str, Parameter] = {}
    schema: int = SCHEMA


def job_id(request: Request) -> str:
    """The job's name: 32 hex digits of the SHA-256 of everything in the request but its paths.

    Fields that protocol 1.2 brought are left out while they hold their default, so that either
    end may be of 1.1.
    """
    whole = _since_1_1(request) | {
        "shot": _since_1_1(_without_paths(request.shot)),
        "parameters": dict(sorted(request.parameters.items())),
    }
    return hashlib.sha256(msgspec.json.encode(whole)).hexdigest()[:32]


def protocol_of(request: Request) -> tuple[int, int]:
    """The lowest protocol (major, minor) in which the request can be said."""
    return (1, 2) if unsaid_in_1_1(request) else (1, 1)


def unsaid_in_1_1(request: Request) -> tuple[str, ...]:
    """The fields of the request and its shot that cannot be said in protocol 1.1, sorted."""
    fields = {*_since_1_1(request), *_since_1_1(request.shot)} & _OF_1_2
    return tuple(sorted(fields if isinstance(request.output, str) else {*fields, "output"}))


def output_of(kinds: Iterable[PictureKind]) -> Output:
    """How a request says which kinds of pictures it wants; the same for any order of the same."""
    asked = set(kinds)
    ordered = tuple(kind for kind in PICTURE_KINDS if kind in asked)
    return _OUTPUT_WORDS.get(ordered, ordered)


def kinds_of(output: Output) -> tuple[PictureKind, ...]:
    """The kinds of pictures that a request wants, in their usual order, each once."""
    if isinstance(output, str):
        return next(kinds for kinds, word in _OUTPUT_WORDS.items() if word == output)
    return tuple(kind for kind in PICTURE_KINDS if kind in output)


def source_files(shot: Shot) -> dict[str, SourceFile]:
    """Every file of the shot by its digest, plate first."""
    sequences = [shot.plate, *(matte.sequence for matte in shot.mattes)]
    files = {file.sha256: file for sequence in sequences for file in sequence.files}
    if shot.config is not None and shot.config.file is not None:
        files[shot.config.file.sha256] = shot.config.file
    return files


def _since_1_1(said: Request | Shot) -> dict[str, Any]:
    """Every field by name, less those of `_OF_1_2` that hold their default."""
    return {
        field.name: getattr(said, field.name)
        for field in msgspec.structs.fields(said)
        if field.name not in _OF_1_2 or getattr(said, field.name) != field.default
    }


def _without_paths(shot: Shot) -> Shot:
    mattes = tuple(
        msgspec.structs.replace(matte, sequence=_pathless(matte.sequence)) for matte in shot.mattes
    )
    config = shot.config
    if config is not None:
        file = config.file and msgspec.structs.replace(config.file, path="")
        config = msgspec.structs.replace(config, origin="", file=file)
    return msgspec.structs.replace(shot, plate=_pathless(shot.plate), mattes=mattes, config=config)


def _pathless(sequence: Sequence) -> Sequence:
    files = tuple(msgspec.structs.replace(file, path="") for file in sequence.files)
    return msgspec.structs.replace(sequence, files=files)
