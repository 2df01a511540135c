"""Whether tensors on disk are those of a model: keys, shapes and dtypes, none of them loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import msgspec
import torch
from diffusers import AutoencoderKLCogVideoX, CogVideoXTransformer3DModel
from transformers import (
    Swin2SRConfig,
    Swin2SRForImageSuperResolution,
    T5Config,
    T5EncoderModel,
)

from void_server.engines.void.damage import damaged, quoted
from void_server.engines.void.header import Entry
from void_server.engines.void.layout import PATCH_EMBEDDING, Layout
from void_server.engines.void.model_config import (
    TransformerConfig,
    text_encoder_config,
    vae_config,
)
from void_server.engines.void.stored import Stored
from void_server.engines.void.upscale.config import UpscalerConfig

Build = Callable[[], torch.nn.Module]
"""Makes a model; called where new tensors take no memory."""

Shapes = Mapping[str, tuple[int, ...]]

_FLOATS = ("F32", "F16", "BF16")
_NAMED = 3
"""How many wrong keys of a kind are named one by one."""

BASE_CHANNELS = 33
"""Channels of the base model and of checkpoints made like it: 16 of noise, 1 of the mask, 16 of
the masked plate."""


def verify_transformer(stored: Stored, config: TransformerConfig) -> list[str]:
    """What does not fit a transformer of 48 channels, or of 33, one line each.

    Args:
        stored: A pass's tensors; none is loaded.
        config: As the base model has it, with 48 channels.
    """
    channels = {PATCH_EMBEDDING: narrow_shape(config)} if is_narrow(stored, config) else {}
    return _differences(stored, lambda: build_transformer(config), channels)


def verify_base_transformer(stored: Stored, config: TransformerConfig) -> list[str]:
    """What does not fit the base model's transformer of 33 channels, one line each."""
    channels = {PATCH_EMBEDDING: narrow_shape(config)}
    return _differences(stored, lambda: build_transformer(config), channels)


def verify_vae(stored: Stored, layout: Layout) -> list[str]:
    """What does not fit the VAE of the layout's configuration, one line each."""
    return _differences(stored, lambda: build_vae(layout))


def verify_text_encoder(stored: Stored, layout: Layout) -> list[str]:
    """What does not fit the T5 encoder of the layout's configuration, one line each."""
    return _differences(stored, lambda: build_text_encoder(layout))


def verify_upscaler(stored: Stored, config: UpscalerConfig) -> list[str]:
    """What does not fit the super-resolution network, one line each."""
    return _differences(stored, lambda: build_upscaler(config))


def input_channels(stored: Stored, config: TransformerConfig) -> int:
    """Channels that a checkpoint reads: 48, or 33 where it has to be adapted."""
    return BASE_CHANNELS if is_narrow(stored, config) else config.in_channels


def build_transformer(config: TransformerConfig) -> torch.nn.Module:
    """A transformer of VOID, untrained."""
    return _module(CogVideoXTransformer3DModel, **msgspec.structs.asdict(config))


def build_vae(layout: Layout) -> torch.nn.Module:
    """A VAE as its configuration describes it, untrained."""
    return _module(AutoencoderKLCogVideoX, **msgspec.structs.asdict(vae_config(layout)))


def build_text_encoder(layout: Layout) -> T5EncoderModel:
    """A T5 encoder as its configuration describes it, untrained."""
    file = layout.text_encoder / "config.json"
    found = text_encoder_config(layout)
    try:
        return T5EncoderModel(T5Config.from_dict(found))
    except Exception as error:  # transformers has no error of its own for a bad configuration
        raise damaged(file, f"transformers cannot build a T5 encoder from it ({error})") from error


def build_upscaler(config: UpscalerConfig) -> torch.nn.Module:
    """A super-resolution network, untrained."""
    arguments = msgspec.structs.asdict(config)
    del arguments["model_type"]
    return _module(Swin2SRForImageSuperResolution, config=Swin2SRConfig(**arguments))


def tied_names(model: torch.nn.Module) -> set[str]:
    """Names that stand for a tensor which has another name already; files may leave them out."""
    seen: set[int] = set()
    tied = set()
    for name, parameter in model.named_parameters(remove_duplicate=False):
        if id(parameter) in seen:
            tied.add(name)
        seen.add(id(parameter))
    return tied


def narrow_shape(config: TransformerConfig) -> tuple[int, int]:
    """Shape of the patch embedding of 33 channels."""
    width = config.num_attention_heads * config.attention_head_dim
    return width, BASE_CHANNELS * config.patch_size**2 * config.patch_size_t


def is_narrow(stored: Stored, config: TransformerConfig) -> bool:
    """Whether a transformer on disk reads 33 channels."""
    entry = stored.entries.get(PATCH_EMBEDDING)
    return entry is not None and entry.shape == narrow_shape(config)


def _module(of: Any, **arguments: Any) -> torch.nn.Module:
    """Build it; the classes are lazy imports, in which mypy sees no module."""
    return cast(torch.nn.Module, of(**arguments))


def _differences(stored: Stored, build: Build, other: Shapes | None = None) -> list[str]:
    """What is missing, unknown or misshapen; ``other`` has shapes that are not the model's own."""
    with torch.device("meta"):
        model = build()
    expected = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    expected |= other or {}
    there, optional = stored.entries, tied_names(model)
    lacking = [f"{n} {s}" for n, s in expected.items() if n not in there and n not in optional]
    surplus = [quoted(name) for name in there if name not in expected]
    both = [(name, entry) for name, entry in there.items() if name in expected]
    return [
        *_listed("key is missing: ", lacking),
        *_listed("key is not known: ", surplus),
        *_listed("", [_misfit(name, entry, expected[name]) for name, entry in both]),
    ]


def _misfit(name: str, entry: Entry, shape: tuple[int, ...]) -> str:
    """What is wrong with one tensor, or ""."""
    if entry.shape != shape:
        return f"{name} has the wrong shape (expected {shape}, got {entry.shape})"
    if entry.dtype not in _FLOATS:
        return f"{name} has the wrong dtype (expected {', '.join(_FLOATS)}, got {entry.dtype})"
    return ""


def _listed(prefix: str, texts: list[str]) -> list[str]:
    """The first few, and how many more there are."""
    said = [text for text in texts if text]
    lines = [prefix + text for text in said[:_NAMED]]
    if len(said) > _NAMED:
        lines.append(f"{prefix}{len(said) - _NAMED} more")
    return lines
