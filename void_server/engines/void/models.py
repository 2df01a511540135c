"""The networks of a checkpoint on one device: which of them are there when, and in what form."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from typing import Any

import torch

from void_server.engines.void.checkpoint import load_transformer, load_vae
from void_server.engines.void.fast import attention
from void_server.engines.void.fast.codec import FastDecoder, FastEncoder
from void_server.engines.void.fast.residency import Blocks, Streamed, resident
from void_server.engines.void.fast.transformer import FastForward
from void_server.engines.void.layout import Layout
from void_server.engines.void.seams import Forward
from void_server.engines.void.spread.spread import Spread
from void_server.engines.void.transformer import EagerForward
from void_server.engines.void.vae import Vae


class Models:
    """A checkpoint's networks, loaded when they are asked for.

    One transformer is on the device at a time; only in mode ``full`` the VAE stays beside it.

    On the CPU everything runs in float32 by diffusers' own modules, whatever the mode.

    Args:
        layout: The checkpoint's files.
        device: Where to run.
        mode: ``full``, ``offload``, ``fp8`` or ``sequential``.
        others: More devices of the same kind, which share the denoising.
    """

    def __init__(
        self, *, layout: Layout, device: torch.device, mode: str, others: Sequence[str] = ()
    ) -> None:
        self.layout = layout
        self.device = device
        self.mode = mode
        self.dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
        self._others = tuple(others)
        self._spread: Spread | None = None
        self._passes: dict[int, FastForward | EagerForward] = {}
        self._here: int | None = None
        self._vae: Vae | None = None

    @property
    def attention(self) -> str:
        """Name of the attention kernel."""
        return attention.chosen(self.device)[0]

    def forward(self, pass_number: int) -> Forward:
        """The transformer of a pass, on the device.

        Raises:
            ServerError: Its file is missing or does not fit.
        """
        if self._here != pass_number:
            self._leave()
            if self.mode != "full" and self._vae is not None:
                self._vae.model.to("cpu")
            found = self._passes.get(pass_number)
            if found is None:
                found = self._passes[pass_number] = self._loaded(pass_number)
            elif isinstance(found, FastForward):
                found.wake(self.device)
            self._here = pass_number
        return self._passes[pass_number]

    def vae(self) -> Vae:
        """The VAE, on the device.

        Raises:
            ServerError: Its file is missing or does not fit.
        """
        if self.mode != "full":
            self._leave()
        if self._vae is None:
            model = load_vae(self.layout, device=self.device, dtype=self.dtype)
            self._vae = Vae(faster(model) if self.device.type == "cuda" else model)
        self._vae.model.to(self.device)
        return self._vae

    def make_room(self) -> None:
        """Take everything off the device that need not be there now."""
        if self.mode != "full":
            self._leave()
            if self._vae is not None:
                self._vae.model.to("cpu")

    @property
    def vae_is_here(self) -> bool:
        """Whether the VAE is on the device beside the transformer."""
        return self._vae is not None and self.mode == "full"

    def spread(self) -> Spread | None:
        """All devices together; None where there is but one. From the main thread only."""
        if not self._others:
            return None
        if self._spread is not None and not self._spread.usable:
            self._spread.close()
            self._spread = None
        if self._spread is None:
            self._spread = Spread(
                [str(self.device), *self._others],
                layout=self.layout,
                mode=self.mode,
                forward_of=self.forward,
            )
        return self._spread

    def release(self) -> None:
        """Let go of everything, on all devices and in the host's memory."""
        if self._spread is not None:
            self._spread.close()
            self._spread = None
        self._passes.clear()
        self._here = self._vae = None
        gc.collect()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    def _leave(self) -> None:
        """Take the transformer off the device.

        What fp8 made of it is parked: that took work. Otherwise it is read again from its file,
        which the system still has in memory: a copy of our own would be as slow and take more.
        """
        number, self._here = self._here, None
        if self.device.type != "cuda" or number is None:
            return
        here = self._passes[number]
        if self.mode in ("fp8", "sequential") and isinstance(here, FastForward):
            here.park()
        else:
            del self._passes[number], here
        torch.cuda.empty_cache()

    def _loaded(self, pass_number: int) -> FastForward | EagerForward:
        def load(device: torch.device) -> Any:
            return load_transformer(self.layout, pass_number, device=device, dtype=self.dtype)

        if self.device.type != "cuda":
            return EagerForward(load(self.device))
        return fast_forward(load, device=self.device, mode=self.mode)


def fast_forward(
    load: Callable[[torch.device], Any], *, device: torch.device, mode: str
) -> FastForward:
    """A transformer arranged for a CUDA device.

    Args:
        load: Gives diffusers' model on a device; on the CPU where it must not be there whole.
        device: Where to run.
        mode: ``full``, ``offload``, ``fp8`` or ``sequential``.
    """
    host = torch.device("cpu")
    model = load(device if mode in ("full", "offload") else host)
    blocks: Blocks = (
        Streamed(model, device=device)
        if mode == "sequential"
        else resident(model, device=device, fp8=mode == "fp8")
    )
    model.to(device)
    return FastForward(model, blocks, attend=attention.chosen(device)[1])


def faster(model: Any) -> Any:
    """Diffusers' VAE with its encoder and decoder arranged for a GPU."""
    model.encoder, model.decoder = FastEncoder(model.encoder), FastDecoder(model.decoder)
    return model
