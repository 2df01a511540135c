"""The configurations of a checkpoint's parts, read from JSON and checked before anything is built.

Names and defaults are those of diffusers' classes, which the files are written
for; a name that they do not know and that switches something on is refused, since ignoring it
would compute something else than the checkpoint was trained for.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from void_server.engines.void.damage import damaged
from void_server.engines.void.layout import Layout
from void_server.engines.void.seams import CONDITIONED_CHANNELS
from void_server.engines.void.stored import read_table

Count = Annotated[int, Meta(ge=1, le=65536)]
Scale = Annotated[float, Meta(gt=0)]

_OF_TRAINING = {"add_noise_in_inpaint_model"}
"""Names that VOID's own conditioning settles; diffusers' transformer does not have them."""


class TransformerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Arguments of `CogVideoXTransformer3DModel`; only what VOID can be is allowed."""

    num_attention_heads: Count
    attention_head_dim: Count
    in_channels: Count
    out_channels: Literal[16]
    num_layers: Annotated[int, Meta(ge=1, le=512)]
    time_embed_dim: Count
    text_embed_dim: Count
    patch_size: Literal[2]
    patch_size_t: Literal[2]
    use_rotary_positional_embeddings: Literal[True]
    use_learned_positional_embeddings: Literal[False] = False
    flip_sin_to_cos: bool = True
    freq_shift: int = 0
    ofs_embed_dim: None = None
    dropout: Annotated[float, Meta(ge=0, lt=1)] = 0.0
    attention_bias: bool = True
    sample_width: Count
    sample_height: Count
    sample_frames: Count
    temporal_compression_ratio: Literal[4] = 4
    max_text_seq_length: Literal[226] = 226
    activation_fn: Literal["gelu-approximate"] = "gelu-approximate"
    timestep_activation_fn: Literal["silu"] = "silu"
    norm_elementwise_affine: bool = True
    norm_eps: Scale = 1e-5
    spatial_interpolation_scale: Scale = 1.875
    temporal_interpolation_scale: Scale = 1.0
    patch_bias: bool = True


class VaeConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Arguments of `AutoencoderKLCogVideoX`; only what VOID can be is allowed."""

    in_channels: Literal[3] = 3
    out_channels: Literal[3] = 3
    down_block_types: tuple[Literal["CogVideoXDownBlock3D"], ...]
    up_block_types: tuple[Literal["CogVideoXUpBlock3D"], ...]
    block_out_channels: Annotated[tuple[Count, ...], Meta(min_length=4, max_length=4)]
    latent_channels: Literal[16] = 16
    layers_per_block: Annotated[int, Meta(ge=1, le=16)]
    act_fn: Literal["silu"] = "silu"
    norm_eps: Scale = 1e-6
    norm_num_groups: Count = 32
    temporal_compression_ratio: Literal[4] = 4
    sample_height: Count = 480
    sample_width: Count = 720
    scaling_factor: Scale
    shift_factor: None = None
    latents_mean: None = None
    latents_std: None = None
    force_upcast: bool = True
    use_quant_conv: Literal[False] = False
    use_post_quant_conv: Literal[False] = False
    invert_scale_latents: bool = False


Config = TypeVar("Config", TransformerConfig, VaeConfig)


def transformer_config(layout: Layout) -> TransformerConfig:
    """The transformer's, with the 48 channels of VOID in place of the base model's 33.

    Raises:
        ServerError: The file is missing or says something that VOID cannot be.
    """
    file = layout.transformer / "config.json"
    config = _read(file, TransformerConfig, "CogVideoXTransformer3DModel")
    return msgspec.structs.replace(config, in_channels=CONDITIONED_CHANNELS)


def vae_config(layout: Layout) -> VaeConfig:
    """The VAE's.

    Raises:
        ServerError: The file is missing or says something that VOID cannot be.
    """
    file = layout.vae / "config.json"
    config = _read(file, VaeConfig, "AutoencoderKLCogVideoX")
    groups = config.norm_num_groups
    if any(channels % groups for channels in config.block_out_channels):
        raise damaged(
            file,
            f"block_out_channels {config.block_out_channels} cannot be split into "
            f"norm_num_groups {groups}",
        )
    return config


def scheduler_config(layout: Layout) -> dict[str, Any]:
    """The noise schedule's, as diffusers' schedulers take it.

    Raises:
        ServerError: The file is missing, or it is not the schedule that VOID was trained with.
    """
    file = layout.scheduler / "scheduler_config.json"
    found = read_table(file)
    for name, wanted in _TRAINED_SCHEDULE.items():
        if found.get(name) != wanted:
            raise damaged(file, f"{name} is wrong (expected {wanted!r}, got {found.get(name)!r})")
    return found


_TRAINED_SCHEDULE = {
    "prediction_type": "v_prediction",
    "num_train_timesteps": 1000,
    "rescale_betas_zero_snr": True,
    "timestep_spacing": "trailing",
}
"""Source: scheduler_config.json of CogVideoX-Fun-V1.5-5b-InP."""


def text_encoder_config(layout: Layout) -> dict[str, Any]:
    """The T5 encoder's, as transformers takes it.

    Raises:
        ServerError: The file is missing, is not T5's, or its width is not the transformer's.
    """
    file = layout.text_encoder / "config.json"
    found = read_table(file)
    if found.get("model_type") != "t5":
        raise damaged(file, f"model_type is wrong (expected 't5', got {found.get('model_type')!r})")
    width = transformer_config(layout).text_embed_dim
    if found.get("d_model") != width:
        raise damaged(
            file,
            f"d_model is not the transformer's text_embed_dim (expected {width}, "
            f"got {found.get('d_model')!r})",
        )
    for name, most in _T5_SIZES.items():
        value = found.get(name)
        if type(value) is not int or not 1 <= value <= most:
            raise damaged(file, f"{name} is wrong (expected 1 to {most}, got {value!r:.40})")
    return found


_T5_SIZES = {"num_layers": 512, "num_heads": 4096, "d_kv": 4096, "d_ff": 2**20, "vocab_size": 2**24}
"""The most that is believed: a model is built from these numbers."""


def _read(file: Path, of: type[Config], class_name: str) -> Config:
    found = read_table(file)
    named = found.get("_class_name", class_name)
    if named != class_name:
        raise damaged(file, f"it is of another model (expected {class_name}, got {named!r})")
    known = {field.name for field in msgspec.structs.fields(of)}
    for name, value in found.items():
        settled = name in known or name in _OF_TRAINING or name.startswith("_")
        if not settled and value not in (None, False):
            raise damaged(file, f"{name} = {value!r} is not known to this version")
    try:
        return msgspec.convert({k: v for k, v in found.items() if k in known}, of)
    except msgspec.ValidationError as error:
        raise damaged(file, str(error)) from error
