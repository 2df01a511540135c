"""Models of a checkpoint: checked by their headers, then streamed to where they will run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

import torch
from diffusers import AutoencoderKLCogVideoX, CogVideoXTransformer3DModel
from safetensors import SafetensorError, safe_open
from transformers import T5EncoderModel

from void_server.engines.void.damage import damaged
from void_server.engines.void.fitting import (
    BASE_CHANNELS,
    Build,
    build_text_encoder,
    build_transformer,
    build_vae,
    is_narrow,
    narrow_shape,
    tied_names,
    verify_text_encoder,
    verify_transformer,
    verify_vae,
)
from void_server.engines.void.layout import (
    DIFFUSERS_STEM,
    PATCH_EMBEDDING,
    TRANSFORMERS_STEM,
    Layout,
)
from void_server.engines.void.model_config import (
    TransformerConfig,
    scheduler_config,
    text_encoder_config,
    transformer_config,
)
from void_server.engines.void.seams import LATENT_CHANNELS
from void_server.engines.void.stored import Stored

__all__ = [
    "adapted_patch_embedding",
    "load_text_encoder",
    "load_transformer",
    "load_vae",
    "scheduler_config",
    "verify_transformer",
]


def load_transformer(
    layout: Layout, pass_number: int, *, device: torch.device | str, dtype: torch.dtype
) -> CogVideoXTransformer3DModel:
    """The transformer of one pass, in evaluation mode, without gradients.

    The model is built without memory of its own; each tensor goes from the file to the device
    and takes its place there.

    Args:
        layout: The checkpoint's files.
        pass_number: 1 or 2.
        device: Where it will run.
        dtype: In which it will run.

    Raises:
        ServerError: A file is missing, cut off, or does not fit; names file, key and shape.
    """
    config = transformer_config(layout)
    text_encoder_config(layout)
    stored = Stored.of_file(layout.checkpoint(pass_number))
    _refuse(stored, verify_transformer(stored, config))
    replaced = {}
    if is_narrow(stored, config):
        replaced[PATCH_EMBEDDING] = _widened(stored, layout, config, dtype).to(device)
    model = _assembled(
        lambda: build_transformer(config), stored, device=device, dtype=dtype, replaced=replaced
    )
    return cast(CogVideoXTransformer3DModel, model)


def load_vae(
    layout: Layout, *, device: torch.device | str, dtype: torch.dtype
) -> AutoencoderKLCogVideoX:
    """The VAE, in evaluation mode, without gradients.

    Raises:
        ServerError: A file is missing, cut off, or does not fit; names file, key and shape.
    """
    stored = Stored.of_folder(layout.vae, DIFFUSERS_STEM)
    _refuse(stored, verify_vae(stored, layout))
    model = _assembled(lambda: build_vae(layout), stored, device=device, dtype=dtype)
    return cast(AutoencoderKLCogVideoX, model)


def load_text_encoder(
    layout: Layout, *, device: torch.device | str, dtype: torch.dtype
) -> T5EncoderModel:
    """The T5 encoder, in evaluation mode, without gradients.

    Raises:
        ServerError: A file is missing, cut off, or does not fit; names file, key and shape.
    """
    stored = Stored.of_folder(layout.text_encoder, TRANSFORMERS_STEM)
    _refuse(stored, verify_text_encoder(stored, layout))
    model = _assembled(lambda: build_text_encoder(layout), stored, device=device, dtype=dtype)
    return cast(T5EncoderModel, model)


def adapted_patch_embedding(narrow: torch.Tensor, base: torch.Tensor) -> torch.Tensor:
    """The patch embedding of a 33-channel checkpoint, for 48 channels.

    Noise and plate keep the checkpoint's columns; each of the mask's 16 channels gets the columns
    that the base model has for its single one.

    Args:
        narrow: (D, 33 n) with n numbers per patch and channel.
        base: (D, 33 n), the base model's.

    Returns:
        (D, 48 n).

    Source: VOID's reference; tests/golden has its result.
    """
    patch = narrow.shape[1] // BASE_CHANNELS
    side = LATENT_CHANNELS * patch
    middle = base[:, side : side + patch].repeat(1, LATENT_CHANNELS)
    return torch.cat([narrow[:, :side], middle, narrow[:, -side:]], dim=1)


def _refuse(stored: Stored, differences: list[str]) -> None:
    if differences:
        raise damaged(stored.source, "; ".join(differences))


def _widened(
    stored: Stored, layout: Layout, config: TransformerConfig, dtype: torch.dtype
) -> torch.Tensor:
    base = Stored.of_folder(layout.transformer, DIFFUSERS_STEM)
    entry = base.entries.get(PATCH_EMBEDDING)
    wanted = narrow_shape(config)
    if entry is None or entry.shape != wanted:
        got = entry.shape if entry else "no such key"
        raise damaged(base.source, f"{PATCH_EMBEDDING}: expected {wanted}, got {got}")
    cpu = torch.device("cpu")
    halves = (
        dict(_streamed(place, device=cpu, dtype=dtype, only={PATCH_EMBEDDING}))[PATCH_EMBEDDING]
        for place in (stored, base)
    )
    return adapted_patch_embedding(*halves)


def _assembled(
    build: Build,
    stored: Stored,
    *,
    device: torch.device | str,
    dtype: torch.dtype,
    replaced: Mapping[str, torch.Tensor] | None = None,
) -> torch.nn.Module:
    with torch.device("meta"):
        model = build()
    ready = dict(replaced or {})
    wanted = set(stored.entries) - set(ready)
    ready |= _streamed(stored, device=torch.device(device), dtype=dtype, only=wanted)
    tied = tied_names(model)
    model.load_state_dict(ready, strict=not tied, assign=True)
    if tied:
        cast(T5EncoderModel, model).tie_weights()
    unmade = [n for n, t in [*model.named_parameters(), *model.named_buffers()] if t.is_meta]
    if unmade:
        raise damaged(stored.source, f"{unmade[0]} is not part of it and cannot be made")
    return model.requires_grad_(False).eval()


def _streamed(
    stored: Stored, *, device: torch.device, dtype: torch.dtype, only: set[str]
) -> Iterator[tuple[str, torch.Tensor]]:
    """Tensors one by one, each on the device in ``dtype``, owning its memory."""
    for file in sorted({stored.places[name] for name in only}):
        try:
            with safe_open(file, framework="pt", device=str(device)) as tensors:
                for name in tensors.keys():  # noqa: SIM118  a handle, not a dict
                    if name in only:
                        # On the CPU the handle lends memory that is the file itself.
                        yield name, _owned(tensors.get_tensor(name), dtype)
        except (SafetensorError, OSError) as error:
            raise damaged(file, f"it cannot be read ({error})") from error


def _owned(tensor: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    return tensor.to(dtype, copy=tensor.device.type == "cpu")
