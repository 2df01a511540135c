"""Which files the model has, who publishes them, at which revision and under which licence."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from void_server.engines.void.layout import BASE, UPSCALER, Layout

SUFFIXES = (".safetensors", ".json", ".model")
"""What is fetched at all: no code, and no format that runs when it is read."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """A repository on the Hugging Face hub.

    Attributes:
        repository: Owner and name.
        revision: The commit that this version was made for; None when it knows none, so that the
            first fetch decides and `Lock` remembers.
        folder: Where its files go, below the weights folder; "" for the folder itself.
        licence: Of its files.
        patterns: Its files that are needed.
        rarely: Its files that only 33-channel checkpoints need.
        optional: Whether the engine does without; its absence on the hub stops no fetch.
    """

    repository: str
    revision: str | None
    folder: str
    licence: str
    patterns: tuple[str, ...]
    rarely: tuple[str, ...] = ()
    optional: bool = False

    def wants(self, name: str, *, rarely: bool = False) -> bool:
        """Whether a file of the repository is needed; a path that could lead out never is."""
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\\" in name or path.suffix not in SUFFIXES:
            return False
        patterns = self.patterns + (self.rarely if rarely else ())
        return any(fnmatchcase(name, p) and name.count("/") == p.count("/") for p in patterns)

    def place(self, name: str) -> str:
        """Where a file of the repository goes, relative to the weights folder."""
        return f"{self.folder}/{name}" if self.folder else name


BASE_MODEL = Source(
    repository="alibaba-pai/CogVideoX-Fun-V1.5-5b-InP",
    revision="b860ca09019c6e8b3545c01462d560fc1b9cdc1b",
    folder=BASE,
    licence="CogVideoX License",
    patterns=(
        "model_index.json",
        "scheduler/scheduler_config.json",
        "text_encoder/config.json",
        "text_encoder/model*.safetensors",
        "text_encoder/model.safetensors.index.json",
        "tokenizer/added_tokens.json",
        "tokenizer/special_tokens_map.json",
        "tokenizer/spiece.model",
        "tokenizer/tokenizer_config.json",
        "transformer/config.json",
        "vae/config.json",
        "vae/diffusion_pytorch_model*.safetensors",
    ),
    rarely=(
        "transformer/diffusion_pytorch_model*.safetensors",
        "transformer/diffusion_pytorch_model.safetensors.index.json",
    ),
)

VOID = Source(
    repository="netflix/void-model",
    revision=None,
    folder="",
    licence="Apache-2.0",
    patterns=("void_pass1.safetensors", "void_pass2.safetensors"),
)

SUPER_RESOLUTION = Source(
    repository="caidas/swin2SR-classical-sr-x2-64",
    revision="cee1c923c6a37361c6e5650b65dcf4be821e5d52",
    folder=UPSCALER,
    licence="Apache-2.0",
    patterns=("config.json", "model.safetensors"),
    optional=True,
)

SOURCES = (BASE_MODEL, VOID, SUPER_RESOLUTION)

_HUB = "https://huggingface.co/"
_TORCHVISION = "https://github.com/pytorch/vision"


def licence(file: Path, layout: Layout) -> tuple[str, str]:
    """The licence of a file of the layout, and the page that has its text."""
    if file == layout.raft:
        return "BSD-3-Clause", _TORCHVISION
    source = VOID
    for other in (BASE_MODEL, SUPER_RESOLUTION):
        if file.is_relative_to(layout.root / other.folder):
            source = other
    return source.licence, _HUB + source.repository
