"""The engine's parameters and what a host is told of them. Imports no torch: it is asked often."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from bridge.errors import RequestError
from bridge.messages import EngineInfo, ParameterInfo
from bridge.shot import Parameter
from void_server.engines.modelled import settings as modelled

AS_QUALITY = 0
"""Number of steps that means: what the quality says."""


@dataclass(frozen=True)
class Quality:
    """Steps of both passes; no second pass when its steps are 0."""

    steps: int
    refine_steps: int


QUALITIES = {
    "draft": Quality(steps=8, refine_steps=0),
    "standard": Quality(steps=30, refine_steps=0),
    "best": Quality(steps=30, refine_steps=50),
}
"""Source: 30 and 50 are the steps of the reference's two scripts; 8 is for a quick look."""

MEMORY_MODES = ("auto", "full", "offload", "fp8", "sequential")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Parameters, complete and typed.

    Attributes:
        quality: A key of `QUALITIES`.
        steps: Denoising steps of pass 1; 0 as the quality says.
        refine: Whether there is a pass 2; ``auto`` as the quality says.
        refine_steps: Denoising steps of pass 2; 0 as the quality says, or as ``best`` says.
        guidance: Classifier-free guidance of pass 1; 1 means none.
        refine_guidance: Classifier-free guidance of pass 2.
        masks: What the levels mean to each pass.
        mask_resize: ``clean`` averages planes, ``reference`` averages levels.
        width: Model pixels.
        height: Model pixels.
        flow: Optical flow of pass 2's noise.
        degradation: Share of fresh noise in the warped noise, 0 to 1.
        memory: Memory mode.
        preview: Whether estimates are shown while denoising.
    """

    quality: str = "standard"
    steps: int = AS_QUALITY
    refine: str = "auto"
    refine_steps: int = AS_QUALITY
    guidance: float = 1.0
    refine_guidance: float = 6.0
    masks: str = "reference"
    mask_resize: str = "clean"
    width: int = 672
    height: int = 384
    flow: str = "auto"
    degradation: float = 0.0
    memory: str = "auto"
    preview: bool = True

    @classmethod
    def of(cls, parameters: Mapping[str, Parameter]) -> Settings:
        """Read them; one that is not named has its default.

        Raises:
            RequestError: The size is no multiple of 16.
        """
        default = cls()
        values: dict[str, Parameter] = {
            field: type(known)(parameters.get(field, known))
            for field, known in vars(default).items()
        }
        settings = cls(**values)  # type: ignore[arg-type]
        for name, size in (("width", settings.width), ("height", settings.height)):
            if size % 16:
                raise RequestError(
                    f"engine void, {name}",
                    f"it must be a multiple of 16 (got {size})",
                    f"Try {size // 16 * 16} or {size // 16 * 16 + 16}.",
                    code="parameter",
                )
        return settings

    @property
    def first_steps(self) -> int:
        """Denoising steps of pass 1."""
        return self.steps or QUALITIES[self.quality].steps

    @property
    def second_steps(self) -> int:
        """Denoising steps of pass 2; 0 when there is none."""
        of_quality = QUALITIES[self.quality].refine_steps
        if self.refine == "off" or (self.refine == "auto" and not of_quality):
            return 0
        return self.refine_steps or of_quality or QUALITIES["best"].refine_steps


def description(*, device: str, available: bool = True, reason: str = "") -> EngineInfo:
    """Name, words and parameters of the engine."""
    default = Settings()
    return EngineInfo(
        name="void",
        label="VOID",
        help="Netflix's diffusion model: invents what no frame shows, and undoes what the removed "
        "object did to its surroundings. Reads the prompt.",
        device=device,
        available=available,
        reason=reason,
        parameters=tuple(_infos(default)),
    )


def _infos(default: Settings) -> list[ParameterInfo]:
    def info(name: str, label: str, text: str, **limits: object) -> ParameterInfo:
        value = cast(Parameter, getattr(default, name))
        return ParameterInfo(name=name, label=label, help=text, default=value, **limits)  # type: ignore[arg-type]

    return [
        info(
            "quality",
            "Quality",
            "draft: a quick look; standard: pass 1; best: pass 1, then pass 2 for steadier motion.",
            choices=tuple(QUALITIES),
        ),
        info(
            "steps",
            "Steps",
            "Denoising steps of pass 1; 0 = as the quality says.",
            minimum=0,
            maximum=200,
        ),
        info(
            "refine",
            "Second pass",
            "Whether pass 2 runs; auto = as the quality says.",
            choices=("auto", "on", "off"),
        ),
        info(
            "refine_steps",
            "Steps, second pass",
            "Denoising steps of pass 2; 0 = as the quality says.",
            minimum=0,
            maximum=200,
        ),
        info(
            "guidance",
            "Guidance",
            "How strongly pass 1 follows the prompt; 1 = as trained, and twice as fast.",
            minimum=1.0,
            maximum=20.0,
        ),
        info(
            "refine_guidance",
            "Guidance, second pass",
            "How strongly pass 2 follows the prompt.",
            minimum=1.0,
            maximum=20.0,
        ),
        info(
            "masks",
            "Mask levels",
            "reference: pass 2 treats affected as removed; trimask-both: both passes tell them "
            "apart.",
            choices=("reference", "trimask-both"),
        ),
        info(
            "mask_resize",
            "Mask reduction",
            "clean: no false levels along edges; reference: as the published code does it.",
            choices=("clean", "reference"),
        ),
        info("width", "Model width", "Model pixels; trained at 672.", minimum=32, maximum=1360),
        info("height", "Model height", "Model pixels; trained at 384.", minimum=32, maximum=768),
        info(
            "flow",
            "Motion for pass 2",
            "auto: RAFT where its weights are, else DIS.",
            choices=("auto", "raft_large", "opencv_dis"),
        ),
        info(
            "degradation",
            "Noise freedom",
            "Share of fresh noise in pass 2's warped noise; trained with 0 to 0.3.",
            minimum=0.0,
            maximum=1.0,
        ),
        info(
            "memory",
            "Memory",
            "auto takes the fastest mode that fits the device.",
            choices=MEMORY_MODES,
        ),
        info("preview", "Preview", "Show the estimate while it forms."),
        *modelled.infos(),
    ]
