"""The headers of every message between client and server, as typed structs.

`docs/protocol.md` describes the exchange; `bridge.wire` puts a header on the wire. Each struct
is one kind of message. Unknown fields and wrong types are refused, so that a typo is an error
and not a default.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from bridge.errors import ErrorRecord
from bridge.sequence import PictureKind
from bridge.shot import Parameter, Request

State = Literal["queued", "uploading", "running", "done", "failed", "cancelled"]
"""Where a job is; the last three are final."""

FINAL: frozenset[State] = frozenset({"done", "failed", "cancelled"})

ResultKind = Literal[PictureKind, "sidecar", "report", "strip"]
"""What a result file holds: pictures, what really ran, and for people to look at a page of it all
and some frames' pictures side by side."""

OF_1_1: frozenset[ResultKind] = frozenset({"comp", "patch", "sidecar"})
"""The kinds that protocol 1.1 knows. A server tells others only to those who ask for them."""

PREVIEW_LIMIT = 16 << 20
"""Largest preview, bytes."""


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """Common settings of all headers: immutable, strict, and tagged with their own name."""


# --- what a server says of itself -----------------------------------------------------------


class ParameterInfo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One engine parameter, described well enough to build a knob from it.

    Attributes:
        name: Key in `Request.parameters`.
        label: What the knob says.
        help: One sentence, with the unit.
        default: Value when the request does not name it; its type is the parameter's type.
        choices: Allowed values of a text parameter; empty means any.
        minimum: Smallest allowed number, or None.
        maximum: Largest allowed number, or None.
    """

    name: str
    label: str
    help: str
    default: Parameter
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None


class EngineInfo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An engine as the server offers it; ``available`` False comes with the reason."""

    name: str
    label: str
    help: str
    device: str
    parameters: tuple[ParameterInfo, ...] = ()
    available: bool = True
    reason: str = ""


