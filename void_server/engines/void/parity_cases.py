"""Runs the cases of a folder of reference runs through the engine's own code, in float32."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch

from void_server.engines.void import conditioning, padding
from void_server.engines.void.checkpoint import load_transformer, load_vae
from void_server.engines.void.denoise import denoise
from void_server.engines.void.layout import PATCH_EMBEDDING, Layout
from void_server.engines.void.model_config import scheduler_config
from void_server.engines.void.parity_folder import (
    NARROW_CHECKPOINT,
    NARROW_RESULT,
    PADDING,
    RESULTS,
    Case,
    ParityFolder,
)
from void_server.engines.void.passes import Pass, PassNumber, build_scheduler
from void_server.engines.void.predict import Text
from void_server.engines.void.text import encode
from void_server.engines.void.transformer import EagerForward
from void_server.engines.void.vae import Vae

TOLERANCE = 1e-4
"""Largest absolute difference allowed.

Float32 sums in another order differ by some 1e-6 here; a wrong rule differs by 1e-2 and more.
"""


@dataclass(frozen=True)
class Difference:
    """How far one tensor of ours is from the reference's.

    Attributes:
        case: The run.
        tensor: What is compared.
        largest: Largest absolute difference; NaN or Inf where there can be none.
    """

    case: str
    tensor: str
    largest: float

    @property
    def passed(self) -> bool:
        """Whether it is within the tolerance; NaN is not."""
        return self.largest <= TOLERANCE


def compare(folder: ParityFolder, *, device: str = "cpu") -> Iterator[Difference]:
    """Run all cases, tensor by tensor.

    Raises:
        ServerError: The folder's checkpoint cannot be used.
    """
    vae = Vae(load_vae(Layout(folder.root), device=device, dtype=torch.float32))
    for name, case in folder.cases.items():
        results = run_case(folder, name, case, vae=vae, device=device)
        for tensor in RESULTS:
            expected = folder.tensor(name, tensor)
            yield _difference(name, tensor, results[tensor], expected)
    if (adapted := folder.adapted()) is not None:
        case_name, _, tensor = NARROW_RESULT.partition(".")
        yield _difference(case_name, tensor, _adapted(folder.root), adapted)
    yield from _padding(folder)


@torch.no_grad()
def run_case(
    folder: ParityFolder, name: str, case: Case, *, vae: Vae, device: str
) -> dict[str, torch.Tensor]:
    """What the engine makes of a case: a tensor for each of `RESULTS`, float32, on the CPU."""
    stage = _stage(case)
    given = {
        key: folder.tensor(name, key)[0].transpose(0, 1)
        for key in ("video", "quadmask", "conditioning_noise")
    }
    size = {"height": case.height, "width": case.width}
    plate = conditioning.resize_area(given["video"] / 255, **size)
    levels = conditioning.levels_reference(given["quadmask"][:, 0], **size)
    meaning: dict[str, Any] = {"pass_number": stage.number, "semantics": stage.semantics}
    length = padding.reference_length(case.frames, window=case.window)
    indices = padding.source_indices(case.frames, length)
    known = conditioning.Conditioning(
        mask=conditioning.encode_mask(vae, lambda wanted: levels[wanted], indices, **meaning),
        plate=conditioning.encode_plate(
            vae,
            lambda wanted: plate[wanted],
            indices,
            noise=lambda wanted: given["conditioning_noise"][wanted].float(),
        ),
    )
    latents = _denoised(folder, name, case, known, stage=stage, device=device)
    return {
        "mask_pixels": conditioning.vae_mask(levels, **meaning)[indices][None, None],
        "mask_latents": known.mask.transpose(1, 2),
        "video_latents": known.plate.transpose(1, 2),
        "final_latents": latents.cpu(),
        "output": vae.decode(latents.transpose(1, 2)).cpu(),
    }


def _denoised(
    folder: ParityFolder,
    name: str,
    case: Case,
    known: conditioning.Conditioning,
    *,
    stage: Pass,
    device: str,
) -> torch.Tensor:
    layout = _CaseLayout(folder.root, case.checkpoint)
    prompts = (case.prompt, case.negative_prompt)
    prompt, negative = encode(prompts, layout, device=device, dtype=torch.float32)
    model = load_transformer(layout, stage.number, device=device, dtype=torch.float32)
    finals = denoise(
        EagerForward(model),
        known,
        stage=stage,
        scheduler=build_scheduler(stage, scheduler_config(layout)),
        text=Text(prompt=prompt.embedding, negative=negative.embedding),
        noise=folder.tensor(name, "initial_latents"),
        device=device,
        window=padding.latent_count(case.window),
    )
    return torch.cat([final.latents for final in finals], dim=1)


def _stage(case: Case) -> Pass:
    number: PassNumber = 1 if case.scheduler == "DDIMScheduler" else 2
    return Pass(
        number=number,
        scheduler=case.scheduler,
        steps=case.steps,
        guidance=case.guidance_scale,
        negative_prompt=case.negative_prompt,
        semantics="trimask-both" if number == 2 and case.use_trimask else "reference",
    )


@dataclass(frozen=True)
class _CaseLayout(Layout):
    """The folder's checkpoint, with a pass's weights by the name that a case gives them."""

    file: str

    def checkpoint(self, pass_number: int) -> Path:
        return self.root / Path(self.file).name


def _adapted(root: Path) -> torch.Tensor:
    layout = _CaseLayout(root, NARROW_CHECKPOINT)
    loaded = load_transformer(layout, 1, device="cpu", dtype=torch.float32)
    model = cast(torch.nn.Module, loaded)
    return model.get_parameter(PATCH_EMBEDDING).detach()


def _padding(folder: ParityFolder) -> Iterator[Difference]:
    if not folder.padding:
        return
    wrong = sum(
        padding.source_indices(frames, padding.reference_length(frames)) != expected
        for frames, expected in folder.padding.items()
    )
    tensor = f"clips of {len(folder.padding)} that differ"
    yield Difference(Path(PADDING).stem, tensor, float(wrong))


def _difference(case: str, tensor: str, ours: torch.Tensor, expected: torch.Tensor) -> Difference:
    if ours.shape != expected.shape:
        return Difference(case, f"{tensor} {tuple(ours.shape)}", float("inf"))
    return Difference(case, tensor, float((ours - expected).abs().max()))
