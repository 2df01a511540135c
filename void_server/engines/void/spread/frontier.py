"""The latents of a chunk while its segments are at different steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from void_server.engines.void.chunks import Join
from void_server.engines.void.passes import Pass, Scheduler
from void_server.engines.void.spread.blending import SegmentBlend
from void_server.engines.void.spread.group import Arriving
from void_server.engines.void.spread.schedule import Task
from void_server.engines.void.spread.segments import segments
from void_server.engines.void.windows import Window

Stepped = Callable[[int, torch.Tensor, torch.Tensor], None]
"""Told, step by step, that all segments have made it: the step from 0, latents, clean estimate."""


class Frontier:
    """Takes predictions and makes of them the latents that later predictions start from.

    Schedulers, guidance and blending work on each latent by itself, so a segment may make its
    step as soon as the windows that cover it are predicted. The bits are those of `denoise`.

    Args:
        latents: (1, K, 16, h, w) float32: where the chunk begins.
        windows: Of the chunk.
        overlap: Latents that neighbouring windows share.
        join: Latents that neighbouring chunks share.
        stage: The pass.
        scheduler: Of the pass.
        before: The join with the chunk before.
        after: The join with the chunk after.
        stepped: Told of every step; may raise to stop.
    """

    def __init__(
        self,
        latents: torch.Tensor,
        *,
        windows: Sequence[Window],
        overlap: int,
        join: int,
        stage: Pass,
        scheduler: Scheduler,
        before: Join | None,
        after: Join | None,
        stepped: Stepped,
    ) -> None:
        self._windows = windows
        self._stage = stage
        self._scheduler = scheduler
        self._timesteps: list[int] = scheduler.timesteps.tolist()
        self._alphas: list[float] = scheduler.alphas_cumprod.tolist()
        self._before = before
        self._after = after
        self._stepped = stepped
        self._segments = segments(windows, join=join)
        self._latents = [latents[:, part.start : part.stop] for part in self._segments]
        self._clean = list(self._latents)
        self._blends = [
            SegmentBlend(part, windows, overlap=overlap, device=latents.device)
            for part in self._segments
        ]
        self._at = [0] * len(self._segments)
        self._predictions: dict[tuple[int, int], dict[int, Arriving]] = {}
        self._positions: dict[tuple[int, int], int] = {}
        self._results: dict[int, dict[int, tuple[torch.Tensor, torch.Tensor]]] = {}
        self._told = 0

    def window(self, number: int, step: int) -> torch.Tensor:
        """(1, len(window), 16, h, w): what a window starts from at a step.

        All that it needs must have been added.
        """
        window = self._windows[number]
        parts = []
        for index, segment in enumerate(self._segments):
            if number not in segment.windows:
                continue
            while self._at[index] < step:
                self._advance(index)
            inside = slice(max(window.start - segment.start, 0), window.stop - segment.start)
            parts.append(self._latents[index][:, inside])
        return torch.cat(parts, dim=1)

    def add(self, position: int, task: Task, prediction: Arriving) -> None:
        """Take what a task gave.

        Args:
            position: Of the task in the plan.
            task: The task.
            prediction: (1, len(window), 16, h, w) float32.
        """
        self._predictions.setdefault((task.step, task.window), {})[task.branch] = prediction
        self._positions[task.step, task.window] = position

    def settle(self, before: int) -> None:
        """Let all segments go as far as the tasks before a position of the plan allow."""
        for index in range(len(self._segments)):
            while self._can_advance(index, before):
                self._advance(index)

    def whole(self) -> torch.Tensor:
        """(1, K, 16, h, w) float32: the clean estimate, of one step only when all is settled."""
        return torch.cat(self._clean, dim=1)

    def _can_advance(self, index: int, before: int) -> bool:
        step, branches = self._at[index], 2 if self._stage.guided else 1
        keys = [(step, window) for window in self._segments[index].windows]
        return all(
            len(self._predictions.get(key, ())) == branches and self._positions[key] < before
            for key in keys
        )

    def _advance(self, index: int) -> None:
        step, latents = self._at[index], self._latents[index]
        timestep = self._timesteps[step]
        prediction = self._blends[index](
            [self._guided(index, number) for number in range(len(self._segments[index].windows))]
        )
        if self._before is not None and index == 0:
            prediction = self._before.fade(step, prediction, latents, self._alphas[timestep])
        latents, clean = self._scheduler.step(prediction, timestep, latents, return_dict=False)
        if self._after is not None and index == len(self._segments) - 1:
            self._after.keep(step, clean)
        self._latents[index], self._clean[index] = latents, clean
        self._at[index] = step + 1
        self._results.setdefault(step, {})[index] = (latents, clean)
        self._tell()

    def _guided(self, index: int, number: int) -> torch.Tensor:
        """What one covering window says of a segment. Source: as `Predictor`."""
        rows = self._blends[index].rows(number)
        branches = self._predictions[self._at[index], self._segments[index].windows[number]]
        found = [branches[branch].get()[:, rows] for branch in sorted(branches)]
        if not self._stage.guided:
            return found[0]
        away, towards = found
        return away + self._stage.guidance * (towards - away)

    def _tell(self) -> None:
        while len(self._results.get(self._told, ())) == len(self._segments):
            step, self._told = self._told, self._told + 1
            parts = self._results.pop(step)
            for window in range(len(self._windows)):
                del self._predictions[step, window], self._positions[step, window]
            latents, clean = (
                torch.cat([parts[index][which] for index in sorted(parts)], dim=1)
                for which in (0, 1)
            )
            self._stepped(step, latents, clean)
