"""What an artist is asked before something cannot be undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bridge.messages import FINAL, JobStatus
from bridge.wording import frames

_LISTED = 6


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question with a way out.

    Attributes:
        title: Of the window.
        text: The question.
        detail: What it means, job by job.
        yes: What the button says that does it.
        no: What the button says that does nothing.
    """

    title: str
    text: str
    detail: str
    yes: str
    no: str


def cancellable(jobs: Sequence[JobStatus]) -> list[JobStatus]:
    """Those of the jobs that can be stopped."""
    return [job for job in jobs if job.state not in FINAL]


def purgeable(jobs: Sequence[JobStatus]) -> list[JobStatus]:
    """Those of the jobs that the server may forget."""
    return [job for job in jobs if job.state in FINAL]


def about_cancelling(jobs: Sequence[JobStatus]) -> Question:
    """Before jobs are stopped."""
    several = len(jobs) > 1
    return Question(
        title="Cancel jobs" if several else "Cancel job",
        text=f"Stop {_named(jobs)}?",
        detail=f"{_list(jobs)}\n\nFrames that are finished stay, and can be collected.",
        yes="Stop them" if several else "Stop it",
        no="Let them go on" if several else "Let it go on",
    )


def about_purging(jobs: Sequence[JobStatus]) -> Question:
    """Before jobs are deleted from the server."""
    several = len(jobs) > 1
    return Question(
        title="Purge jobs" if several else "Purge job",
        text=f"Delete {_named(jobs)} from the server?",
        detail=f"{_list(jobs)}\n\nFrames in your own folders are not touched. What nobody has "
        "collected is lost.",
        yes="Delete them" if several else "Delete it",
        no="Keep them" if several else "Keep it",
    )


def _named(jobs: Sequence[JobStatus]) -> str:
    return jobs[0].name if len(jobs) == 1 else f"{len(jobs)} jobs"


def _list(jobs: Sequence[JobStatus]) -> str:
    shown = [f"{job.name}: {job.state}, {frames(job)}" for job in jobs[:_LISTED]]
    more = len(jobs) - len(shown)
    return "\n".join([*shown, f"and {more} more"] if more else shown)
