"""One pass over the latents of a shot: from noise to picture, chunk by chunk, step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import torch

from void_server.engines.void.chunks import CHUNK_LATENTS, JOIN_LATENTS, Join, chunks
from void_server.engines.void.conditioning import Conditioning
from void_server.engines.void.passes import Pass, PassNumber, Scheduler
from void_server.engines.void.predict import Predictor, Text
from void_server.engines.void.run_ahead import RunAhead
from void_server.engines.void.seams import LATENT_CHANNELS, Forward
from void_server.engines.void.unit_noise import Stream, unit_noise
from void_server.engines.void.windows import OVERLAP_LATENTS, WINDOW_LATENTS, Window

Noise = Callable[[int, int], torch.Tensor]
"""Initial latents ``start`` to ``stop`` of the shot, (1, stop - start, 16, h, w) float32."""

_STREAMS: dict[PassNumber, Stream] = {1: "pass 1", 2: "pass 2"}


class OnStep(Protocol):
    """Told of every step; may raise to stop."""

    def __call__(self, step: int, steps: int, chunk: int, chunks: int, x0: torch.Tensor) -> None:
        """Report.

        Args:
            step: Steps of this chunk that were started, from 1; on a GPU the last two may run yet.
            steps: Steps of a chunk.
            chunk: Chunk in hand, from 0.
            chunks: Chunks of the shot.
            x0: (1, K of the chunk, 16, h, w) float32 on the device: the clean estimate. To look
                at it is to wait for the device.
        """
        ...


@dataclass(frozen=True)
class Final:
    """Latents that no later chunk changes.

    Attributes:
        start: Index of the first in the shot.
        latents: (1, k, 16, h, w) float32 on the device.
    """

    start: int
    latents: torch.Tensor


def initial_noise(*, seed: int, pass_number: PassNumber, height: int, width: int) -> Noise:
    """Unit noise over a whole shot, each latent by its index: (1, n, 16, height, width) float32.

    Args:
        seed: The job's seed.
        pass_number: Passes have independent noise.
        height: h, latent rows.
        width: w, latent columns.
    """
    shape = (LATENT_CHANNELS, height, width)
    stream = _STREAMS[pass_number]

    def noise(start: int, stop: int) -> torch.Tensor:
        drawn = [unit_noise(shape, seed=seed, stream=stream, index=i) for i in range(start, stop)]
        return torch.stack(drawn)[None]

    return noise


def denoise(
    forward: Forward,
    conditioning: Conditioning,
    *,
    stage: Pass,
    scheduler: Scheduler,
    text: Text,
    noise: Noise | torch.Tensor,
    device: torch.device | str,
    on_step: OnStep | None = None,
    window: int = WINDOW_LATENTS,
    chunk: int = CHUNK_LATENTS,
    overlap: int = OVERLAP_LATENTS,
    join: int = JOIN_LATENTS,
) -> Iterator[Final]:
    """Run a pass.

    Args:
        forward: The pass's transformer.
        conditioning: Of the whole shot; K even.
        stage: The pass.
        scheduler: As `build_scheduler` gives it for the pass.
        text: The prompts, on any device.
        noise: What to start from; a whole tensor (1, K, 16, h, w) or its parts on demand.
        device: Where the latents are and the transformer takes them.
        on_step: Told of every step.
        window: Latents the transformer sees at once.
        chunk: Latents denoised together.
        overlap: Latents that neighbouring windows share.
        join: Latents that neighbouring chunks share.

    Yields:
        The latents of the shot in order, as chunks end.

    Raises:
        ServerError: The model gave NaN or Inf: which pass, which step.
    """
    device = torch.device(device)
    plan = chunks(conditioning.plate.shape[1], size=chunk, overlap=join)
    prompts = text.batch(stage).to(device)
    after: Join | None = None
    for number, part in enumerate(plan):
        before, after = after, None if part is plan[-1] else Join(overlap=join)
        latents = _denoise_chunk(
            Predictor(
                forward,
                conditioning.part(part).to(device),
                stage=stage,
                text=prompts,
                window=window,
                overlap=overlap,
            ),
            scheduler,
            _part(noise, part).to(device),
            subject=f"pass {stage.number}",
            before=before,
            after=after,
            told=_told(on_step, len(scheduler.timesteps), number, len(plan)),
        )
        yield Final(part.start, latents if after is None else latents[:, :-join])


_Told = Callable[[int, torch.Tensor], None]


@torch.no_grad()
def _denoise_chunk(
    predictor: Predictor,
    scheduler: Scheduler,
    latents: torch.Tensor,
    *,
    subject: str,
    before: Join | None,
    after: Join | None,
    told: _Told,
) -> torch.Tensor:
    # Plain numbers: a timestep or an alpha read from the device would wait for it at every step.
    timesteps: list[int] = scheduler.timesteps.tolist()
    alphas: list[float] = scheduler.alphas_cumprod.tolist()
    ahead = RunAhead(latents.device, subject=subject, steps=len(timesteps))
    for step, timestep in enumerate(timesteps):
        prediction = predictor(latents, timestep)
        if before is not None:
            prediction = before.fade(step, prediction, latents, alphas[timestep])
        latents, clean = scheduler.step(prediction, timestep, latents, return_dict=False)
        if after is not None:
            after.keep(step, clean)
        ahead.started(latents)
        told(step + 1, clean)
    ahead.finish()
    # The last step ends in the clean estimate, bit for bit, with the reference's 30 and 50 steps.
    # With numbers of steps that leave diffusers' rounding short of the end (6, 7, 15, 35, ...) the
    # latents would keep a rest of noise.
    return clean


def _told(on_step: OnStep | None, steps: int, chunk: int, chunks: int) -> _Told:
    def tell(step: int, clean: torch.Tensor) -> None:
        if on_step is not None:
            on_step(step, steps, chunk, chunks, clean)

    return tell


def _part(noise: Noise | torch.Tensor, part: Window) -> torch.Tensor:
    if isinstance(noise, torch.Tensor):
        return noise[:, part.slice]
    return noise(part.start, part.stop)
