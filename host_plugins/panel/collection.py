"""Brings a job's frames into a folder, from a thread of its own; nothing here knows of Qt."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from bridge import landing
from bridge.client import Client
from bridge.errors import VoidError
from bridge.landing import Landing
from bridge.messages import JobStatus, Result, Status
from bridge.wording import doing
from host_plugins.panel.news import Collected, Collecting, News
from host_plugins.run.texts import unexpected

PATIENCE = 20.0
"""Seconds without an answer after which a collection gives the server up; what landed stays."""


class _StoppedError(Exception):
    """The artist does not want to wait."""


class Collection:
    """One job's frames on their way into a version folder.

    It may be stopped and begun again at any time: frames that have landed stay, and the same
    folder is gone on with.

    Args:
        job: The job.
        out: Folder that gets the version folder.
        dial: Makes the client; called in the thread.
        tell: Takes the news; called in the thread. The last is `Collected`.
    """

    def __init__(
        self,
        job: JobStatus,
        out: Path,
        *,
        dial: Callable[[], Client],
        tell: Callable[[News], None],
    ) -> None:
        self._job = job
        self._out = out
        self._dial = dial
        self._tell = tell
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="void-collect", daemon=True)

    @property
    def alive(self) -> bool:
        """Whether it goes on."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the file in hand; does not wait for that. The job itself goes on."""
        self._stopped.set()

    def join(self, timeout: float) -> bool:
        """Wait for the end; whether it came."""
        self._thread.join(timeout)
        return not self.alive

    # --- in the thread -----------------------------------------------------------------------

    def _run(self) -> None:
        into: Landing | None = None
        try:
            with self._dial() as client:
                into = landing.begin(
                    self._out, name=self._job.name, job=self._job.job, padding=self._job.padding
                )
                with into:
                    text = self._collected(client, into)
            self._end(into, text)
        except _StoppedError:
            self._end(into, "stopped")
        except VoidError as error:
            self._end(into, "not all of it could be collected", error)
        except Exception as error:
            self._end(into, "not all of it could be collected", unexpected(error))

    def _collected(self, client: Client, into: Landing) -> str:
        if into.complete:
            into.mend(client)
            return "it is there already"
        source = _Stoppable(client, self._stopped, lambda: self._landed(into))
        last = landing.follow(
            source, into, on_status=lambda job: self._landed(into, doing(job)), patience=PATIENCE
        )
        return "collected" if last.state == "done" else "the job was cancelled"

    def _landed(self, into: Landing, doing: str = "") -> None:
        self._tell(Collecting(self._job.name, len(into.finished), self._total, doing))

    def _end(self, into: Landing | None, how: str, error: VoidError | None = None) -> None:
        count = len(into.finished) if into else 0
        folder = into.version.folder if into and into.version.folder.is_dir() else None
        text = f"{self._job.name}: {how}, {count} of {self._total} frames are there"
        self._tell(Collected(text, folder, error))

    @property
    def _total(self) -> int:
        return self._job.last_frame - self._job.first_frame + 1


class _Stoppable:
    """A client as the source of a landing, which brings nothing more once it shall stop."""

    def __init__(
        self, client: Client, stopped: threading.Event, landed: Callable[[], None]
    ) -> None:
        self._client = client
        self._stopped = stopped
        self._landed = landed

    def watch(self, job: str, *, patience: float) -> Iterator[Status]:
        """A job's status and new results, until the job is over or it shall stop."""
        for status in self._client.watch(job, patience=patience):
            self._check()
            yield status

    def download(self, result: Result, target: Path) -> None:
        """Fetch one file."""
        self._check()
        self._client.download(result, target)
        self._landed()

    def _check(self) -> None:
        if self._stopped.is_set():
            raise _StoppedError
