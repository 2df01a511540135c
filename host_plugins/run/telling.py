"""How far a run is: one share of the whole, from what its stages say of themselves."""

from __future__ import annotations

import time
from collections.abc import Callable

from bridge.messages import FINAL, JobStatus
from bridge.wording import size, stage
from host_plugins.run.progress import Progress, Stage

_CHECKED = 0.02
_EXPORTED = 0.22
"""Share of a run that is done when everything is exported; the views share the rest."""

_READ = 0.05
_SENT = 0.12
"""Shares of a view's own part."""

_STAGES: dict[str, Stage] = {"queued": "waiting", "uploading": "sending", "running": "running"}
_BREATH = 0.1


class Telling:
    """Tells a host how far its run is. The share never goes back.

    Args:
        show: The host's.
        views: How many there are.

    Attributes:
        last: What was told last.
    """

    def __init__(self, show: Callable[[Progress], None], *, views: int = 1) -> None:
        self._show = show
        self.views = views
        self.last = Progress(stage="checking", text="beginning", done=0.0)
        self._index = 0
        self._next = 0.0

    def checking(self, text: str) -> None:
        """Nothing is done yet."""
        self._tell(Progress(stage="checking", text=text, done=0.0))

    def exporting(self, index: int, text: str, *, view: str) -> None:
        """A view is about to be exported by the host, which shows how far that is by itself."""
        done = _CHECKED + (_EXPORTED - _CHECKED) * index / self.views
        self._tell(Progress(stage="exporting", text=text, done=done, view=view))

    def begin(self, index: int) -> None:
        """From now on it is about the view of this number."""
        self._index = index

    def reading(self, done: int, total: int, *, view: str) -> None:
        """Exported files are being read.

        Args:
            done: Bytes so far.
            total: Bytes in all.
            view: Whose.
        """
        part = _READ * _share(done, total)
        text = f"reading {size(done)} of {size(total)}"
        self._often(Progress(stage="reading", text=text, done=self._of_view(part), view=view))

    def sending(self, done: int, total: int, *, view: str) -> None:
        """Exported files are on their way to the server.

        Args:
            done: Bytes so far.
            total: Bytes in all.
            view: Whose.
        """
        part = _READ + (_SENT - _READ) * _share(done, total)
        text = f"sending {size(done)} of {size(total)}"
        self._often(Progress(stage="sending", text=text, done=self._of_view(part), view=view))

    def job(self, status: JobStatus, *, view: str, finished: int) -> None:
        """The server has said how the job stands.

        Args:
            status: What it said.
            view: Whose job it is.
            finished: Frames that have landed.
        """
        total = status.last_frame - status.first_frame + 1
        over = status.state in FINAL
        self._tell(
            Progress(
                stage="landing" if over else _STAGES.get(status.state, "running"),
                text=f"landing {finished} of {total} frames" if over else _said(status),
                done=self._of_view(_SENT + (1.0 - _SENT) * _job_share(status, finished, total)),
                eta=self._eta(status),
                view=view,
                finished=finished,
                total=total,
            )
        )

    def silence(self) -> None:
        """The server does not answer just now."""
        last = self.last
        self._tell(
            Progress(
                stage=last.stage,
                text="waiting for the server to answer",
                done=last.done,
                view=last.view,
                finished=last.finished,
                total=last.total,
            )
        )

    def _eta(self, status: JobStatus) -> float | None:
        """The views that are still to come take about as long as this one."""
        if status.eta is None:
            return None
        to_come = self.views - 1 - self._index
        return status.eta + to_come * (status.seconds + status.eta)

    def _of_view(self, part: float) -> float:
        return _EXPORTED + (1.0 - _EXPORTED) * (self._index + part) / self.views

    def _often(self, progress: Progress) -> None:
        """For what is told with every block of bytes."""
        now = time.monotonic()
        if now >= self._next or progress.stage != self.last.stage:
            self._next = now + _BREATH
            self._tell(progress)

    def _tell(self, progress: Progress) -> None:
        done = max(progress.done or 0.0, self.last.done or 0.0)
        self.last = Progress(
            stage=progress.stage,
            text=progress.text,
            done=min(1.0, done),
            eta=progress.eta,
            view=progress.view,
            finished=progress.finished,
            total=progress.total,
        )
        self._show(self.last)


def _said(status: JobStatus) -> str:
    if status.state != "running":
        return "waiting for its turn" if status.state == "queued" else status.state
    counted = f" {status.done} of {status.total}" if status.total and not status.steps else ""
    return stage(status) + counted


def _job_share(status: JobStatus, finished: int, total: int) -> float:
    """By time where the server has an estimate, otherwise by frames."""
    if status.state in FINAL:
        return 1.0
    if status.eta is not None and status.seconds + status.eta > 0.0:
        return status.seconds / (status.seconds + status.eta)
    return _share(finished, total)


def _share(done: int, total: int) -> float:
    return min(1.0, done / total) if total else 1.0
