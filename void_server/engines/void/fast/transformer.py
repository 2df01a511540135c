"""The transformer's blocks, arranged for a GPU; the same function as diffusers' model.

The sequence stays one tensor, prompt first, from the first block to the last. Per block there are
four matrix products (query, key and value as one), one attention and three passes over memory.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch.nn import functional

from void_server.engines.void.fast import attention, fp8, row_ops
from void_server.engines.void.fast.attention import Attention
from void_server.engines.void.fast.block_weights import BlockWeights, Linear, Modulated
from void_server.engines.void.fast.fp8 import Rows
from void_server.engines.void.fast.residency import Blocks
from void_server.engines.void.fast.row_ops import Modulation
from void_server.engines.void.transformer import rotary_embedding


class FastForward:
    """`seams.Forward` over a diffusers ``CogVideoXTransformer3DModel``.

    Args:
        model: Everything but its blocks on the device, in bfloat16 there or float32 on the CPU.
        blocks: Its blocks.
        attend: The attention kernel.
    """

    def __init__(
        self,
        model: Any,
        blocks: Blocks,
        *,
        attend: Attention = attention.plain,
    ) -> None:
        self.model = model
        self.blocks = blocks
        self.attend = attend
        self._rotary: dict[tuple[int, int, int], tuple[torch.Tensor, torch.Tensor]] = {}

    def park(self) -> None:
        """Leave the device; the weights wait in the host's memory."""
        self.model.to("cpu")
        self.blocks.park()

    def wake(self, device: torch.device) -> None:
        """Come back to a device."""
        self.model.to(device)
        self.blocks.wake(device)

    @torch.no_grad()
    def __call__(self, latents: torch.Tensor, text: torch.Tensor, timestep: int) -> torch.Tensor:
        """See `seams.Forward`."""
        model, prompt = self.model, text.shape[1]
        weight = model.patch_embed.proj.weight
        latents = latents.to(weight.device, weight.dtype)
        text = text.to(weight.device, weight.dtype)
        times = torch.full((latents.shape[0],), timestep, device=weight.device)
        embedded = model.time_embedding(model.time_proj(times).to(weight.dtype))
        rows = model.patch_embed(text, latents)
        rows = self._through_blocks(rows, functional.silu(embedded), prompt, latents.shape)
        rows = model.norm_final(rows[:, prompt:])
        rows = model.proj_out(model.norm_out(rows, temb=embedded))
        return _unpatched(rows, latents.shape, model.config).float()

    def _through_blocks(
        self, rows: torch.Tensor, activated: torch.Tensor, prompt: int, shape: torch.Size
    ) -> torch.Tensor:
        update = gate = None
        for block in self.blocks:
            first = _modulation(block.before_attention, activated)
            second = _modulation(block.before_feed_forward, activated)
            rows, normed = row_ops.add_and_modulate(
                rows,
                update,
                gate,
                norm=block.before_attention.norm,
                modulation=first,
                prompt=prompt,
                fp8=block.fp8,
            )
            rows, normed = row_ops.add_and_modulate(
                rows,
                self._attended(block, normed, prompt, shape),
                first.gate,
                norm=block.before_feed_forward.norm,
                modulation=second,
                prompt=prompt,
                fp8=block.fp8,
            )
            update, gate = _feed_forward(block, normed), second.gate
        if update is None or gate is None:
            return rows
        return _added(rows, update, gate, prompt)

    def _attended(
        self, block: BlockWeights, normed: torch.Tensor | Rows, prompt: int, shape: torch.Size
    ) -> torch.Tensor:
        qkv = _product(normed, block.qkv).unflatten(2, (3, block.heads, -1))
        cosines, sines = self._embedding(shape[1], shape[3], shape[4], qkv.device)
        row_ops.norm_and_rotate(qkv, block.query, block.key, cosines, sines, prompt=prompt)
        attended = self.attend(*qkv.unbind(2)).flatten(2)
        return _product(row_ops.quantise(attended) if block.fp8 else attended, block.out)

    def _embedding(
        self, latents: int, height: int, width: int, device: torch.device
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Cosines and sines, (tokens, head size / 2): every pair of channels shares an angle."""
        key = (latents, height, width)
        if key not in self._rotary:
            cosines, sines = rotary_embedding(
                self.model.config, latents=latents, height=height, width=width
            )
            self._rotary[key] = (
                cosines[:, ::2].contiguous().to(device),
                sines[:, ::2].contiguous().to(device),
            )
        return self._rotary[key]


def _modulation(norm: Modulated, activated: torch.Tensor) -> Modulation:
    return Modulation.of(_product(activated, norm.linear))


def _product(rows: torch.Tensor | Rows, linear: Linear) -> torch.Tensor:
    if isinstance(rows, Rows):
        return fp8.product(rows, cast(Rows, linear.weight), linear.bias)
    return functional.linear(rows, cast(torch.Tensor, linear.weight), linear.bias)


def _feed_forward(block: BlockWeights, normed: torch.Tensor | Rows) -> torch.Tensor:
    if isinstance(normed, Rows):
        return _product(row_ops.gelu_rows(_product(normed, block.up)), block.down)
    if normed.is_cuda:
        # The bias and the GELU ride in the product's own epilogue.
        weight = cast(torch.Tensor, block.up.weight)
        middle = torch._addmm_activation(
            block.up.bias, normed.flatten(0, 1), weight.t(), use_gelu=True
        ).unflatten(0, normed.shape[:2])
    else:
        middle = functional.gelu(_product(normed, block.up), approximate="tanh")
    return _product(middle, block.down)


def _added(
    rows: torch.Tensor, update: torch.Tensor, gate: torch.Tensor, prompt: int
) -> torch.Tensor:
    """``rows + gate * update``; the gate of the prompt's tokens, then the picture's."""
    parts = zip(
        rows.tensor_split([prompt], 1),
        update.tensor_split([prompt], 1),
        gate.unbind(1),
        strict=True,
    )
    return torch.cat([torch.addcmul(row, by[:, None], new) for row, new, by in parts], dim=1)


def _unpatched(rows: torch.Tensor, shape: torch.Size, config: Any) -> torch.Tensor:
    batch, frames, _, height, width = shape
    p, p_t = config.patch_size, config.patch_size_t
    rows = rows.view(batch, frames // p_t, height // p, width // p, -1, p_t, p, p)
    return rows.permute(0, 1, 5, 4, 2, 6, 3, 7).reshape(batch, frames, -1, height, width)
