"""One shot through the model: read, encode, pass 1, pass 2, decode."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
import torch

from void_server.engines.engine import Progress, Record
from void_server.engines.void import flow
from void_server.engines.void.checkpoint import scheduler_config
from void_server.engines.void.chunks import chunks
from void_server.engines.void.conditioning import (
    Conditioning,
    encode_mask,
    encode_plate,
    plate_noise,
)
from void_server.engines.void.decoding import decoded
from void_server.engines.void.denoise import Final, Noise, denoise, initial_noise
from void_server.engines.void.layout import Layout
from void_server.engines.void.memory_modes import MemoryModes
from void_server.engines.void.models import Models
from void_server.engines.void.pace import Pace
from void_server.engines.void.padding import latent_count, padded_length, source_indices
from void_server.engines.void.passes import PASS_1, PASS_2, Pass, build_scheduler
from void_server.engines.void.predict import Text
from void_server.engines.void.preview import Previews
from void_server.engines.void.seams import Semantics
from void_server.engines.void.settings import Settings
from void_server.engines.void.stacked import stacked
from void_server.engines.void.text import encode
from void_server.engines.void.warped_noise import warped_noise
from void_server.engines.void.windows import WINDOW_LATENTS, windows
from void_server.model_view.frames import Frames
from void_server.model_view.shot import ModelShot


class Removal:
    """A shot's way through both passes.

    Args:
        shot: At model size.
        settings: Of the engine.
        layout: The checkpoint's files.
        cache: Folder of kept prompts.
        prompt: What should remain.
        seed: Of everything random.
        modes: Gives the networks to a part of the work.
        progress: Told of everything.
        record: Takes facts and warnings.
        part: Index of the tile that this is of the plate.
        parts: How many tiles there are; they take equally long.
    """

    def __init__(
        self,
        shot: ModelShot,
        *,
        settings: Settings,
        layout: Layout,
        cache: Path,
        prompt: str,
        seed: int,
        modes: MemoryModes,
        progress: Progress,
        record: Record,
        part: int = 0,
        parts: int = 1,
    ) -> None:
        self._shot = shot
        self._settings = settings
        self._layout = layout
        self._cache = cache
        self._prompt = prompt
        self._seed = seed
        self._modes = modes
        self._progress = progress
        self._record = record
        self._count = len(shot.numbers)
        self._padded = padded_length(self._count)
        self._indices = source_indices(self._count, self._padded)
        self._latents = latent_count(self._padded)
        forwards = sum(self._forwards(stage) * stage.steps for stage in self._stages())
        self._pace = Pace(forwards, others=forwards * (parts - 1 - part))
        self._of = f", tile {part + 1} of {parts}" if parts > 1 else ""
        self._plate_latents: torch.Tensor | None = None

    def pictures(self) -> Frames:
        """The clean shot: (H, W, 3) float32 in the shot's model space, one a frame and padding."""
        texts = self._texts()
        first, *second = self._stages()
        latents = self._pass(first, texts, self._white_noise())
        for stage in second:
            pictures = self._decoded(latents, "decoding pass 1")
            latents = self._pass(stage, texts, self._moving_noise(pictures))
            pictures.close()
        return self._decoded(latents, "decoding")

    def _stages(self) -> list[Pass]:
        settings = self._settings
        semantics = cast(Semantics, settings.masks)
        first = replace(PASS_1, steps=settings.first_steps, guidance=settings.guidance)
        second = replace(PASS_2, steps=settings.second_steps, guidance=settings.refine_guidance)
        wanted = [first, second] if second.steps else [first]
        return [replace(stage, semantics=semantics) for stage in wanted]

    def _forwards(self, stage: Pass) -> int:
        """Windows of a step over the whole shot, each branch of the guidance counted."""
        parts = chunks(self._latents)
        return sum(len(windows(len(part))) for part in parts) * (2 if stage.guided else 1)

    def _texts(self) -> Text:
        self._progress("reading the prompt", 0, 1)

        def embed(models: Models) -> Text:
            models.make_room()
            prompt, negative = encode(
                [self._prompt, PASS_2.negative_prompt],
                self._layout,
                device=self._modes.text_device,
                dtype=models.dtype,
                cache=self._cache / "prompts",
            )
            if prompt.warning:
                self._record.warn(prompt.warning)
            return Text(prompt=prompt.embedding, negative=negative.embedding)

        return self._modes.attempt(embed)

    def _pass(self, stage: Pass, texts: Text, noise: Noise | torch.Tensor) -> torch.Tensor:
        """(1, K, 16, h, w) float32 on the CPU."""
        conditioning = self._modes.attempt(partial(self._conditioned, stage))
        self._pace.paused()
        return self._modes.attempt(
            lambda models: self._denoised(models, stage, conditioning, texts, noise)
        )

    def _conditioned(self, stage: Pass, models: Models) -> Conditioning:
        vae, settings = models.vae(), self._settings
        what = f"encoding for pass {stage.number}"

        def told(before: int, done: int, total: int) -> None:
            self._progress(what, before + done, 2 * total)

        if self._plate_latents is None:
            self._plate_latents = encode_plate(
                vae,
                partial(stacked, self._shot.plate),
                self._indices,
                noise=plate_noise(seed=self._seed, height=settings.height, width=settings.width),
                encoded=partial(told, 0),
            )
        mask = encode_mask(
            vae,
            partial(stacked, self._shot.levels),
            self._indices,
            pass_number=stage.number,
            semantics=stage.semantics,
            encoded=partial(told, self._padded),
        )
        return Conditioning(mask=mask, plate=self._plate_latents)

    def _denoised(
        self,
        models: Models,
        stage: Pass,
        conditioning: Conditioning,
        texts: Text,
        noise: Noise | torch.Tensor,
    ) -> torch.Tensor:
        self._record.note("attention", models.attention)
        run = self._spread_over(models, stage) or partial(
            denoise, models.forward(stage.number), device=models.device
        )
        finals = run(
            conditioning,
            stage=stage,
            scheduler=build_scheduler(stage, scheduler_config(self._layout)),
            text=texts,
            noise=noise,
            on_step=self._on_step(stage, models),
        )
        return torch.cat([final.latents.cpu() for final in finals], dim=1)

    def _spread_over(self, models: Models, stage: Pass) -> Callable[..., Iterator[Final]] | None:
        """`denoise` over all devices, where there is something to share at each step."""
        spread = models.spread()
        if spread is None or (not stage.guided and self._latents <= WINDOW_LATENTS):
            return None
        self._record.note("devices", len(spread.devices))
        return spread.denoise

    def _on_step(self, stage: Pass, models: Models) -> Callable[..., None]:
        parts = chunks(self._latents)
        previews = Previews(
            self._shot.numbers,
            self._progress,
            vae=lambda: models.vae() if self._settings.preview and models.vae_is_here else None,
        )

        def on_step(step: int, steps: int, chunk: int, count: int, clean: torch.Tensor) -> None:
            of_chunk = len(windows(len(parts[chunk]))) * (2 if stage.guided else 1)
            self._progress(
                f"pass {stage.number}{self._of}",
                chunk * steps + step,
                count * steps,
                step=step,
                steps=steps,
                left=self._pace.stepped(of_chunk),
            )
            previews.show(parts[chunk].start, clean)

        return on_step

    def _decoded(self, latents: torch.Tensor, what: str) -> Frames:
        return self._modes.attempt(lambda models: self._decoding(models, latents, what))

    def _decoding(self, models: Models, latents: torch.Tensor, what: str) -> Frames:
        settings = self._settings
        pictures = Frames(self._padded, (settings.height, settings.width, 3), np.float32)
        done = 0
        for frames in decoded(models.vae(), latents):
            for picture in frames.numpy():
                pictures[done] = picture
                done += 1
            self._progress(what, done, self._padded)
        return pictures

    def _white_noise(self) -> Noise:
        settings = self._settings
        return initial_noise(
            seed=self._seed, pass_number=1, height=settings.height // 8, width=settings.width // 8
        )

    def _moving_noise(self, pictures: Frames) -> torch.Tensor:
        """(1, K, 16, h, w): noise that moves with pass 1's picture."""
        settings = self._settings
        device = self._modes.attempt(lambda models: models.device)
        motion, name = flow.choose(self._layout.raft, device, wanted=settings.flow)
        self._record.note("flow", name)

        def told() -> Iterator[np.ndarray]:
            for index in range(len(pictures)):
                self._progress("following motion", index, len(pictures))
                yield cast("np.ndarray", pictures[index])

        noise = warped_noise(told(), motion, seed=self._seed, degradation=settings.degradation)
        return torch.stack(list(noise))[None]
