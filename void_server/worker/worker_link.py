"""The messages between the broker and its worker processes, on one machine.

Not part of the public protocol: both ends are always of the same version. A worker dials the
broker's private socket, proves with the token from its environment that it is the broker's own
child, and then takes one job at a time.
"""

from __future__ import annotations

import msgspec

from bridge.errors import ErrorRecord
from bridge.messages import EngineInfo, Preview, Result, State
from bridge.shot import Request

ENDPOINT_VARIABLE = "VOID_WORKER_ENDPOINT"
"""Environment variable that tells a worker where its broker listens."""

TOKEN_VARIABLE = "VOID_WORKER_TOKEN"
"""Environment variable that holds the secret a worker repeats in `Ready`."""

BROKER_PID_VARIABLE = "VOID_BROKER_PID"
"""Environment variable with the broker's process id; a worker whose parent is another exits."""

SETTINGS_VARIABLE = "VOID_WORKER_SETTINGS"
"""Environment variable that holds the `WorkerSettings` as JSON."""


class WorkerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The server's settings that a worker needs.

    Attributes:
        weights: Folder of the model's files.
        cache: Folder of what engines keep to be faster next time.
        idle_unload: Seconds without a job after which engines let go of device memory; 0: never.
    """

    weights: str
    cache: str
    idle_unload: float = 0.0


class _Link(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag=True):
    """Common settings: immutable, strict, tagged with their own name."""


# --- worker to broker ------------------------------------------------------------------------


class Ready(_Link, frozen=True):
    """A worker is up and free."""

    token: str
    pid: int
    device: str
    engines: tuple[EngineInfo, ...]


class Alive(_Link, frozen=True):
    """Heartbeat, sent once a second from a thread of its own: the process lives."""


class Progressed(_Link, frozen=True):
    """How far a job is; the fields mean what they mean in `bridge.messages.JobStatus`."""

    job: str
    attempt: int
    engine: str
    stage: str
    done: int
    total: int
    frame: int | None = None
    step: int = 0
    steps: int = 0
    eta: float | None = None


class Previewed(_Link, frozen=True):
    """A preview is written; its path lies in the job's folder, and its file never changes."""

    job: str
    attempt: int
    preview: Preview


class Warned(_Link, frozen=True):
    """The artist should know this of the result. `Ended` repeats all that was said."""

    job: str
    attempt: int
    text: str


class Delivered(_Link, frozen=True):
    """The files of one frame are written, synced and named. Frame None: the sidecar."""

    job: str
    attempt: int
    frame: int | None
    results: tuple[Result, ...]


class Ended(_Link, frozen=True):
    """A job is over, one way or another; ``interrupted`` means: begin it again some time."""

    job: str
    attempt: int
    state: State | None
    interrupted: bool = False
    error: ErrorRecord | None = None
    warnings: tuple[str, ...] = ()


# --- broker to worker ------------------------------------------------------------------------


class Run(_Link, frozen=True):
    """Begin a job.

    Attributes:
        job: The job's id.
        attempt: Fencing token: rises by one each time a worker begins the job.
        request: What to do.
        files: Where each source file lies, by digest; to be hashed again when it is opened.
        results: Folder to write into, created by the broker.
        finished: Frames whose results an earlier attempt has delivered.
    """

    job: str
    attempt: int
    request: Request
    files: dict[str, str]
    results: str
    finished: tuple[int, ...]


class Drop(_Link, frozen=True):
    """Stop working on a job: it was cancelled."""

    job: str


class Leave(_Link, frozen=True):
    """Finish the frame in hand, deliver it, and exit."""


OfJob = Progressed | Previewed | Warned | Delivered | Ended
FromWorker = Ready | Alive | OfJob
ToWorker = Run | Drop | Leave
