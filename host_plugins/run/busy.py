"""Whether a server has other work, and what the artist is asked then."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from bridge.messages import JobStatus
from bridge.wording import duration

_BUSY = ("running", "queued")


def question(jobs: Iterable[JobStatus], *, own: Collection[str]) -> str:
    """What to ask before a job is put behind others; "" when there is nothing to ask.

    Args:
        jobs: The server's jobs.
        own: Names of the shots that are about to be sent: an earlier job of the same shot is what
            the artist goes on with, or replaces.
    """
    others = [job for job in jobs if job.state in _BUSY and job.name not in own]
    if not others:
        return ""
    first = next((job for job in others if job.state == "running"), others[0])
    more = len(others) - 1
    waiting = f", and {more} more {'is' if more == 1 else 'are'} waiting" if more else ""
    return f"The server is working on {first.name} ({_so_far(first)}){waiting}. Queue this job?"


def _so_far(job: JobStatus) -> str:
    total = job.last_frame - job.first_frame + 1
    frames = f"{job.finished} of {total} frames"
    return frames if job.eta is None else f"{frames}, about {duration(job.eta)} left"
