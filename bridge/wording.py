"""How a job and its numbers are put into words, the same on the command line and in a panel."""

from __future__ import annotations

from bridge.messages import FINAL, EngineInfo, JobStatus

SHORT_ID = 8
"""Digits of a job's id that are enough to name it to a person."""


def summary(job: JobStatus) -> str:
    """A job in a line: ``sh010 1a2b3c4d: running, 12 of 40 frames, filling 3/9, 20 s left``."""
    parts = [f"{job.name} {job.job[:SHORT_ID]}: {job.state}", frames(job)]
    if job.state == "running" and job.stage:
        parts.append(doing(job))
    if job.eta is not None and job.state == "running":
        parts.append(f"{duration(job.eta)} left")
    if job.state in FINAL:
        parts.append(f"took {duration(job.seconds)}")
    return ", ".join(parts)


def frames(job: JobStatus) -> str:
    """How many frames are finished: ``12 of 40 frames``."""
    return f"{job.finished} of {job.last_frame - job.first_frame + 1} frames"


def doing(job: JobStatus) -> str:
    """The stage with the units of it that are done, or the step: ``filling 3/9``."""
    units = f" {job.done}/{job.total}" if job.total and not job.steps else ""
    return stage(job) + units


def availability(engine: EngineInfo) -> str:
    """Whether a server can run an engine: ``runs on cuda:0``, or why not."""
    return f"runs on {engine.device}" if engine.available else f"not here: {engine.reason}"


def stage(status: JobStatus) -> str:
    """What a job is doing, with the step for engines that have steps: ``refining, step 12/50``."""
    step = f", step {status.step}/{status.steps}" if status.steps else ""
    return (status.stage or status.state) + step


def duration(seconds: float) -> str:
    """Seconds as people say them: ``42 s``, ``3 min 20 s``, ``2 h 5 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def size(count: int) -> str:
    """Bytes as people say them, in powers of ten: ``66.3 MB``."""
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"
