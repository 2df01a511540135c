"""The configuration of the super-resolution network, checked before anything is built from it."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from void_server.engines.void.damage import damaged
from void_server.engines.void.layout import Layout
from void_server.engines.void.stored import read_table

Count = Annotated[int, Meta(ge=1, le=4096)]
Counts = Annotated[tuple[Count, ...], Meta(min_length=1, max_length=32)]


class UpscalerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Arguments of `Swin2SRConfig`; only what can be used on pictures of any size is allowed."""

    model_type: Literal["swin2sr"]
    upscale: Literal[2, 4]
    upsampler: Literal["pixelshuffle", "pixelshuffledirect"] = "pixelshuffle"
    embed_dim: Count = 180
    depths: Counts
    num_heads: Counts
    window_size: Annotated[int, Meta(ge=2, le=16)] = 8
    image_size: Count = 64
    patch_size: Literal[1] = 1
    num_channels: Literal[3] = 3
    mlp_ratio: Annotated[float, Meta(gt=0, le=16)] = 2.0
    qkv_bias: bool = True
    hidden_act: Literal["gelu"] = "gelu"
    use_absolute_embeddings: Literal[False] = False
    layer_norm_eps: Annotated[float, Meta(gt=0, le=1)] = 1e-5
    img_range: Annotated[float, Meta(ge=1, le=1)] = 1.0
    resi_connection: Literal["1conv", "3conv"] = "1conv"


def upscaler_config(layout: Layout) -> UpscalerConfig:
    """The network's.

    Raises:
        ServerError: The file is missing, or says something that cannot be used.
    """
    file = layout.upscaler / "config.json"
    found = read_table(file)
    known = {field.name for field in msgspec.structs.fields(UpscalerConfig)}
    try:
        config = msgspec.convert({k: v for k, v in found.items() if k in known}, UpscalerConfig)
    except msgspec.ValidationError as error:
        raise damaged(file, str(error)) from error
    if len(config.num_heads) != len(config.depths):
        raise damaged(
            file,
            f"num_heads and depths differ in length (expected {len(config.depths)}, "
            f"got {len(config.num_heads)})",
        )
    for heads in config.num_heads:
        if config.embed_dim % heads:
            raise damaged(file, f"embed_dim {config.embed_dim} cannot be split into {heads} heads")
    return config
