"""Is this request fit to become a job? Everything that can be said without opening a file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Sequence as Many
from itertools import pairwise

from bridge import limits
from bridge.color_config import BUILTIN
from bridge.errors import RequestError
from bridge.messages import EngineInfo, ParameterInfo
from bridge.parameters import expected, fitted
from bridge.shot import (
    SCHEMA,
    Matte,
    OcioConfig,
    Parameter,
    Request,
    Sequence,
    Shot,
    SourceFile,
)
from void_server.broker.schedule import AUTO

FRAME_LIMIT = 100_000
"""Most frames of a shot, and most files of a request."""

CONFIG_LIMIT = 256 << 20
"""Largest OCIO config, bytes; archives with all LUTs of a show stay far below."""

TEXT_LIMIT = 1024
"""Longest name of a config and of where it was found, characters."""

VIEW_LIMIT = 256
"""Longest name of a view, characters."""

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


def check_request(request: Request, *, room: int) -> None:
    """Refuse a request that no engine could serve.

    Args:
        request: What a client asks for.
        room: Largest sum of its files' sizes, bytes.

    Raises:
        RequestError: It contradicts itself or a limit.
    """
    if request.schema != SCHEMA:
        raise RequestError(
            "request",
            f"its layout is unknown (expected schema {SCHEMA}, got {request.schema})",
            "Use a client of the server's version.",
            code="schema",
        )
    shot = request.shot
    _check_name(shot.name)
    _check_range(shot)
    if not any(matte.role in ("remove", "quadmask") for matte in shot.mattes):
        raise RequestError(
            shot.name,
            "nothing is to be removed (expected a matte of role remove or quadmask)",
            "Give a matte.",
            code="no_matte",
        )
    for subject, sequence in _sequences(shot):
        _check_sequence(f"{shot.name} {subject}", sequence)
    _check_length(shot.name, "the name of its view", shot.view, VIEW_LIMIT)
    if shot.config is not None:
        _check_config(shot.config)
    _check_files(shot, room)
    _check_numbers(request)


def check_engine(request: Request, engines: Many[EngineInfo]) -> None:
    """Refuse an engine that is not offered and parameters that it does not have.

    Args:
        request: What a client asks for.
        engines: What the workers offer; empty while none is up, and then nothing is refused.

    Raises:
        RequestError: Name, type or range are wrong.
    """
    if not engines:
        return
    chosen = [e for e in engines if request.engine in (AUTO, e.name) and e.available]
    if not chosen:
        reasons = [f"it is not available: {e.reason}" for e in engines if e.name == request.engine]
        names = [e.name for e in engines if e.available]
        names = [AUTO, *names] if names else ["none"]
        raise RequestError(
            f"engine {request.engine}",
            f"{reasons[0] if reasons else 'this server does not have it'} "
            f"(expected one of {', '.join(names)})",
            code="engine",
        )
    # The worker takes the first one for `auto` too: a parameter of another would be ignored.
    known = {info.name: info for info in chosen[0].parameters}
    for name, value in request.parameters.items():
        _check_parameter(chosen[0].name, known, name, value)


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise RequestError(
            f"shot name {name[:100]!r}",
            "it cannot begin file names (expected at most 128 letters, digits, '.', '_' and '-', "
            "the first no '.' and no '-')",
            "Give another with --name.",
            code="bad_name",
        )


def _check_range(shot: Shot) -> None:
    count = shot.last_frame - shot.first_frame + 1
    if not 1 <= count <= FRAME_LIMIT:
        raise RequestError(
            shot.name,
            f"its frame range cannot be used (expected 1-{FRAME_LIMIT} frames, "
            f"got {shot.first_frame}-{shot.last_frame})",
            code="frame_range",
        )


def _sequences(shot: Shot) -> Iterator[tuple[str, Sequence]]:
    yield "plate", shot.plate
    yield from ((_subject(matte), matte.sequence) for matte in shot.mattes)


def _files(shot: Shot) -> Iterator[tuple[str, SourceFile]]:
    for subject, sequence in _sequences(shot):
        yield from ((subject, file) for file in sequence.files)
    if shot.config is not None and shot.config.file is not None:
        yield "OCIO config", shot.config.file


def _subject(matte: Matte) -> str:
    return "quadmask" if matte.role == "quadmask" else f"{matte.role} matte"


def _check_sequence(subject: str, sequence: Sequence) -> None:
    files, frames = sequence.files, sequence.frames
    if not files or len(files) != len(frames) or (sequence.kind == "movie" and len(files) != 1):
        raise RequestError(
            subject,
            "files and frame numbers do not match (expected one number per file, one file for a "
            f"movie, got {len(files)} files and {len(frames)} numbers)",
            code="bad_sequence",
        )
    if any(after <= before for before, after in pairwise(frames)):
        raise RequestError(subject, "its frame numbers do not rise", code="bad_sequence")
    for file in files:
        _check_file(subject, file)


def _check_config(config: OcioConfig) -> None:
    """A config is sent or OCIO's own: a name must never become a path on this machine."""
    _check_length("OCIO config", "its name", config.name, TEXT_LIMIT)
    _check_length("OCIO config", "where it was found", config.origin, TEXT_LIMIT)
    if config.file is not None:
        _check_file("OCIO config", config.file)
        if config.file.size > CONFIG_LIMIT:
            raise RequestError(
                f"OCIO config {config.file.name}",
                f"it is too large (expected at most {CONFIG_LIMIT >> 20} MiB, "
                f"got {config.file.size / 2**20:.0f} MiB)",
                "Take the LUTs that the show does not use out of the archive.",
                code="too_large",
            )
    elif not config.name.startswith(BUILTIN):
        raise RequestError(
            f"OCIO config {config.name[:100]}",
            f"its file is not part of the request (expected one, or a name with {BUILTIN})",
            code="ocio_config",
        )


