"""Reads a folder with runs of the reference: what went in, what came out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import msgspec
import torch
from safetensors.torch import load_file

from bridge.errors import ServerError
from void_server.engines.void.header import read_header, read_small
from void_server.engines.void.padding import latent_count
from void_server.engines.void.windows import OVERLAP_LATENTS

INPUTS = ("video", "quadmask", "conditioning_noise", "initial_latents")
"""Tensors of a case that a run starts from."""

RESULTS = ("mask_pixels", "mask_latents", "video_latents", "final_latents", "output")
"""Tensors of a case that a run is compared with, in the order in which they come about."""

NARROW_CHECKPOINT = "void_33ch.safetensors"
NARROW_RESULT = "adapted_33ch.patch_embed"
PADDING = "temporal_padding.json"

Decoded = TypeVar("Decoded")

Steps = Annotated[int, msgspec.Meta(ge=1, le=1000)]


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One run of the reference. Other keys of its record are for people.

    Attributes:
        scheduler: diffusers' class.
        checkpoint: File name of the pass's weights.
        frames: Frames of the clip.
        padded: Frames after padding.
        window: Frames of a window.
        steps: Denoising steps.
        guidance_scale: 1 for none.
        use_trimask: Whether level 127 is told from the others.
        prompt: What should remain.
        negative_prompt: What the guidance leads away from.
        height: Model pixels.
        width: Model pixels.
    """

    scheduler: Literal["DDIMScheduler", "CogVideoXDDIMScheduler"]
    checkpoint: str
    frames: int
    padded: int
    window: int
    steps: Steps
    guidance_scale: float
    use_trimask: bool
    prompt: str
    negative_prompt: str
    height: int
    width: int


class _Padding(msgspec.Struct, frozen=True):
    """The source index of every padded frame, by the number of frames."""

    indices: dict[Annotated[int, msgspec.Meta(ge=1)], list[int]]


class ParityFolder:
    """A folder laid out like ``tests/golden``.

    Attributes:
        cases: The runs, by name.
        padding: The source index of every padded frame, by the number of frames; may be empty.

    Args:
        root: The folder; the checkpoint lies in it as well.

    Raises:
        ServerError: A file is missing or broken, or a tensor has not the shape its case needs.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.cases = _read(root / "cases.json", dict[str, Case])
        self._file = root / "cases.safetensors"
        read_header(self._file)
        self._tensors: Mapping[str, torch.Tensor] = load_file(self._file)
        if not self.cases:
            raise broken(root / "cases.json", "it has no case")
        for name, case in self.cases.items():
            self._check(name, case)
        table = root / PADDING
        self.padding = _read(table, _Padding).indices if table.exists() else {}

    def tensor(self, case: str, name: str) -> torch.Tensor:
        """A tensor of a case.

        Raises:
            ServerError: There is none.
        """
        return self._named(f"{case}.{name}")

    def adapted(self) -> torch.Tensor | None:
        """The patch embedding that a 33-channel checkpoint becomes, if the folder has one."""
        if not (self.root / NARROW_CHECKPOINT).exists():
            return None
        return self._named(NARROW_RESULT)

    def _named(self, key: str) -> torch.Tensor:
        if key not in self._tensors:
            raise broken(self._file, f"it has no tensor {key!r}")
        return self._tensors[key]

    def _check(self, name: str, case: Case) -> None:
        if not _possible(case):
            raise broken(self.root / "cases.json", f"{name} has impossible sizes")
        for tensor, shape in _shapes(case).items():
            got = tuple(self.tensor(name, tensor).shape)
            if got != shape:
                raise broken(
                    self._file, f"{name}.{tensor} has the wrong shape (expected {shape}, got {got})"
                )


def broken(file: Path, text: str) -> ServerError:
    """The error for a file of the folder; its code is ``parity``."""
    hint = "Take the folder whole, as it was published."
    return ServerError(str(file), text, hint, code="parity")


def _possible(case: Case) -> bool:
    window = latent_count(case.window)
    return (
        0 < case.frames <= case.padded
        and case.padded % 8 == case.window % 8 == 5
        and (window > OVERLAP_LATENTS or case.window >= case.padded)
        and min(case.height, case.width) > 0
        and not (case.height % 16 or case.width % 16)
    )


def _shapes(case: Case) -> dict[str, tuple[int, ...]]:
    height, width, latents = case.height, case.width, latent_count(case.padded)
    small = (height // 8, width // 8)
    return {
        "video": (1, 3, case.frames, height, width),
        "quadmask": (1, 1, case.frames, height, width),
        "conditioning_noise": (1, 3, case.padded, height, width),
        "initial_latents": (1, latents, 16, *small),
        "mask_pixels": (1, 1, case.padded, height, width),
        "mask_latents": (1, 16, latents, *small),
        "video_latents": (1, 16, latents, *small),
        "final_latents": (1, latents, 16, *small),
        "output": (1, 3, case.padded, height, width),
    }


def _read(file: Path, kind: type[Decoded]) -> Decoded:
    try:
        return msgspec.json.decode(read_small(file), type=kind)
    except msgspec.DecodeError as error:
        raise broken(file, f"it is not as expected ({error})") from error
