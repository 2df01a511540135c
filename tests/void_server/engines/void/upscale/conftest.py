"""A tiny super-resolution network of random numbers, laid out like the published one."""

import json

import pytest
import torch
from safetensors.torch import save_file

from void_server.engines.void.fitting import build_upscaler
from void_server.engines.void.layout import Layout
from void_server.engines.void.upscale.config import UpscalerConfig

CONFIG = {
    "architectures": ["Swin2SRForImageSuperResolution"],
    "model_type": "swin2sr",
    "upscale": 2,
    "upsampler": "pixelshuffle",
    "embed_dim": 8,
    "depths": [2, 2],
    "num_heads": [2, 2],
    "window_size": 8,
    "image_size": 16,
    "img_range": 1.0,
    "num_layers": 2,
    "path_norm": True,
    "torch_dtype": "float32",
}


@pytest.fixture
def described(tmp_path):
    """Makes a weights folder whose network is configured as it is told; no tensors yet."""

    def make(**changed):
        layout = Layout(tmp_path / "weights")
        layout.upscaler.mkdir(parents=True, exist_ok=True)
        (layout.upscaler / "config.json").write_text(json.dumps(CONFIG | changed))
        return layout

    return make


@pytest.fixture
def layout(described):
    """A weights folder with the whole network."""
    layout = described()
    torch.manual_seed(1)
    fields = {k: v for k, v in CONFIG.items() if k in UpscalerConfig.__struct_fields__}
    model = build_upscaler(UpscalerConfig(**fields))
    save_file(model.state_dict(), layout.upscaler / "model.safetensors")
    return layout
