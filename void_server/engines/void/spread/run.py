"""One rank's walk through the plan of a chunk."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch

from void_server.engines.void.chunks import Join
from void_server.engines.void.passes import Pass, Scheduler
from void_server.engines.void.run_ahead import RunAhead
from void_server.engines.void.seams import LATENT_CHANNELS, Forward
from void_server.engines.void.spread.frontier import Frontier
from void_server.engines.void.spread.group import Arriving, Group, GroupBroken
from void_server.engines.void.spread.schedule import Task, plan
from void_server.engines.void.windows import Window

STEPS_GRANTED = 2
"""Steps by which the others may be ahead of rank 0: enough that none ever waits for its leave."""


class Gate(Protocol):
    """Says how far a rank may go."""

    def open(self, position: int) -> None:
        """Return when the task at a position of the plan may begin; raise to stop."""
        ...

    def failed(self, error: BaseException) -> None:
        """Tell the others that this rank computes no more."""
        ...

    def granted(self, position: int) -> bool:
        """After a failure: whether the others may still wait for the task at a position."""
        ...


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """A chunk to denoise; tensors on the rank's device.

    Attributes:
        stage: The pass.
        scheduler: Of the pass.
        condition: (1, K, 32, h, w) float32: mask, then plate.
        latents: (1, K, 16, h, w) float32: where it begins.
        text: (B, 226, D) float32; B = 2 where the pass is guided.
        windows: Of the chunk.
        overlap: Latents that neighbouring windows share.
        join: Latents that neighbouring chunks share.
        before: The join with the chunk before.
        after: The join with the chunk after.
    """

    stage: Pass
    scheduler: Scheduler
    condition: torch.Tensor
    latents: torch.Tensor
    text: torch.Tensor
    windows: Sequence[Window]
    overlap: int
    join: int
    before: Join | None
    after: Join | None


Told = Callable[[int, torch.Tensor], None]
"""Told of every step: its number from 1, and the clean estimate."""


class Walk:
    """Predicts what is this rank's to predict, and takes the rest from the others.

    Args:
        chunk: The chunk.
        forward: The pass's transformer.
        group: The ranks.
        gate: Says how far to go.
        told: Told of every step; may raise to stop.
    """

    def __init__(
        self, chunk: Chunk, *, forward: Forward, group: Group, gate: Gate, told: Told
    ) -> None:
        self._timesteps: list[int] = chunk.scheduler.timesteps.tolist()
        steps, branches = len(self._timesteps), chunk.text.shape[0]
        self._chunk = chunk
        self._forward = forward
        self._group = group
        self._gate = gate
        self._told = told
        self._tasks = plan(
            chunk.windows,
            branches=branches,
            steps=steps,
            ranks=group.ranks,
            join=chunk.join,
        )
        # Of each other rank, two tasks may end while one is made here.
        self._lag = max(len(chunk.windows) * branches, 2 * (group.ranks - 1))
        self._ahead = RunAhead(
            chunk.latents.device, subject=f"pass {chunk.stage.number}", steps=steps
        )
        self._frontier = Frontier(
            chunk.latents,
            windows=chunk.windows,
            overlap=chunk.overlap,
            join=chunk.join,
            stage=chunk.stage,
            scheduler=chunk.scheduler,
            before=chunk.before,
            after=chunk.after,
            stepped=self._stepped,
        )
        self._under_way: deque[Arriving] = deque()
        self._posted = 0

    @torch.no_grad()
    def run(self) -> torch.Tensor:
        """(1, K, 16, h, w) float32: the latents of the chunk, on every rank.

        Whatever goes wrong on a rank, all of them leave the plan at the same place, with nothing
        under way.

        Raises:
            ServerError: The model gave NaN or Inf.
            GroupBroken: Another rank is gone.
        """
        try:
            for position, task in enumerate(self._tasks):
                self._gate.open(position)
                self._perform(position, task)
                self._frontier.settle(position + 1 - self._lag)
            self._frontier.settle(len(self._tasks))
            self._ahead.finish()
        except GroupBroken:
            raise
        except BaseException as error:
            self._gate.failed(error)
            self._leave()
            raise
        self._let_arrive()
        return self._frontier.whole()

    def _perform(self, position: int, task: Task) -> None:
        if task.rank == self._group.rank:
            prediction = self._predict(task)
            self._post(task, prediction)
            arriving = Arriving(prediction)
        else:
            arriving = self._post(task, self._empty(task))
        self._frontier.add(position, task, arriving)

    def _predict(self, task: Task) -> torch.Tensor:
        chunk = self._chunk
        latents = self._frontier.window(task.window, task.step)
        condition = chunk.condition[:, chunk.windows[task.window].slice]
        text = chunk.text[task.branch : task.branch + 1]
        whole = torch.cat([latents, condition], dim=2)
        return self._forward(whole, text, self._timesteps[task.step]).contiguous()

    def _post(self, task: Task, tensor: torch.Tensor) -> Arriving:
        arriving = self._group.broadcast(tensor, source=task.rank)
        self._posted += 1
        self._under_way.append(arriving)
        while self._under_way and self._under_way[0].here():
            self._under_way.popleft()
        return arriving

    def _empty(self, task: Task) -> torch.Tensor:
        latents = self._chunk.latents
        shape = (1, len(self._chunk.windows[task.window]), LATENT_CHANNELS, *latents.shape[3:])
        return torch.empty(shape, dtype=torch.float32, device=latents.device)

    def _stepped(self, step: int, latents: torch.Tensor, clean: torch.Tensor) -> None:
        self._ahead.started(latents)
        self._told(step + 1, clean)

    def _leave(self) -> None:
        """Send and take, unseen, what the others may still wait for.

        Raises:
            GroupBroken: That cannot be done either.
        """
        try:
            while self._posted < len(self._tasks) and self._gate.granted(self._posted):
                task = self._tasks[self._posted]
                self._post(task, self._empty(task))
            self._let_arrive()
        except Exception as error:
            raise GroupBroken(str(error)) from error

    def _let_arrive(self) -> None:
        while self._under_way:
            self._under_way.popleft().get()
