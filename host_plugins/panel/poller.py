"""Asks a server how its jobs stand, again and again, and tells it what the artist wants done.

One thread with one client; whoever draws never waits for it. Nothing here knows of Qt.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from functools import partial

from bridge.client import Client
from bridge.errors import RequestError, VoidError
from bridge.messages import FINAL, JobStatus
from bridge.wording import frames, size
from host_plugins.panel.news import Lost, News, Pictured, Refused, Seen, Told
from host_plugins.run.texts import unexpected

BUSY_SECONDS = 1.0
"""Time between two questions while a job is under way."""

IDLE_SECONDS = 3.0
"""Time between two questions while nothing happens, or nobody answers."""

LARGEST_PREVIEW = 4 << 20
"""Largest preview that is shown, bytes: a larger one takes too long to decode where it is drawn."""

Command = Callable[[Client], News]


class Poller:
    """One server, watched from a thread of its own until it is stopped.

    Args:
        dial: Makes the client; called in the thread.
        tell: Takes the news; called in the thread, and never after `stop`.
    """

    def __init__(self, dial: Callable[[], Client], tell: Callable[[News], None]) -> None:
        self._dial = dial
        self._tell = tell
        self._commands: queue.SimpleQueue[Command | None] = queue.SimpleQueue()
        self._stopped = threading.Event()
        self._client: Client | None = None
        self._watched = ""
        self._pictured = ""
        self._thread = threading.Thread(target=self._run, name="void-panel", daemon=True)

    @property
    def alive(self) -> bool:
        """Whether it goes on."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End as soon as the question in hand is answered or given up; does not wait for that."""
        self._stopped.set()
        self._commands.put(None)

    def join(self, timeout: float) -> bool:
        """Wait for the end; whether it came."""
        self._thread.join(timeout)
        return not self.alive

    def refresh(self) -> None:
        """Ask now."""
        self._commands.put(None)

    def watch(self, job: str) -> None:
        """Tell the previews of this job; "" for none."""
        if job != self._watched:
            self._watched = job
            self._pictured = ""
            self.refresh()

    def cancel(self, jobs: Sequence[str]) -> None:
        """Have jobs stopped."""
        for job in jobs:
            self._commands.put(partial(_cancelled, job=job))

    def purge(self, jobs: Sequence[str]) -> None:
        """Have the server forget finished jobs."""
        self._commands.put(partial(_purged, jobs=jobs))

    # --- in the thread -----------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while not self._stopped.is_set():
                self._obey(self._ask())
        finally:
            if self._client is not None:
                self._client.close()

    def _ask(self) -> float:
        """One round of questions; returns the seconds to wait until the next."""
        try:
            client = self._connected()
            seen = Seen(client.hello(), client.jobs())
            self._say(seen)
            self._picture(client, seen.jobs)
        except VoidError as error:
            self._say(Lost(error))
            return IDLE_SECONDS
        except Exception as error:
            self._say(Lost(unexpected(error)))
            return IDLE_SECONDS
        return BUSY_SECONDS if any(job.state not in FINAL for job in seen.jobs) else IDLE_SECONDS

    def _obey(self, pause: float) -> None:
        """Wait for something to do, then do all there is."""
        try:
            command = self._commands.get(timeout=pause)
            while not self._stopped.is_set():
                if command is not None:
                    self._perform(command)
                command = self._commands.get_nowait()
        except queue.Empty:
            return

    def _perform(self, command: Command) -> None:
        try:
            self._say(command(self._connected()))
        except VoidError as error:
            self._say(Refused(error))
        except Exception as error:
            self._say(Refused(unexpected(error)))

    def _picture(self, client: Client, jobs: Sequence[JobStatus]) -> None:
        """The newest preview of the watched job, unless that has been told."""
        job = next((job for job in jobs if job.job == self._watched), None)
        if job is None or job.state != "running":
            return
        preview = client.status(job.job, job.sequence).status.preview
        if preview is None or preview.sha256 == self._pictured or preview.size > LARGEST_PREVIEW:
            return
        try:
            png = client.preview(preview)
        except RequestError:  # there is a newer one already: next time
            return
        self._pictured = preview.sha256
        self._say(Pictured(job.job, preview, png))

    def _connected(self) -> Client:
        if self._client is None:
            self._client = self._dial()
        return self._client

    def _say(self, news: News) -> None:
        if not self._stopped.is_set():
            self._tell(news)


def _cancelled(client: Client, job: str) -> Told:
    now = client.cancel(job).status
    if now.state == "cancelled":
        return Told(f"{now.name} is cancelled; {frames(now)} are finished and stay")
    if now.state in FINAL:
        return Told(f"{now.name} was {now.state} before it could be cancelled")
    return Told(f"{now.name} is being cancelled")


def _purged(client: Client, jobs: Sequence[str]) -> Told:
    gone = [client.purge(job) for job in jobs]
    count, freed = sum(one.jobs for one in gone), sum(one.bytes for one in gone)
    return Told(f"{count} job{'s' if count != 1 else ''} deleted, {size(freed)} freed")
