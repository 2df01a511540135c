"""The ranks' common ground: every tensor that one of them makes is sent to all others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
from torch import distributed

MEETING = timedelta(seconds=60)
"""How long ranks that all run already may take to find each other."""

PATIENCE = timedelta(hours=1)
"""How long one may wait for what another computes. A rank that ends is noticed at once anyway."""

_LOOPBACK = "127.0.0.1"

_GLOO_THREADS = 4
"""Broadcasts that can be under way together; each waits in a thread of its own."""


class GroupBroken(RuntimeError):
    """Another rank is gone; nothing can be sent any more."""


@dataclass(frozen=True)
class Arriving:
    """A tensor that is on its way, or that was here from the start.

    Attributes:
        tensor: Not to be looked at before `get`.
        work: torch's handle; None for what was made here.
    """

    tensor: torch.Tensor
    work: Any = None

    def get(self) -> torch.Tensor:
        """The tensor, once it is here.

        Raises:
            GroupBroken: Its sender is gone.
        """
        if self.work is not None:
            try:
                self.work.wait()
            except RuntimeError as error:
                raise GroupBroken(str(error)) from error
        return self.tensor

    def here(self) -> bool:
        """Whether nothing of it is under way any more."""
        return self.work is None or bool(self.work.is_completed())


class Group:
    """All ranks of a `Spread`. Every rank must make the same broadcasts in the same order.

    Tensors go through the host's memory, by gloo. NCCL would copy from device to device, but its
    receives wait on multiprocessors that the attention needs: see docs/benchmarks.md.

    Args:
        rank: Of this process.
        ranks: How many there are.
        device: Of this process.
        store: A file in a private folder through which the ranks find each other.

    Raises:
        GroupBroken: The others did not come.
    """

    def __init__(self, *, rank: int, ranks: int, device: torch.device, store: Path) -> None:
        self.rank = rank
        self.ranks = ranks
        self.device = device
        store_of: Any = distributed
        meeting = store_of.FileStore(str(store), ranks)
        meeting.set_timeout(MEETING)
        try:
            self._backend = _gloo(meeting, rank, ranks)
        except RuntimeError as error:
            raise GroupBroken(str(error)) from error

    def broadcast(self, tensor: torch.Tensor, *, source: int) -> Arriving:
        """Send a contiguous tensor to all others, or receive it from ``source``.

        Returns at once. The sender's tensor must not change while it is under way.

        Raises:
            GroupBroken: Another rank is gone.
        """
        try:
            return Arriving(tensor, self._backend.broadcast(tensor, source))
        except RuntimeError as error:
            raise GroupBroken(str(error)) from error

    def receive(self, shape: tuple[int, ...], *, source: int) -> Arriving:
        """`broadcast` into a new float32 tensor on this rank's device."""
        return self.broadcast(torch.empty(shape, device=self.device), source=source)


def _gloo(store: Any, rank: int, ranks: int) -> Any:
    kind: Any = distributed.ProcessGroupGloo
    options = kind._Options()
    options._devices = [kind.create_device(hostname=_LOOPBACK)]
    options._timeout = PATIENCE
    options._threads = _GLOO_THREADS
    return kind(store, rank, ranks, options)
