"""Who predicts what, and when: fixed before a chunk begins, the same on every rank.

There is no common end of a step. A window may go on to its next step as soon as the windows that
share latents with it have made this one; so two devices stay busy with three unequal windows,
where a wait for all of them at every step would leave one of the two idle for a third of the time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from void_server.engines.void.spread.segments import Span, needed, segments


@dataclass(frozen=True)
class Task:
    """One call of the transformer.

    Attributes:
        step: From 0.
        window: Number of the window in its chunk.
        branch: 0, and 1 for the prompt of a guided pass.
        rank: Who makes it.
    """

    step: int
    window: int
    branch: int
    rank: int


@dataclass(frozen=True)
class Placed:
    """A task in the simulated run, in units of the cost."""

    task: Task
    begin: float
    end: float


def window_cost(latents: int) -> float:
    """What a prediction takes, as a multiple of a whole window of 22 latents.

    Source: profile of a whole window on an H200, 384 x 672: 45 % of the time is attention, which
    grows with the square of the tokens.
    """
    tokens_per_pair, text, whole = 24 * 42, 226, 11_314
    share = (text + latents // 2 * tokens_per_pair) / whole
    return 0.55 * share + 0.45 * share**2


def plan(
    windows: Sequence[Span],
    *,
    branches: int,
    steps: int,
    ranks: int,
    join: int,
    cost: Callable[[int], float] = window_cost,
) -> tuple[Task, ...]:
    """All tasks of a chunk in the order in which they end.

    What a task needs ends before it, so the order is also one in which all of them could be done
    by one rank; for one rank it is the plain order of `denoise`.

    Args:
        windows: Of the chunk, in order.
        branches: 2 where the pass is guided, else 1.
        steps: Denoising steps.
        ranks: Devices, of equal speed.
        join: Latents that neighbouring chunks share.
        cost: Of a window of so many latents.
    """
    placed = timeline(windows, branches=branches, steps=steps, ranks=ranks, join=join, cost=cost)
    return tuple(entry.task for entry in placed)


def timeline(
    windows: Sequence[Span],
    *,
    branches: int,
    steps: int,
    ranks: int,
    join: int,
    cost: Callable[[int], float] = window_cost,
) -> list[Placed]:
    """`plan` with its times.

    Source: Graham, Bounds on multiprocessing timing anomalies (1969): list scheduling. A free
    rank takes the earliest step that can begin, of one step the longest window first.
    """
    parts = segments(windows, join=join)
    run = _Simulation(
        needs=[needed(parts, number) for number in range(len(windows))],
        costs=[cost(window.stop - window.start) for window in windows],
        branches=branches,
        steps=steps,
        free=[0.0] * ranks,
    )
    run.finish()
    in_order = (lambda p: (p.task.step, p.task.window, p.task.branch)) if ranks == 1 else _ending
    return sorted(run.placed, key=in_order)


def _ending(placed: Placed) -> tuple[float, int, int, int]:
    task = placed.task
    return placed.end, task.step, task.window, task.branch


_Call = tuple[int, float, int, int]
"""Step, minus the cost, window, branch: the smallest goes first."""


@dataclass
class _Simulation:
    needs: list[tuple[int, ...]]
    costs: list[float]
    branches: int
    steps: int
    free: list[float]
    placed: list[Placed] = field(default_factory=list)
    _ready: dict[_Call, float] = field(default_factory=dict)
    _ends: dict[tuple[int, int], list[float]] = field(default_factory=dict)

    def finish(self) -> None:
        """Place all tasks."""
        for window in range(len(self.costs)):
            self._may_begin(0, window, 0.0)
        while self._ready:
            rank = min(range(len(self.free)), key=lambda r: (self.free[r], r))
            now = max(self.free[rank], min(self._ready.values()))
            call = min(call for call, since in self._ready.items() if since <= now)
            del self._ready[call]
            self._place(call, rank, now)

    def _place(self, call: _Call, rank: int, begin: float) -> None:
        step, _, window, branch = call
        end = self.free[rank] = begin + self.costs[window]
        self.placed.append(Placed(Task(step, window, branch, rank), begin, end))
        ends = self._ends.setdefault((step, window), [])
        ends.append(end)
        if len(ends) < self.branches or step + 1 == self.steps:
            return
        for other, needs in enumerate(self.needs):
            if window in needs:
                self._consider(step + 1, other)

    def _consider(self, step: int, window: int) -> None:
        """Let a window begin a step if all that it needs has been placed."""
        ends = [self._ends.get((step - 1, other), []) for other in self.needs[window]]
        if all(len(found) == self.branches for found in ends):
            self._may_begin(step, window, max(max(found) for found in ends))

    def _may_begin(self, step: int, window: int, since: float) -> None:
        for branch in range(self.branches):
            self._ready[step, -self.costs[window], window, branch] = since
