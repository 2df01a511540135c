"""Where a transformer's blocks are while it runs: all on the device, or passing through it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import torch
from torch import nn

from void_server.engines.void.fast.block_weights import BlockWeights


class Blocks(Protocol):
    """The blocks of a transformer in order, each on the device while it is asked for."""

    def __iter__(self) -> Iterator[BlockWeights]: ...

    def park(self) -> None:
        """Leave the device; the weights wait in the host's memory."""
        ...

    def wake(self, device: torch.device) -> None:
        """Come back to a device."""
        ...


class Resident:
    """All blocks on the device, or all parked in the host's memory.

    Args:
        blocks: On the device.
    """

    def __init__(self, blocks: list[BlockWeights]) -> None:
        self._blocks = blocks
        self._parked: list[BlockWeights] | None = None

    def __iter__(self) -> Iterator[BlockWeights]:
        return iter(self._blocks)

    def park(self) -> None:
        """Leave the device. Weights never change: they are copied once, and then only dropped."""
        if self._parked is None:
            self._parked = _mapped(self._blocks, torch.Tensor.cpu)
        self._blocks = []

    def wake(self, device: torch.device) -> None:
        """Come back to a device."""
        if not self._blocks:
            self._blocks = _mapped(self._parked, lambda t: t.to(device, non_blocking=True))


def resident(model: Any, *, device: torch.device, fp8: bool) -> Resident:
    """All blocks on the device; the model's own give up their memory one by one and are gone.

    Args:
        model: diffusers' transformer, on any device.
        device: Where its blocks shall be.
        fp8: Whether they are quantised.
    """
    blocks = []
    for block in model.transformer_blocks:
        blocks.append(BlockWeights.of(block, device=device, fp8=fp8))
        block.to("meta")
    model.transformer_blocks = nn.ModuleList()
    return Resident(blocks)


class Streamed:
    """Blocks in the host's memory, copied to the device one ahead of the one in use.

    On a CUDA device the host's copy is page-locked and the copy runs beside the computation; two
    places on the device take turns.

    Args:
        model: Its blocks on the CPU; they are taken out of it.
        device: Where they are needed.
    """

    def __init__(self, model: Any, *, device: torch.device) -> None:
        self._hosts = []
        for block in model.transformer_blocks:
            weights = BlockWeights.of(block, device=torch.device("cpu"), fp8=False)
            cuda = device.type == "cuda"
            self._hosts.append(_mapped(weights, torch.Tensor.pin_memory) if cuda else weights)
            block.to("meta")
        model.transformer_blocks = nn.ModuleList()
        self._places = [_Place(self._hosts[0], device) for _ in range(2)]

    def __iter__(self) -> Iterator[BlockWeights]:
        self._places[0].fetch(self._hosts[0])
        for index in range(len(self._hosts)):
            here, other = self._places[index % 2], self._places[1 - index % 2]
            if index + 1 < len(self._hosts):
                other.fetch(self._hosts[index + 1])
            yield here.taken()
            here.used()

    def park(self) -> None:
        """Nothing but two blocks' room stays on the device between two runs."""

    def wake(self, device: torch.device) -> None:
        """The blocks come by themselves."""


class _Place:
    """Room for one block on the device."""

    def __init__(self, like: BlockWeights, device: torch.device) -> None:
        self._weights: BlockWeights = _mapped(
            like, lambda tensor: torch.empty_like(tensor, device=device)
        )
        self._device = device
        self._stream = torch.cuda.Stream(device) if device.type == "cuda" else None
        self._ready: torch.cuda.Event | None = None
        self._free: torch.cuda.Event | None = None

    def fetch(self, host: BlockWeights) -> None:
        """Begin to copy a block here, once the one that was here has been used."""
        if self._stream is None:
            _copied(host, self._weights)
            return
        with torch.cuda.stream(self._stream):
            if self._free is not None:
                self._stream.wait_event(self._free)
            _copied(host, self._weights)
            self._ready = self._stream.record_event()

    def taken(self) -> BlockWeights:
        """The block, there as soon as the device comes to it."""
        if self._ready is not None:
            torch.cuda.current_stream(self._device).wait_event(self._ready)
        return self._weights

    def used(self) -> None:
        """All work on the block has been queued."""
        if self._stream is not None:
            self._free = torch.cuda.current_stream(self._device).record_event()


def _copied(source: Any, target: Any) -> None:
    """Copy every tensor of a structure over that of another of the same form."""
    pairs = zip(_tensors(source), _tensors(target), strict=True)
    for new, old in pairs:
        old.copy_(new, non_blocking=True)


def _tensors(value: Any) -> list[torch.Tensor]:
    found: list[torch.Tensor] = []

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        found.append(tensor)
        return tensor

    _mapped(value, keep)
    return found


def _mapped(value: Any, change: Any) -> Any:
    """The same structure with every tensor in it changed."""
    if isinstance(value, torch.Tensor):
        return change(value)
    if isinstance(value, list):
        return [_mapped(part, change) for part in value]
    if isinstance(value, tuple):
        return type(value)(*(_mapped(part, change) for part in value))
    if hasattr(value, "__dataclass_fields__"):
        parts = {name: _mapped(getattr(value, name), change) for name in value.__dataclass_fields__}
        return type(value)(**parts)
    return value