def _check_length(subject: str, what: str, text: str, limit: int) -> None:
    if len(text) > limit:
        raise RequestError(
            subject,
            f"{what} is too long (expected at most {limit} characters, got {len(text)})",
            code="out_of_range",
        )


def _check_file(subject: str, file: SourceFile) -> None:
    if not file.name or len(file.name) > 1024 or re.search(r"[/\\\0]", file.name):
        raise RequestError(
            subject,
            f"{file.name[:100]!r} is no file name (expected one without folders)",
            code="bad_file",
        )
    if not _DIGEST.fullmatch(file.sha256):
        raise RequestError(
            f"{subject} {file.name}",
            "its digest is none (expected 64 lower-case hex digits)",
            code="bad_digest",
        )
    if file.size <= 0:
        raise RequestError(
            f"{subject} {file.name}",
            f"it is empty (got {file.size} bytes)",
            "Render it again.",
            code="empty_file",
        )


def _check_files(shot: Shot, room: int) -> None:
    sizes: dict[str, int] = {}
    for subject, file in _files(shot):
        if sizes.setdefault(file.sha256, file.size) != file.size:
            raise RequestError(
                f"{shot.name} {subject} {file.name}",
                f"the same digest has two sizes ({sizes[file.sha256]} and {file.size} bytes)",
                code="bad_file",
            )
    if len(sizes) > FRAME_LIMIT:
        raise RequestError(
            shot.name,
            f"it has too many files (expected at most {FRAME_LIMIT}, got {len(sizes)})",
            "Split the shot.",
            code="too_many_files",
        )
    if sum(sizes.values()) > room:
        raise RequestError(
            shot.name,
            f"it is larger than the server's spool (expected at most {room / 2**30:.1f} GiB, "
            f"got {sum(sizes.values()) / 2**30:.1f} GiB)",
            "Split the shot, or have the operator raise --spool-limit.",
            code="too_large",
        )


def _check_numbers(request: Request) -> None:
    for problem in limits.exceeded(
        request.shot.name,
        grow=request.grow,
        feather=request.feather,
        seed=request.seed,
        prompt=request.prompt,
    ):
        raise problem


def _check_parameter(
    engine: str, known: dict[str, ParameterInfo], name: str, value: Parameter
) -> None:
    subject = f"engine {engine}, parameter {name[:100]}"
    info = known.get(name)
    if info is None:
        raise RequestError(
            subject,
            f"there is none of that name (expected one of {', '.join(sorted(known)) or 'none'})",
            code="parameter",
        )
    if fitted(info, value) is None:
        raise RequestError(
            subject,
            f"it cannot be that (expected {expected(info)}, got {value!r:.100})",
            code="parameter",
        )
