"""Matrix products in 8-bit floats, with a scale for each row of either side."""

from __future__ import annotations

from typing import NamedTuple

import torch

FP8_MAX = 448.0
"""Largest float8_e4m3fn.

Source: Micikevicius et al., "FP8 formats for deep learning" (2022)."""

TINY = 1e-12
"""Least magnitude that a row's scale is made from, so that a row of zeros divides by something."""


class Rows(NamedTuple):
    """A quantised tensor: values (..., D) float8_e4m3fn, scales (rows, 1) float32."""

    values: torch.Tensor
    scales: torch.Tensor

    def dequantised(self) -> torch.Tensor:
        """(..., D) float32."""
        return self.values.float() * self.scales.view(*self.values.shape[:-1], 1)


def quantised(rows: torch.Tensor) -> Rows:
    """Each row of (..., D) divided by its largest magnitude / `FP8_MAX`; plain torch."""
    flat = rows.float().flatten(0, -2)
    scales = flat.abs().amax(dim=1, keepdim=True).clamp(min=TINY) / FP8_MAX
    values = (flat / scales).to(torch.float8_e4m3fn).view(rows.shape)
    return Rows(values, scales)


def product(rows: Rows, weight: Rows, bias: torch.Tensor) -> torch.Tensor:
    """``rows @ weight.T + bias``.

    Args:
        rows: (B, S, in).
        weight: (out, in), quantised by output channel.
        bias: (out,) bfloat16.

    Returns:
        (B, S, out) bfloat16.
    """
    shape = rows.values.shape
    out = torch._scaled_mm(
        rows.values.flatten(0, -2),
        weight.values.t(),
        scale_a=rows.scales,
        scale_b=weight.scales.t(),
        bias=bias,
        out_dtype=torch.bfloat16,
        use_fast_accum=True,
    )
    return out.view(*shape[:-1], -1)
