"""A run's line to its server: silence is waited out, and a stop is noticed meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from bridge.client import PATIENCE, Client
from bridge.errors import ConnectionLost
from bridge.messages import Result, Status
from bridge.shot import SourceFile
from host_plugins.run.cancelling import Token

CANCEL_SECONDS = 3.0
"""How long a cancelled run waits until the server has stopped and the last frames are here."""

POLL_SECONDS = 0.2
"""How often a job is asked how it stands."""

_PAUSE = 0.25

T = TypeVar("T")


class Line:
    """What a run asks of a server, patiently. A `bridge.landing.Source`.

    Whatever it does ends soon after the token was pressed. A cancelled job is followed a little
    longer, so that the frames that were finished meanwhile land as well.

    Args:
        client: The server.
        token: Stops it.
        patience: Seconds without an answer after which the server counts as gone.
        on_silence: Called now and then while there is no answer.
    """

    def __init__(
        self,
        client: Client,
        token: Token,
        *,
        patience: float = PATIENCE,
        on_silence: Callable[[], None] = lambda: None,
    ) -> None:
        self._client = client
        self._token = token
        self._patience = patience
        self._on_silence = on_silence
        self._silent_since: float | None = None

    def insist(self, attempt: Callable[[], T]) -> T:
        """Try again while the server is silent.

        Raises:
            ConnectionLost: It was silent for too long.
            Cancelled: The artist has stopped it.
            Left: Nobody waits any more.
        """
        while True:
            try:
                answer = attempt()
            except ConnectionLost as error:
                self._wait_out(error)
            else:
                self._silent_since = None
                return answer

    def upload(
        self, files: Sequence[tuple[SourceFile, Path]], on_bytes: Callable[[int], None]
    ) -> None:
        """Send files, each from the byte on which the server does not have yet.

        Args:
            files: What to send, and where each lies.
            on_bytes: Called with the bytes that are safe at the server; what it raises ends it.

        Raises:
            VoidError: As `bridge.client.Client.upload`, and as `insist`.
        """

        def moved(arrived: int) -> None:
            self._silent_since = None
            self._token.check()
            on_bytes(arrived)

        self._token.check()
        self.insist(lambda: self._client.upload(files, moved, patience=0.0))

    def watch(self, job: str, *, patience: float) -> Iterator[Status]:
        """A job's status and its new results, again and again until it is over.

        Args:
            job: The job.
            patience: Not used: the line has its own, for everything that it asks.

        Raises:
            VoidError: As `bridge.client.Client.watch`, and as `insist`.
        """
        since = 0
        while True:
            try:
                for news in self._client.watch(
                    job, since=since, interval=POLL_SECONDS, patience=0.0
                ):
                    self._go_on()
                    since += len(news.results)
                    yield news
            except ConnectionLost as error:
                self._wait_out(error)
            else:
                return

    def download(self, result: Result, target: Path) -> None:
        """Fetch one file; it appears whole and verified, or not at all.

        Raises:
            VoidError: As `bridge.client.Client.download`, and as `insist`.
        """

        def moved(arrived: int) -> None:
            self._go_on()

        self.insist(lambda: self._client.download(result, target, moved, patience=0.0))

    def _go_on(self) -> None:
        """The server has said something; a cancelled job is followed for a moment yet."""
        self._silent_since = None
        if self._token.left or self._token.cancelled_for > CANCEL_SECONDS:
            self._token.check()

    def _wait_out(self, error: ConnectionLost) -> None:
        now = time.monotonic()
        if self._silent_since is None:
            self._silent_since = now
        if now - self._silent_since >= self._patience:
            raise error
        self._on_silence()
        self._token.wait(_PAUSE)
        self._token.check()
