"""Attention over one window: the fastest of the kernels that are installed."""

from __future__ import annotations

import functools
import importlib
import importlib.util
from collections.abc import Callable

import torch
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel

Attention = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]
"""(q, k, v), each (B, S, heads, head size), to (B, S, heads, head size)."""

_TOKENS, _HEADS, _HEAD_SIZE = 11314, 48, 64
"""A window of 22 latents at 384 x 672, with the prompt, in the published model."""


def _sdpa(backends: list[SDPBackend]) -> Attention:
    def attend(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        with sdpa_kernel(backends):
            out = functional.scaled_dot_product_attention(
                q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2)
            )
        return out.transpose(1, 2)

    return attend


def plain(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """Whatever torch takes by itself."""
    out = functional.scaled_dot_product_attention(
        q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2)
    )
    return out.transpose(1, 2)


def candidates(device: torch.device) -> dict[str, Attention]:
    """The kernels of this installation by name, in the order in which they are preferred."""
    found: dict[str, Attention] = {}
    hopper = torch.cuda.get_device_capability(device) == (9, 0)
    if hopper and importlib.util.find_spec("fa3_fwd_interface"):
        flash3 = importlib.import_module("fa3_fwd_interface").flash_attn_func
        found["flash3"] = lambda q, k, v: flash3(q, k, v)
    found["cudnn"] = _sdpa([SDPBackend.CUDNN_ATTENTION])
    found["flash"] = _sdpa([SDPBackend.FLASH_ATTENTION])
    return found


@functools.cache
def chosen(device: torch.device) -> tuple[str, Attention]:
    """The kernel that is fastest on this device, by measurement, with its name.

    A kernel must be a tenth faster than one that is preferred to it: noise must not decide, as
    each has other last bits.
    """
    if device.type != "cuda":
        return "torch", plain
    q, k, v = _sample(device)
    best: tuple[str, Attention] = ("torch", plain)
    least = float("inf")
    for name, attend in candidates(device).items():
        seconds = _seconds(attend, q, k, v)
        if seconds < 0.9 * least:
            best, least = (name, attend), seconds
    return best


def _sample(device: torch.device) -> tuple[torch.Tensor, ...]:
    """Queries, keys and values of a model window, as they lie in memory there."""
    generator = torch.Generator(device).manual_seed(0)
    shape = (1, _TOKENS, 3, _HEADS, _HEAD_SIZE)
    qkv = torch.randn(shape, generator=generator, device=device, dtype=torch.bfloat16)
    return qkv.unbind(2)


def _seconds(attend: Attention, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> float:
    """Median of a few runs; infinite for a kernel that does not run here."""
    times: list[float] = []
    try:
        for _ in range(5):
            begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
            begin.record()
            attend(q, k, v)
            end.record()
            end.synchronize()
            times.append(float(begin.elapsed_time(end)) / 1e3)
    except (RuntimeError, NotImplementedError):
        return float("inf")
    return sorted(times)[2]
