"""Where the files of a checkpoint lie; the layout in which they are published, and no other.

::

    <weights folder>/
    ├── CogVideoX-Fun-V1.5-5b-InP/
    │   ├── transformer/   config.json (its weights only for 33-channel checkpoints)
    │   ├── vae/           config.json, diffusion_pytorch_model.safetensors
    │   ├── text_encoder/  config.json, model.safetensors or model-00001-of-0000n.safetensors
    │   ├── tokenizer/     spiece.model, tokenizer_config.json
    │   └── scheduler/     scheduler_config.json
    ├── void_pass1.safetensors
    ├── void_pass2.safetensors
    ├── raft_large.safetensors   optional: motion for pass 2
    └── swin2SR-classical-sr-x2-64/   optional: super-resolution
        └── config.json, model.safetensors
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bridge.errors import ServerError
from void_server.engines.void.header import read_header
from void_server.engines.void.stored import Stored

BASE = "CogVideoX-Fun-V1.5-5b-InP"
"""Name of the base model's folder."""

UPSCALER = "swin2SR-classical-sr-x2-64"
"""Name of the super-resolution network's folder."""

DIFFUSERS_STEM = "diffusion_pytorch_model"
TRANSFORMERS_STEM = "model"
"""How the weights of a part are called, by the library that wrote them."""

PATCH_EMBEDDING = "patch_embed.proj.weight"
"""The one tensor whose width tells how many channels a checkpoint reads."""


@dataclass(frozen=True)
class Layout:
    """Paths of a checkpoint. Nothing is looked up: a path may lead nowhere.

    Attributes:
        root: The weights folder.
    """

    root: Path

    @property
    def base(self) -> Path:
        """Folder of the base model."""
        return self.root / BASE

    @property
    def transformer(self) -> Path:
        """Folder of the base model's transformer."""
        return self.base / "transformer"

    @property
    def vae(self) -> Path:
        """Folder of the VAE."""
        return self.base / "vae"

    @property
    def text_encoder(self) -> Path:
        """Folder of the T5 encoder."""
        return self.base / "text_encoder"

    @property
    def tokenizer(self) -> Path:
        """Folder of the T5 tokenizer."""
        return self.base / "tokenizer"

    @property
    def scheduler(self) -> Path:
        """Folder of the noise schedule."""
        return self.base / "scheduler"

    @property
    def raft(self) -> Path:
        """Weights of torchvision's ``raft_large``; optional."""
        return self.root / "raft_large.safetensors"

    @property
    def upscaler(self) -> Path:
        """Folder of the super-resolution network; optional."""
        return self.root / UPSCALER

    def checkpoint(self, pass_number: int) -> Path:
        """Weights of one pass, 1 or 2."""
        return self.root / f"void_pass{pass_number}.safetensors"


def missing(layout: Layout, passes: Sequence[int] = (1, 2)) -> list[str]:
    """What is not there, each in words with its path; empty when ``passes`` can run.

    Cheap: looks for files and reads headers of the passes, but does not check what they hold.
    """
    found = [
        f"{what} ({file.relative_to(layout.root)})"
        for file, what in _single_files(layout, passes)
        if not file.is_file()
    ]
    found += _weights(layout.vae, DIFFUSERS_STEM, "weights of the VAE", layout)
    found += _weights(layout.text_encoder, TRANSFORMERS_STEM, "weights of the T5 encoder", layout)
    if any(_is_narrow(layout, number) for number in passes):
        what = "weights of the base transformer, which a 33-channel checkpoint needs"
        found += _weights(layout.transformer, DIFFUSERS_STEM, what, layout)
    return found


def why_unavailable(layout: Layout, passes: Sequence[int] = (1, 2)) -> str:
    """One line for the user when something is missing, else ""."""
    lacking = missing(layout, passes)
    if not lacking:
        return ""
    more = f" and {len(lacking) - 2} more" if len(lacking) > 2 else ""
    return (
        f"weights are missing in {layout.root}: {', '.join(lacking[:2])}{more}; "
        "run 'void weights fetch', or name their folder with VOID_WEIGHTS"
    )


def _single_files(layout: Layout, passes: Sequence[int]) -> list[tuple[Path, str]]:
    return [
        *((layout.checkpoint(number), f"pass {number} of VOID") for number in passes),
        (layout.transformer / "config.json", "the transformer's configuration"),
        (layout.vae / "config.json", "the VAE's configuration"),
        (layout.text_encoder / "config.json", "the T5 encoder's configuration"),
        (layout.tokenizer / "spiece.model", "the T5 tokenizer"),
        (layout.tokenizer / "tokenizer_config.json", "the T5 tokenizer's configuration"),
        (layout.scheduler / "scheduler_config.json", "the noise schedule"),
    ]


def _weights(folder: Path, stem: str, what: str, layout: Layout) -> list[str]:
    try:
        files = Stored.files(folder, stem)
    except ServerError as error:
        return [f"{what} ({Path(error.subject).relative_to(layout.root)}: {error.text})"]
    return [f"{what} ({f.relative_to(layout.root)})" for f in files if not f.is_file()]


def _is_narrow(layout: Layout, pass_number: int) -> bool:
    """Whether a checkpoint reads 33 channels: more columns than the base cannot be told here."""
    try:
        tensors = read_header(layout.checkpoint(pass_number)).tensors
        width = tensors[PATCH_EMBEDDING].shape[1]
    except (ServerError, KeyError, IndexError):
        return False
    return width % 33 == 0
