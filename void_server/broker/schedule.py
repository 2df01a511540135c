"""Which job runs where, and what becomes of one whose worker died. No sockets, no clocks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bridge.messages import State

AUTO = "auto"
"""The request's word for: whichever engine the worker likes best."""


@dataclass(frozen=True)
class Waiting:
    """A job in the queue, with the engine it asks for and whose it is."""

    job: str
    engine: str
    user: str


@dataclass(frozen=True)
class Idle:
    """A worker without a job, and the engines it can run now."""

    worker: str
    engines: frozenset[str]


class Assignment(NamedTuple):
    """A job and the worker that shall begin it."""

    job: str
    worker: str


def assign(
    queue: Sequence[Waiting],
    idle: Iterable[Idle],
    *,
    running: Mapping[str, int],
    held: Collection[str] = (),
) -> list[Assignment]:
    """Give each idle worker at most one job.

    Among the jobs a worker can run, those of the user with the fewest running jobs come first,
    then the oldest: one artist's fifty shots do not hold up another's single one.

    Args:
        queue: The waiting jobs, oldest first.
        idle: The workers without a job.
        running: How many jobs each user has running.
        held: Jobs that a worker has not let go of yet, although they wait again.
    """
    waiting = [item for item in queue if item.job not in held]
    load = Counter(running)
    assignments = []
    for worker in idle:
        fitting = [item for item in waiting if _fits(item, worker)]
        if not fitting:
            continue
        chosen = min(fitting, key=lambda item: load[item.user])
        waiting.remove(chosen)
        load[chosen.user] += 1
        assignments.append(Assignment(chosen.job, worker.worker))
    return assignments


def after_death(deaths: int, attempts: int) -> State:
    """What becomes of a job that has lost so many workers and may be begun so many times."""
    return "queued" if deaths < attempts else "failed"


def _fits(item: Waiting, worker: Idle) -> bool:
    return bool(worker.engines) if item.engine == AUTO else item.engine in worker.engines
