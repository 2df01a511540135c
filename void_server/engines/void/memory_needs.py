"""How much device memory the model needs in each mode, by arithmetic from its configuration.

Every figure that was measured and not counted is one of the constants below.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from void_server.engines.void.chunks import CHUNK_LATENTS
from void_server.engines.void.header import Entry
from void_server.engines.void.model_config import TransformerConfig
from void_server.engines.void.seams import CONDITIONED_CHANNELS, LATENT_CHANNELS, TEXT_TOKENS
from void_server.engines.void.windows import WINDOW_LATENTS

Mode = Literal["full", "offload", "fp8", "sequential"]
"""What is on the device at a time.

- ``full``: one pass's transformer and the VAE.
- ``offload``: the one of them in use; the others wait in the host's memory.
- ``fp8``: as ``offload``, the transformer's large matrices in 8-bit floats.
- ``sequential``: as ``offload``, the transformer's blocks coming one by one from the host.
"""

MODES: tuple[Mode, ...] = ("full", "offload", "fp8", "sequential")
"""From the fastest to the one that needs least."""

TOKEN_WIDTHS = 13
"""Numbers alive per token at a block's peak, in widths of the token: the feed-forward's four, twice
while it is activated, and the streams around it.

Source: allocator of a forward of one full-width block in diffusers 0.42, bfloat16, 504 to 2016
tokens: 77 to 79 kB a token of width 3072.
"""

VAE_NUMBERS_PER_PIXEL = 21_500
"""Numbers alive at the VAE's peak, two latents or eight frames in hand, per pixel of one frame.

Source: `fast.codec` in bfloat16 at 384 x 672 on an H200: torch held 9.1 GiB (mode ``fp8``) to
10.4 GiB (``full``) beside the weights, of which 6.3 GiB were in tensors. diffusers' own modules
take 24,000.
"""

CHUNK_CHANNELS = CONDITIONED_CHANNELS + 5 * LATENT_CHANNELS
"""Channels of float32 that a latent of the chunk takes while it is denoised: the conditioning, the
latents, the predictions of a step and what the scheduler makes of them."""

BLOCKS_IN_FLIGHT = 2
"""Blocks on the device in mode ``sequential``: the one in use and the one on its way."""

_LATENT_CELL = 8
_SCALE_BYTES = 4


@dataclass(frozen=True, kw_only=True)
class Needs:
    """Bytes on the device, part by part.

    Attributes:
        around: The transformer without its blocks.
        block: One block.
        block_fp8: One block with its four large matrices in fp8.
        blocks: How many there are.
        vae: The VAE's weights.
        text: The text encoder's weights.
        window: What a forward over one window adds.
        chunk: Latents and conditioning of what is denoised together.
        vae_work: What a call of the VAE adds.
    """

    around: int
    block: int
    block_fp8: int
    blocks: int
    vae: int
    text: int
    window: int
    chunk: int
    vae_work: int

    @classmethod
    def of(
        cls,
        config: TransformerConfig,
        *,
        vae_parameters: int,
        text_parameters: int,
        height: int,
        width: int,
        batch: int = 1,
        item_bytes: int = 2,
    ) -> Needs:
        """Count for one job.

        Args:
            config: The transformer's.
            vae_parameters: Numbers in the VAE; see `parameters`.
            text_parameters: Numbers in the text encoder.
            height: H, model pixels.
            width: W, model pixels.
            batch: 2 where a pass is guided, else 1.
            item_bytes: Of one number as the networks compute: 2 for bfloat16.
        """
        size = config.num_attention_heads * config.attention_head_dim
        grid = (height // _LATENT_CELL) * (width // _LATENT_CELL)
        video = WINDOW_LATENTS // config.patch_size_t * grid // config.patch_size**2
        large = large_matrices(config)
        block = block_parameters(config) * item_bytes
        return cls(
            around=parameters_around_blocks(config) * item_bytes,
            block=block,
            # A row of a product's weight is one output: 3 + 1 of attention, 4 + 1 of feed-forward.
            block_fp8=block - large * (item_bytes - 1) + 9 * size * _SCALE_BYTES,
            blocks=config.num_layers,
            vae=vae_parameters * item_bytes,
            text=text_parameters * item_bytes,
            window=batch * (video + TEXT_TOKENS) * TOKEN_WIDTHS * size * item_bytes,
            chunk=CHUNK_LATENTS * CHUNK_CHANNELS * grid * 4,
            vae_work=VAE_NUMBERS_PER_PIXEL * height * width * item_bytes,
        )

    def transformer(self, mode: Mode) -> int:
        """Weights of one pass on the device."""
        if mode == "sequential":
            return self.around + min(self.blocks, BLOCKS_IN_FLIGHT) * self.block
        block = self.block_fp8 if mode == "fp8" else self.block
        return self.around + self.blocks * block

    def stages(self, mode: Mode) -> dict[str, int]:
        """The most that each stage of a job has on the device, bytes."""
        beside = self.vae if mode == "full" else 0
        parked = self.transformer(mode) if mode == "full" else 0
        return {
            "denoising": self.transformer(mode) + self.window + self.chunk + beside,
            "the VAE": self.vae + self.vae_work + parked,
        }

    def peak(self, mode: Mode) -> int:
        """The most that a job has on the device, bytes; the text encoder not counted."""
        return max(self.stages(mode).values())

    def with_text(self, mode: Mode) -> int:
        """What is on the device while the text encoder runs, bytes: in mode ``full`` all of it."""
        beside = self.transformer(mode) + self.vae if mode == "full" else 0
        return self.text + beside


def parameters(entries: Iterable[Entry]) -> int:
    """Numbers in stored tensors, e.g. ``Stored.of_folder(...).entries.values()``."""
    return sum(math.prod(entry.shape) for entry in entries)


def block_parameters(config: TransformerConfig) -> int:
    """Numbers in one block: two modulated norms, attention with normed heads, feed-forward."""
    size = config.num_attention_heads * config.attention_head_dim
    norms = 2 * (_linear(config.time_embed_dim, 6 * size) + _norm(size, config))
    projections = 3 * (size * size + (size if config.attention_bias else 0))
    attention = projections + _linear(size, size) + 2 * 2 * config.attention_head_dim
    return norms + attention + _linear(size, 4 * size) + _linear(4 * size, size)


def large_matrices(config: TransformerConfig) -> int:
    """Numbers of one block that mode ``fp8`` stores in 8 bit: attention and feed-forward."""
    size = config.num_attention_heads * config.attention_head_dim
    return 4 * size * size + 8 * size * size


def parameters_around_blocks(config: TransformerConfig) -> int:
    """Numbers outside the blocks: embeddings of patches, text and time, last norms, output."""
    size = config.num_attention_heads * config.attention_head_dim
    patch = config.patch_size**2 * config.patch_size_t
    time = config.time_embed_dim
    embeddings = (
        _linear(config.in_channels * patch, size)
        + _linear(config.text_embed_dim, size)
        + _linear(size, time)
        + _linear(time, time)
    )
    last = 2 * _norm(size, config) + _linear(time, 2 * size)
    return embeddings + last + _linear(size, config.out_channels * patch)


def _linear(inputs: int, outputs: int) -> int:
    return inputs * outputs + outputs


def _norm(size: int, config: TransformerConfig) -> int:
    return 2 * size if config.norm_elementwise_affine else 0
