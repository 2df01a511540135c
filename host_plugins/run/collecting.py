"""Collecting: a reopened document finds the jobs that it left to the server.

What is on disk already needs no server; what is not is followed like a run of our own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bridge import write_once
from bridge.client import PATIENCE, Client
from bridge.errors import ConnectionLost, RequestError
from bridge.landing import Landing, begin, find
from bridge.messages import JobStatus
from host_plugins.run import endings
from host_plugins.run.lifetime import Run, Screen
from host_plugins.run.line import Line
from host_plugins.run.progress import Ending
from host_plugins.run.server import dial

QUICK = 2.0
"""Seconds to wait for an answer: nobody has asked for this, so nobody shall wait for it."""


@dataclass(frozen=True, kw_only=True)
class Remembered:
    """What a document knows of the jobs it has left.

    Attributes:
        jobs: Their ids by view, as `host_plugins.run.host.Host.remember` got them; "" for a view
            that was not begun.
        name: Base of the results' names, as in `host_plugins.run.order.Order.name`.
        out: Folder that gets the version folders.
        server: The server's endpoint.
        server_key: Its public CURVE key, or "" when it has none.
    """

    jobs: Mapping[str, str]
    name: str
    out: Path
    server: str
    server_key: str = ""

    @property
    def begun(self) -> dict[str, str]:
        """The views that have a job."""
        return {view: job for view, job in self.jobs.items() if job}

    @property
    def not_begun(self) -> tuple[str, ...]:
        """The views that were still to come when the document was closed."""
        return tuple(view for view, job in self.jobs.items() if not job)

    def name_of(self, view: str) -> str:
        """The base of one view's names."""
        return f"{self.name}_{view}" if view else self.name


class Collecting(Run):
    """Brings what jobs of earlier sessions have made, and waits for those that go on.

    Args:
        screen: The host.
        remembered: Which jobs.
        timeout: Seconds to wait for an answer of the server.
        patience: Seconds of silence after which it counts as gone.
    """

    def __init__(
        self,
        screen: Screen,
        remembered: Remembered,
        *,
        timeout: float = QUICK,
        patience: float = PATIENCE,
    ) -> None:
        super().__init__(screen, timeout=timeout, patience=patience)
        self._remembered = remembered

    def _steps(self) -> Ending:
        known = self._remembered
        self._telling.views = len(known.begun) or 1
        self._telling.checking("looking for earlier results")
        self._begun.update(self._on_disk())
        lacking = [view for view in known.begun if not self._complete(view)]
        self._wanted = sum(len(self._begun[view].finished) for view in {*known.begun} - {*lacking})
        early = self._brought(lacking) if lacking else None
        if early is None and known.not_begun:
            raise _not_begun([view or known.name for view in known.not_begun])
        return early or endings.done(self._landings())

    def _brought(self, views: list[str]) -> Ending | None:
        """Bring what is lacking; how it ended if that is not for us to do now."""
        with self._dialled(self._timeout) as client:
            try:
                client.hello()
            except ConnectionLost:
                return endings.away(self._landings())
            try:
                self._collect(views, client)
            except RequestError as error:
                if error.code != "in_use":
                    raise
                return endings.others(error, self._landings())
        return None

    def _on_disk(self) -> dict[str, Landing]:
        known = self._remembered
        with write_once.writing_to(known.out):
            found = {
                view: find(known.out, name=known.name_of(view), job=job)
                for view, job in known.begun.items()
            }
        return {view: landing for view, landing in found.items() if landing is not None}

    def _complete(self, view: str) -> bool:
        return view in self._begun and self._begun[view].complete

    def _collect(self, views: list[str], client: Client) -> None:
        line = Line(client, self._token, patience=self._patience, on_silence=self._telling.silence)
        stands = {view: self._status(view, client) for view in views}
        self._wanted += sum(s.last_frame - s.first_frame + 1 for s in stands.values())
        for index, (view, status) in enumerate(stands.items()):
            self._telling.begin(index)
            self._token.check()
            self._watch.submitting(status.job, self._dialled)
            self._watch.submitted()
            landing = begin(
                self._remembered.out, name=status.name, job=status.job, padding=status.padding
            )
            self._followed(view, landing, line)

    def _status(self, view: str, client: Client) -> JobStatus:
        """How a job stands that can still be followed."""
        name = self._remembered.name_of(view)
        try:
            status = client.status(self._remembered.jobs[view]).status
        except RequestError as error:
            if error.code != "unknown_job":
                raise
            raise _gone(name, "the server does not know its job any more", error.code) from error
        if status.state == "uploading":
            raise _gone(name, "it was not sent whole before the document was closed", "not_sent")
        if status.name != name:
            # A document that was copied remembers jobs of the one that it was copied from.
            raise _gone(name, f"the job that it remembers is {status.name}'s", "unknown_job")
        return status

    def _dialled(self, timeout: float) -> Client:
        known = self._remembered
        return dial(known.server, known.server_key, timeout=timeout)


def collect(screen: Screen, remembered: Remembered) -> Ending:
    """Collect in this thread, to the end."""
    return Collecting(screen, remembered).run()


def _not_begun(views: Sequence[str]) -> RequestError:
    text = (
        f"{'it was' if len(views) == 1 else 'they were'} not begun before the document was closed"
    )
    return _gone(" and ".join(views), text, "not_begun")


def _gone(name: str, text: str, code: str) -> RequestError:
    return RequestError(name, text, "Press the button again to go on.", code=code)
