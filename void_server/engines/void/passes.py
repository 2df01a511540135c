"""The two passes: what each one's sampler, guidance and reading of the mask are."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import torch
from diffusers import CogVideoXDDIMScheduler, DDIMScheduler

from void_server.engines.void.seams import Semantics

PassNumber = Literal[1, 2]


class Scheduler(Protocol):
    """What a denoising loop uses of diffusers' schedulers."""

    timesteps: torch.Tensor
    alphas_cumprod: torch.Tensor

    def step(
        self,
        model_output: torch.Tensor,
        timestep: int,
        sample: torch.Tensor,
        *,
        return_dict: Literal[False],
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """(latents of the next step, clean estimate), both like ``sample``."""
        ...


_SCHEDULERS: dict[str, Any] = {
    "DDIMScheduler": DDIMScheduler,
    "CogVideoXDDIMScheduler": CogVideoXDDIMScheduler,
}


@dataclass(frozen=True, kw_only=True)
class Pass:
    """How one pass runs.

    Attributes:
        number: 1 paints the hole; 2 steadies it, from noise that moves with pass 1's picture.
        scheduler: diffusers' class.
        steps: Denoising steps, 1 to 1000.
        guidance: Of the prompt against the negative prompt; at 1 there is no negative prompt and
            one forward a step.
        negative_prompt: What the guidance leads away from.
        semantics: What the levels of the quadmask mean to this pass.
    """

    number: PassNumber
    scheduler: Literal["DDIMScheduler", "CogVideoXDDIMScheduler"]
    steps: int
    guidance: float
    negative_prompt: str = ""
    semantics: Semantics = "reference"

    @property
    def guided(self) -> bool:
        """Whether a step predicts twice, with the negative prompt and with the prompt."""
        return self.guidance != 1


PASS_1 = Pass(number=1, scheduler="DDIMScheduler", steps=30, guidance=1.0)
"""Source: VOID's reference script (its configuration file says 50 steps)."""

PASS_2 = Pass(number=2, scheduler="CogVideoXDDIMScheduler", steps=50, guidance=6.0)
"""Source: VOID's reference script."""


def build_scheduler(stage: Pass, config: Mapping[str, Any]) -> Scheduler:
    """The sampler of a pass, its timesteps set.

    Args:
        stage: The pass.
        config: The checkpoint's scheduler_config.json. The file is written for the second pass's
            class; the first takes of it what it knows, as the reference does.
    """
    kind = _SCHEDULERS[stage.scheduler]
    known = inspect.signature(kind).parameters
    built = kind(**{name: value for name, value in config.items() if name in known})
    built.set_timesteps(stage.steps)
    scheduler: Scheduler = built
    # For 61, 103 and some other numbers diffusers' rounding adds a timestep -1, which would be
    # read as the noisiest one and spoil the result at the very end.
    scheduler.timesteps = scheduler.timesteps[: stage.steps]
    return scheduler