class Result(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One finished file of a job.

    Attributes:
        kind: What it holds.
        frame: File number, or None for what tells of the whole job.
        sha256: Digest of the file's bytes, lower-case hex.
        size: Bytes.
        path: Where it lies on the server's machine, or "" when the server keeps that to itself.
    """

    kind: ResultKind
    frame: int | None
    sha256: str
    size: int
    path: str = ""


class Preview(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a frame of a running job looks like so far: a PNG, replaced by the next one.

    Attributes:
        frame: File number.
        step: Denoising step after which it looked so; 0 for engines without steps.
        sha256: Digest of the file's bytes, lower-case hex.
        size: Bytes, at most `PREVIEW_LIMIT`.
        path: Where it lies on the server's machine, or "" when the server keeps that to itself.
    """

    frame: int
    step: int
    sha256: str
    size: int
    path: str = ""


class JobStatus(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A job as it stands.

    Attributes:
        job: The job's id.
        name: The shot's name.
        state: Where it is.
        engine: The engine that runs it, resolved from ``auto`` once it runs.
        first_frame: First frame wanted, inclusive.
        last_frame: Last frame wanted, inclusive.
        padding: Digits of the plate's frame numbers, for the names of the results.
        stage: What the engine is doing, in words; "" when it does nothing.
        done: Units of the stage that are finished (usually frames).
        total: Units of the stage in all; 0 when unknown.
        frame: File number in hand, or None.
        step: Denoising step in hand; 0 for engines without steps.
        steps: Denoising steps in all; 0 for engines without steps.
        eta: Seconds to the end of the job as estimated now, or None.
        finished: Frames whose results are all there.
        attempt: How often a worker has begun the job.
        created: Unix time of the submission, seconds.
        seconds: Time spent running so far.
        error: Why it failed, or None.
        warnings: What the artist should know of the result.
        sequence: Number of results so far; pass it back as `GetStatus.since`.
        preview: The newest preview of a running job, for those who asked for it; else None.
    """

    job: str
    name: str
    state: State
    engine: str
    first_frame: int
    last_frame: int
    padding: int = 4
    stage: str = ""
    done: int = 0
    total: int = 0
    frame: int | None = None
    step: int = 0
    steps: int = 0
    eta: float | None = None
    finished: int = 0
    attempt: int = 0
    created: float = 0.0
    seconds: float = 0.0
    error: ErrorRecord | None = None
    warnings: tuple[str, ...] = ()
    sequence: int = 0
    preview: Preview | None = None


# --- control ---------------------------------------------------------------------------------


class Hello(_Header, frozen=True):
    """First message of every connection: who calls and which protocol majors it speaks."""

    client: str
    version: str
    speaks: tuple[int, int]


class Welcome(_Header, frozen=True):
    """Answer to `Hello`.

    Attributes:
        protocol: The (major, minor) the server will speak.
        version: Package version of the server.
        epoch: New with every start of the server; a change means: ask again for everything.
        max_chunk: Largest payload of one `Put` or `Chunk`, bytes.
        credit: Chunks that may be under way at once.
        shares_paths: Whether files under the server's allowed roots may be named by path.
        engines: What the server can run; empty until its first worker is up.
        devices: The devices its workers use.
        bulk_port: TCP port of the bulk connection on the same host.
    """

    protocol: tuple[int, int]
    version: str
    epoch: str
    max_chunk: int
    credit: int
    shares_paths: bool
    engines: tuple[EngineInfo, ...]
    devices: tuple[str, ...]
    bulk_port: int


class Ping(_Header, frozen=True):
    """Are you there? Sent on the control connection only."""


class Pong(_Header, frozen=True):
    """Yes. A changed epoch means the server has restarted."""

    epoch: str


class Submit(_Header, frozen=True):
    """Begin a job. The same request twice is the same job."""

    request: Request


class Submitted(_Header, frozen=True):
    """Answer to `Submit`: the job, and the digests of the files the server still lacks."""

    job: str
    state: State
    missing: tuple[str, ...]


class GetStatus(_Header, frozen=True, omit_defaults=True):
    """How does a job stand, and which results are new since the ``since`` first ones.

    Attributes:
        job: The job's id.
        since: Number of results that are known already.
        preview: Whether to tell the newest preview as well; from protocol 1.1 on.
        report: Whether to tell results of the kinds that came with protocol 1.2 as well: pictures
            other than comp and patch, and what is for people to look at.
    """

    job: str
    since: int = 0
    preview: bool = False
    report: bool = False


class Status(_Header, frozen=True):
    """Answer to `GetStatus`: the job and its results from number ``since`` on."""

    status: JobStatus
    results: tuple[Result, ...]


class GetJobs(_Header, frozen=True):
    """Which jobs are there, newest first."""


class Jobs(_Header, frozen=True):
    """Answer to `GetJobs`."""

    jobs: tuple[JobStatus, ...]


class Cancel(_Header, frozen=True):
    """Stop a job; what it has finished stays. Answered with `Status`."""

    job: str


class Purge(_Header, frozen=True):
    """Forget final jobs and their files: one job, or all finished before ``before`` (Unix time)."""

    job: str = ""
    before: float | None = None


class Purged(_Header, frozen=True):
    """Answer to `Purge`: how many jobs went and how many bytes came free."""

    jobs: int
    bytes: int


# --- bulk ------------------------------------------------------------------------------------


class Stat(_Header, frozen=True):
    """How much of each upload has arrived? Answered with `Have`."""

    digests: tuple[str, ...]


class Have(_Header, frozen=True):
    """Bytes that have safely arrived, per digest; -1 when the whole file is there and verified."""

    offsets: dict[str, int]


class Put(_Header, frozen=True):
    """One chunk of an upload; the payload follows the header.

    Attributes:
        sha256: Digest of the whole file, lower-case hex.
        size: Bytes of the whole file.
        offset: Where the payload begins in the file.
        crc32: zlib CRC-32 of the payload.
    """

    sha256: str
    size: int
    offset: int
    crc32: int


class Credit(_Header, frozen=True):
    """The server has stored everything before ``offset`` (-1: all, verified); send one more."""

    sha256: str
    offset: int


class Get(_Header, frozen=True):
    """Send a file from ``offset`` on, at most ``chunks`` chunks; ask again for more."""

    sha256: str
    offset: int
    chunks: int


class Chunk(_Header, frozen=True):
    """One chunk of a download; the payload follows the header. Fields as in `Put`."""

    sha256: str
    size: int
    offset: int
    crc32: int


class Failed(_Header, frozen=True):
    """Answer to any message that could not be served."""

    error: ErrorRecord


Control = Hello | Ping | Submit | GetStatus | GetJobs | Cancel | Purge
Bulk = Stat | Put | Get
Reply = Welcome | Pong | Submitted | Status | Jobs | Purged | Have | Credit | Chunk | Failed
Message = Control | Bulk | Reply
