"""Denoises a shot on several devices; to its user it is `denoise` on one."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType

import torch

from void_server.engines.void.chunks import CHUNK_LATENTS, JOIN_LATENTS, Join, chunks
from void_server.engines.void.conditioning import Conditioning
from void_server.engines.void.denoise import Final, Noise, OnStep
from void_server.engines.void.layout import Layout
from void_server.engines.void.passes import Pass, Scheduler
from void_server.engines.void.predict import Text
from void_server.engines.void.spread.crew import COMMAND
from void_server.engines.void.spread.ranks import ForwardOf, Ranks
from void_server.engines.void.spread.run import Chunk, Told
from void_server.engines.void.windows import OVERLAP_LATENTS, WINDOW_LATENTS, Window, windows


class Spread:
    """One process for each device; this one is rank 0. One shot at a time, from one thread.

    The others start at once, in the background, and end with `close` or with this process: with
    the thread, on Linux, that made this.

    Args:
        devices: ``cuda:0`` and so on; the first is this process's.
        layout: The checkpoint's files.
        mode: Memory mode, the same on all devices.
        forward_of: Gives this process's transformer of a pass; `Models.forward` of a `Models` of
            its own where left out.
        command: Runs another rank.
    """

    def __init__(
        self,
        devices: Sequence[str],
        *,
        layout: Layout,
        mode: str,
        forward_of: ForwardOf | None = None,
        command: Sequence[str] = COMMAND,
    ) -> None:
        device = torch.device(devices[0])
        self._device = device
        self._ranks = Ranks(
            devices,
            layout=layout,
            mode=mode,
            forward_of=forward_of or _own(layout, device, mode),
            command=command,
        )

    def __enter__(self) -> Spread:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def devices(self) -> tuple[str, ...]:
        """All devices, this process's first."""
        return self._ranks.devices

    @property
    def folder(self) -> Path:
        """The private folder through which the ranks find each other; gone after `close`."""
        return self._ranks.folder

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of the others."""
        return tuple(member.process.pid for member in self._ranks.crew.members)

    @property
    def usable(self) -> bool:
        """Whether all devices are there; if not, close this and make another."""
        return not self._ranks.why_unusable

    def close(self) -> None:
        """End the other processes. Harmless when done twice."""
        self._ranks.close()

    def denoise(
        self,
        conditioning: Conditioning,
        *,
        stage: Pass,
        scheduler: Scheduler,
        text: Text,
        noise: Noise | torch.Tensor,
        on_step: OnStep | None = None,
        window: int = WINDOW_LATENTS,
        chunk: int = CHUNK_LATENTS,
        overlap: int = OVERLAP_LATENTS,
        join: int = JOIN_LATENTS,
    ) -> Iterator[Final]:
        """Run a pass; see `denoise.denoise`, whose bits this gives where the kernels are the same.

        A guided prediction is made as two, one for each prompt. An ``on_step`` that raises ends
        the pass on all devices, which then wait for the next one.

        Raises:
            ServerError: The model gave NaN or Inf; ``device_lost``: a process has ended.
            OutOfMemoryError: One of the devices ran out of memory.
        """
        forward = self._ranks.load(stage.number)
        stage = dataclasses.replace(stage, steps=len(scheduler.timesteps))
        parts = chunks(conditioning.plate.shape[1], size=chunk, overlap=join)
        after: Join | None = None
        for number, part in enumerate(parts):
            before, after = after, None if part is parts[-1] else Join(overlap=join)
            tensors = Chunk(
                stage=stage,
                scheduler=scheduler,
                condition=self._here(conditioning.part(part)),
                latents=self._here(_begin(noise, part)),
                text=self._here(text.batch(stage)),
                windows=windows(len(part), size=window, overlap=overlap),
                overlap=overlap,
                join=join,
                before=before,
                after=after,
            )
            latents = self._ranks.denoise(
                tensors, forward, _told(on_step, stage.steps, number, len(parts))
            )
            yield Final(part.start, latents if after is None else latents[:, :-join])

    def _here(self, tensor: torch.Tensor) -> torch.Tensor:
        return tensor.to(self._device, torch.float32).contiguous()


def _begin(noise: Noise | torch.Tensor, part: Window) -> torch.Tensor:
    if isinstance(noise, torch.Tensor):
        return noise[:, part.slice]
    return noise(part.start, part.stop)


def _told(on_step: OnStep | None, steps: int, chunk: int, chunks: int) -> Told:
    def tell(step: int, clean: torch.Tensor) -> None:
        if on_step is not None:
            on_step(step, steps, chunk, chunks, clean)

    return tell


def _own(layout: Layout, device: torch.device, mode: str) -> ForwardOf:
    from void_server.engines.void.models import Models

    return Models(layout=layout, device=device, mode=mode).forward
