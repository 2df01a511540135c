"""The calling side: what a panel, a script or the command line says to a server.

::

    with Client("tcp://127.0.0.1:5599") as client:
        submitted = client.submit(request)
        client.upload([(source, path) for ... if source.sha256 in submitted.missing])
        for status in client.watch(submitted.job):
            for result in status.results:
                client.download(result, folder / name)

Every question may be asked twice without harm, so a lost answer is simply asked for again: a
dropped connection or a restarted server costs time and nothing else. Calls block; use a client
from one thread, which in a host application is not the one that draws.

Source: ZeroMQ guide, chapter 4, "Client-Side Reliability (Lazy Pirate Pattern)".
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec

import bridge
from bridge import transfer
from bridge.curve import ClientCurve
from bridge.download import Download
from bridge.errors import ConnectionLost, RequestError
from bridge.exchange import ask
from bridge.messages import (
    FINAL,
    Cancel,
    GetJobs,
    GetStatus,
    Hello,
    Jobs,
    JobStatus,
    Preview,
    Purge,
    Purged,
    Result,
    Status,
    Submit,
    Submitted,
    Welcome,
)
from bridge.shot import Request, SourceFile, protocol_of, unsaid_in_1_1
from bridge.upload import Upload
from bridge.wire import CREDIT, MAX_CHUNK, PROTOCOL, Dealer

PATIENCE = 60.0
"""Seconds without any progress after which a watch or a transfer gives a server up."""

_LOWEST = (1, 1)
_TELLS_PREVIEWS = (1, 1)
_TELLS_REPORTS = (1, 2)

_WITHOUT = {
    "config": "leave out --ocio and unset OCIO and VOID_OCIO",
    "layers": "leave out --layers",
    "output": "ask for no --output but comp and patch",
    "view": "leave out --view",
}
"""How to do without a field that an older server does not know."""

_PAUSE = 0.05
_LONGEST_PAUSE = 1.0

T = TypeVar("T")
Answer = TypeVar("Answer", bound=msgspec.Struct)


class Client:
    """A connection to one server.

    Args:
        endpoint: The server's control endpoint, e.g. ``tcp://127.0.0.1:5599``.
        curve: Keys, for a server on another machine.
        timeout: Seconds to wait for an answer.
        name: Who calls, for the server's log.

    Raises:
        RequestError: The endpoint or a key is malformed.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        curve: ClientCurve | None = None,
        timeout: float = 5.0,
        name: str = "void",
    ) -> None:
        self._endpoint = endpoint
        self._curve = curve
        self._timeout = timeout
        self._name = name
        self._control: Dealer | None = Dealer(endpoint, curve=curve)
        self._bulk: Dealer | None = None
        self._welcome: Welcome | None = None

    # --- control -----------------------------------------------------------------------------

    def hello(self) -> Welcome:
        """What the server is and can do.

        Raises:
            ConnectionLost: Nobody answers.
            RequestError: It speaks another protocol.
        """
        speaks = (PROTOCOL[0], PROTOCOL[0])
        hello = Hello(self._name, bridge.__version__, speaks)
        welcome = self._ask(hello, Welcome)
        if welcome.protocol[0] != PROTOCOL[0]:
            raise RequestError(
                f"server {self._endpoint}",
                f"it speaks protocol {welcome.protocol[0]} (expected {PROTOCOL[0]}, "
                f"got {welcome.protocol[0]}; void-bridge {welcome.version} there, "
                f"{bridge.__version__} here)",
                "Install the same version of void-bridge on both sides.",
                code="protocol_version",
            )
        self._welcome = welcome
        return welcome

    def submit(self, request: Request) -> Submitted:
        """Begin a job, or find the one that the same request has begun before.

        Raises:
            ConnectionLost: Nobody answers.
            RequestError: The server cannot do this, or is too old to be told.
        """
        if protocol_of(request) > _LOWEST:
            self._refuse_older(request)
        return self._ask(Submit(request), Submitted)

    def status(self, job: str, since: int = 0) -> Status:
        """How a job stands, and its results from number ``since`` on.

        Raises:
            ConnectionLost: Nobody answers.
            RequestError: There is no such job.
        """
        spoken = self._known().protocol
        preview, report = spoken >= _TELLS_PREVIEWS, spoken >= _TELLS_REPORTS
        return self._ask(GetStatus(job, since, preview, report), Status)

    def watch(
        self, job: str, *, since: int = 0, interval: float = 0.2, patience: float = PATIENCE
    ) -> Iterator[Status]:
        """A job's status and its new results, again and again until it is over.

        Dropped connections and restarts of the server are waited out. The last status is final,
        and by then every result has been told.

        Args:
            job: The job.
            since: Number of results that are known already.
            interval: Seconds between two questions.
            patience: Seconds without an answer after which it gives up.

        Raises:
            ConnectionLost: Nobody has answered for ``patience`` seconds.
            RequestError: There is no such job.
        """
        while True:
            status = self._insist(partial(self.status, job, since), patience)
            yield status
            since += len(status.results)
            if status.results and since < status.status.sequence:
                continue  # the server tells many results in several answers
            if status.status.state in FINAL:
                return
            time.sleep(interval)

    def jobs(self) -> tuple[JobStatus, ...]:
        """All jobs of the server, newest first.

        Raises:
            ConnectionLost: Nobody answers.
        """
        return self._ask(GetJobs(), Jobs).jobs

    def cancel(self, job: str) -> Status:
        """Stop a job; what it has finished stays.

        Raises:
            ConnectionLost: Nobody answers.
            RequestError: There is no such job.
        """
        return self._ask(Cancel(job), Status)

    def purge(self, job: str = "", *, before: float | None = None) -> Purged:
        """Have the server forget one finished job, or all finished before a time, with their files.

        Args:
            job: The job, or "" for all.
            before: Unix time.

        Raises:
            ConnectionLost: Nobody answers.
            RequestError: There is no such job, or it is not finished.
        """
        return self._ask(Purge(job, before), Purged)

    # --- bulk --------------------------------------------------------------------------------

    def upload(
        self,
        files: Sequence[tuple[SourceFile, Path]],
        progress: Callable[[int], None] | None = None,
        *,
        patience: float = PATIENCE,
    ) -> None:
        """Send files, each from the byte on which the server does not have yet.

        Args:
            files: What to send, and where each lies.
            progress: Called with the bytes that are safe at the server, of all files together.
            patience: Seconds without progress after which it gives up.

        Raises:
            ConnectionLost: Nobody has answered for ``patience`` seconds.
            RequestError: A file cannot be read, or has changed since it was hashed.
            ServerError: The server has no room, or the line damages data.
        """
        welcome = self._known()
        upload = Upload(
            files,
            chunk=min(MAX_CHUNK, welcome.max_chunk),
            credit=min(CREDIT, welcome.credit),
            progress=progress,
        )
        try:
            self._insist(
                lambda: transfer.send(self._dial(), upload, timeout=self._timeout),
                patience,
                lambda: upload.arrived,
            )
        finally:
            upload.close()

    def download(
        self,
        result: Result,
        target: Path,
        progress: Callable[[int], None] | None = None,
        *,
        patience: float = PATIENCE,
    ) -> None:
        """Fetch a result, verified, from the byte on which is not there yet.

        Args:
            result: What to fetch.
            target: Where to put it. The name appears when the file is whole and on disk; until
                then there is ``.<name>.part`` beside it.
            progress: Called with the bytes that have arrived.
            patience: Seconds without progress after which it gives up.

        Raises:
            ConnectionLost: Nobody has answered for ``patience`` seconds.
            RequestError: The server does not have it, or the disk here is full.
            ServerError: The file is damaged at the server, or the line damages data.
        """
        welcome = self._known()
        download = Download(
            result,
            target,
            chunk=min(MAX_CHUNK, welcome.max_chunk),
            credit=min(CREDIT, welcome.credit),
            progress=progress,
        )
        try:
            self._insist(
                lambda: transfer.fetch(self._dial(), download, timeout=self._timeout),
                patience,
                lambda: download.arrived,
            )
        finally:
            download.close()

    def preview(self, preview: Preview) -> bytes:
        """What a frame of a running job looks like so far, as the bytes of a PNG file.

        Args:
            preview: The newest one, as a status tells it; older ones are gone.

        Raises:
            ConnectionLost: Nobody answers.
            RequestError: It is gone (code ``not_here``): there is a newer one, or the job is over.
            ServerError: It is larger than a preview may be, or damaged.
        """
        return self._insist(
            lambda: transfer.read(self._dial(), preview, timeout=self._timeout), patience=0.0
        )

    def close(self) -> None:
        """Close the connection."""
        self._hang_up()
        if self._control is not None:
            self._control.close()
            self._control = None

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # --- inside ------------------------------------------------------------------------------

    def _known(self) -> Welcome:
        return self._welcome or self.hello()

    def _refuse_older(self, request: Request) -> None:
        needed, spoken = protocol_of(request), self._known().protocol
        if needed > spoken:
            fields = unsaid_in_1_1(request)
            raise RequestError(
                f"server {self._endpoint}",
                f"it is too old for {' and '.join(fields)} (expected protocol "
                f"{needed[0]}.{needed[1]}, got {spoken[0]}.{spoken[1]})",
                "Install the same version of void-bridge on both sides, or "
                f"{', '.join(_WITHOUT[field] for field in fields)}.",
                code="protocol_version",
            )

    def _ask(self, question: msgspec.Struct, answer: type[Answer]) -> Answer:
        """One exchange on the control connection; after silence, the next one dials anew."""
        if self._control is None:
            self._control = Dealer(self._endpoint, curve=self._curve)
        try:
            return ask(self._control, question, answer, timeout=self._timeout)
        except ConnectionLost:
            self._control.close()
            self._control = None
            self._welcome = None  # the next server at this address may be of another version
            raise

    def _insist(
        self, attempt: Callable[[], T], patience: float, progress: Callable[[], int] = lambda: 0
    ) -> T:
        """Try again while the connection is lost, until nothing has moved for ``patience``."""
        pause, reached, since = _PAUSE, progress(), time.monotonic()
        while True:
            try:
                return attempt()
            except ConnectionLost:
                self._hang_up()
                if progress() > reached:
                    pause, reached, since = _PAUSE, progress(), time.monotonic()
                if time.monotonic() - since >= patience:
                    raise
            time.sleep(pause)
            pause = min(_LONGEST_PAUSE, pause * 2)

    def _dial(self) -> Dealer:
        """The bulk connection; after a loss the server is asked anew for its port."""
        if self._bulk is None:
            parts = urlsplit(self._endpoint)
            host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
            self._bulk = Dealer(f"tcp://{host}:{self.hello().bulk_port}", curve=self._curve)
        return self._bulk

    def _hang_up(self) -> None:
        if self._bulk is not None:
            self._bulk.close()
            self._bulk = None
