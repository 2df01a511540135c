"""A job as a row of a table, and as a few lines below it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bridge import wording
from bridge.errors import from_record
from bridge.messages import FINAL, JobStatus


@dataclass(frozen=True, kw_only=True)
class Row:
    """What a table shows of a job.

    Attributes:
        job: The job's id.
        name: The shot's name.
        state: Where the job is, as the command line says it.
        share: How much of the job is done, 0 to 1.
        frames: Finished frames and all of them: ``12/40``.
        doing: What happens, how it ended, or why it failed.
        engine: The engine, ``auto`` until one has been chosen.
        age: Time since it was submitted.
        notes: How many warnings there are, in words; "" for none.
        final: Whether nothing will happen to it any more.
        finished: Whether frames are there to be collected.
    """

    job: str
    name: str
    state: str
    share: float
    frames: str
    doing: str
    engine: str
    age: str
    notes: str
    final: bool
    finished: bool


def row(job: JobStatus, *, now: float) -> Row:
    """A job at the Unix time ``now``."""
    count = job.last_frame - job.first_frame + 1
    return Row(
        job=job.job,
        name=job.name,
        state=job.state,
        share=_share(job, count),
        frames=f"{job.finished}/{count}",
        doing=_doing(job),
        engine=job.engine,
        age=wording.duration(max(0.0, now - job.created)),
        notes=_notes(len(job.warnings)),
        final=job.state in FINAL,
        finished=job.finished > 0,
    )


def told(job: JobStatus) -> str:
    """All there is to say of a job, a line each."""
    lines = [
        wording.summary(job),
        f"frames {job.first_frame}-{job.last_frame}, engine {job.engine}, submitted "
        f"{datetime.fromtimestamp(job.created):%Y-%m-%d %H:%M}",
    ]
    if job.attempt > 1:
        lines.append(f"begun {job.attempt} times: a worker died")
    if job.error:
        lines.append(str(from_record(job.error)))
    return "\n".join([*lines, *(f"note: {text}" for text in job.warnings)])


def _share(job: JobStatus, count: int) -> float:
    """By the time that is left where an engine can tell: its frames may all come at the end."""
    frames = job.finished / count
    if job.state != "running" or job.eta is None or job.seconds + job.eta <= 0.0:
        return frames
    return max(frames, job.seconds / (job.seconds + job.eta))


def _doing(job: JobStatus) -> str:
    if job.error is not None:
        return job.error.text
    if job.state == "running":
        left = "" if job.eta is None else f", {wording.duration(job.eta)} left"
        return wording.doing(job) + left
    if job.state in FINAL and job.seconds:
        return f"took {wording.duration(job.seconds)}"
    return {"queued": "waits for its turn", "uploading": "pictures are on their way"}.get(
        job.state, ""
    )


def _notes(count: int) -> str:
    return f"{count} note{'s' if count != 1 else ''}" if count else ""
