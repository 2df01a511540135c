"""A checkpoint of random numbers in the published layout, at full size or tiny."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from diffusers import AutoencoderKLCogVideoX, CogVideoXTransformer3DModel
from safetensors.torch import save_file

from void_server.engines.void.layout import Layout

GOLDEN = Path(__file__).parents[1] / "golden" / "CogVideoX-Fun-V1.5-5b-InP"


class Scale:
    """The published architecture, or a tiny one for the CPU."""

    def __init__(self, tiny: bool) -> None:
        self.tiny = tiny
        self.height, self.width = (32, 48) if tiny else (384, 672)
        self.steps = 2 if tiny else None
        self.transformer = json.loads((GOLDEN / "transformer/config.json").read_text())
        self.vae = json.loads((GOLDEN / "vae/config.json").read_text())
        self.text = json.loads((GOLDEN / "text_encoder/config.json").read_text())
        if not tiny:
            self.transformer |= {
                "num_attention_heads": 48,
                "num_layers": 42,
                "time_embed_dim": 512,
                "text_embed_dim": 4096,
            }
            self.vae |= {
                "block_out_channels": [128, 256, 256, 512],
                "layers_per_block": 3,
                "norm_num_groups": 32,
            }
            self.text |= {"d_model": 4096}

    @property
    def text_width(self) -> int:
        return int(self.transformer["text_embed_dim"])

    def flops(self, latents: int) -> float:
        """Of one forward: the blocks' products and attention, each multiplication and addition."""
        width = self.transformer["num_attention_heads"] * self.transformer["attention_head_dim"]
        tokens = 226 + latents // 2 * (self.height // 16) * (self.width // 16)
        blocks = self.transformer["num_layers"]
        return float(blocks * (2 * tokens * 12 * width**2 + 4 * tokens**2 * width))


def make_checkpoint(root: Path, scale: Scale, device: torch.device) -> Layout:
    """Random weights in the published layout; both passes are one file."""
    layout = Layout(root)
    for part, config in (
        ("transformer", scale.transformer),
        ("vae", scale.vae),
        ("text_encoder", scale.text),
        ("scheduler", json.loads((GOLDEN / "scheduler/scheduler_config.json").read_text())),
    ):
        (layout.base / part).mkdir(parents=True)
        name = "scheduler_config.json" if part == "scheduler" else "config.json"
        (layout.base / part / name).write_text(json.dumps(config))
    torch.manual_seed(0)
    for kind, config, file in (
        (
            CogVideoXTransformer3DModel,
            scale.transformer | {"in_channels": 48},
            layout.checkpoint(1),
        ),
        (AutoencoderKLCogVideoX, scale.vae, layout.vae / "diffusion_pytorch_model.safetensors"),
    ):
        torch.set_default_dtype(torch.bfloat16)
        with torch.device(device):
            model = kind(**{k: v for k, v in config.items() if k[0] != "_" and k != _OURS})
        torch.set_default_dtype(torch.float32)
        save_file({k: v.contiguous() for k, v in model.state_dict().items()}, file)
        del model
    layout.checkpoint(2).hardlink_to(layout.checkpoint(1))
    return layout


_OURS = "add_noise_in_inpaint_model"
