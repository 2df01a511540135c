"""A rank other than the first: a process that denoises with rank 0, on a device of its own.

It reads orders from its standard input, says on its standard output what has become of them, and
logs to its standard error. ``python -m void_server.engines.void.spread.rank PARENT``.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from pathlib import Path
from typing import IO, Protocol

import torch

from bridge.errors import ErrorRecord, ServerError, VoidError
from void_server.broker.parent import end_with_parent
from void_server.engines.void.chunks import Join
from void_server.engines.void.layout import Layout
from void_server.engines.void.passes import PassNumber, build_scheduler
from void_server.engines.void.seams import LATENT_CHANNELS, Forward
from void_server.engines.void.spread.group import Arriving, Group, GroupBroken
from void_server.engines.void.spread.inbox import Inbox
from void_server.engines.void.spread.orders import (
    OUT_OF_MEMORY,
    Denoise,
    Ended,
    Failed,
    Hello,
    Load,
    Meet,
    Order,
    Report,
    line,
)
from void_server.engines.void.spread.run import Chunk, Walk

log = logging.getLogger(__name__)

_GROUP_BROKEN = 71
"""Exit code of a rank that another rank has left alone."""


class Transformers(Protocol):
    """What a rank uses of `Models`."""

    def forward(self, pass_number: PassNumber) -> Forward:
        """The transformer of a pass, on the device."""
        ...


class Factory(Protocol):
    """Makes them; `Models` itself."""

    def __call__(self, *, layout: Layout, device: torch.device, mode: str) -> Transformers:
        """For one checkpoint, device and memory mode."""
        ...


class Stopped(Exception):
    """Rank 0 wants no more of this chunk."""


class Reports:
    """Where a rank says what has become of its orders.

    Args:
        pipe: Rank 0 reads its other end.
    """

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe

    def send(self, said: Report) -> None:
        """Say it."""
        self._pipe.write(line(said))
        self._pipe.flush()


class Rank:
    """One process's part in all orders.

    Args:
        meet: The first order.
        transformers: Of this rank's device.
        inbox: Where it is told how far to go.
        reports: Where it says that it failed.

    Raises:
        GroupBroken: The others did not come.
    """

    def __init__(
        self, meet: Meet, transformers: Transformers, inbox: Inbox, reports: Reports
    ) -> None:
        self._transformers = transformers
        self._inbox = inbox
        self._reports = reports
        self._number = 0
        self._forward: Forward | None = None
        self._join: Join | None = None
        self._group = Group(
            rank=meet.rank,
            ranks=meet.ranks,
            device=torch.device(meet.device),
            store=Path(meet.store),
        )

    def load(self, order: Load) -> None:
        """Have a transformer ready; a failure is reported."""
        self._number = order.number
        try:
            self._forward = self._transformers.forward(order.pass_number)
        except Exception as error:
            log.exception("pass %d cannot be loaded", order.pass_number)
            self.failed(error)
        self._reports.send(Ended(order.number))

    def denoise(self, order: Denoise) -> None:
        """Denoise a chunk; a failure on the way is reported.

        Raises:
            GroupBroken: Another rank is gone.
            Exception: It could not even begin. The others wait by now: this process has to end.
        """
        self._number = order.number
        walk = self._prepared(order)
        try:
            walk.run()
        except GroupBroken:
            raise
        except Stopped:
            log.info("stopped")
        except Exception:
            log.exception("order %d failed", order.number)
        self._reports.send(Ended(order.number))

    def open(self, position: int) -> None:
        """See `Gate`."""
        if not self._inbox.granted(position) or self._inbox.stopped:
            raise Stopped

    def failed(self, error: BaseException) -> None:
        """See `Gate`."""
        if not isinstance(error, Stopped):
            self._reports.send(Failed(self._number, _record(error, self._group.device)))

    def granted(self, position: int) -> bool:
        """See `Gate`."""
        return self._inbox.granted(position)

    def _prepared(self, order: Denoise) -> Walk:
        batch, latents, _, *size = order.latents
        condition = self._receive((batch, latents, 2 * LATENT_CHANNELS, *size))
        noise = self._receive(order.latents)
        text = self._receive(order.text)
        if self._forward is None:
            raise ServerError("a chunk", "it came before its transformer", code="order")
        before = None if order.first else self._join
        self._join = None if order.last else Join(overlap=order.join)
        chunk = Chunk(
            stage=order.stage,
            scheduler=build_scheduler(order.stage, order.scheduler),
            condition=condition.get(),
            latents=noise.get(),
            text=text.get(),
            windows=order.windows,
            overlap=order.overlap,
            join=order.join,
            before=before,
            after=self._join,
        )
        return Walk(chunk, forward=self._forward, group=self._group, gate=self, told=_silent)

    def _receive(self, shape: tuple[int, ...]) -> Arriving:
        return self._group.receive(shape, source=0)


def main(factory: Factory | None = None) -> int:
    """Follow orders until rank 0 hangs up.

    Args:
        factory: Makes the transformers; those of the checkpoint where left out.
    """
    end_with_parent(int(sys.argv[-1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Rank 0 decides when this ends.
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    reports = Reports(_private_output())
    inbox = Inbox(sys.stdin.buffer)
    reports.send(Hello())
    meet = inbox.order()
    if not isinstance(meet, Meet):
        raise ServerError("a rank", f"it must meet the others first (got {meet!r})", code="order")
    try:
        rank = Rank(meet, _transformers(meet, factory), inbox, reports)
        while True:
            _follow(rank, inbox.order())
    except GroupBroken as error:
        log.error("another rank is gone: %s", error)
        return _GROUP_BROKEN


def _follow(rank: Rank, order: Order) -> None:
    if isinstance(order, Load):
        rank.load(order)
    elif isinstance(order, Denoise):
        rank.denoise(order)
    else:
        raise ServerError("a rank", "it was told twice to meet the others", code="order")


def _transformers(meet: Meet, factory: Factory | None) -> Transformers:
    torch.set_num_threads(meet.threads)
    device = torch.device(meet.device)
    if device.type == "cuda":
        torch.cuda.set_device(device)
    if factory is None:
        from void_server.engines.void.models import Models

        factory = Models
    return factory(layout=Layout(Path(meet.layout)), device=device, mode=meet.mode)


def _private_output() -> IO[bytes]:
    """The pipe to rank 0; what a library prints goes to the log instead."""
    pipe = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return pipe


def _record(error: BaseException, device: torch.device) -> ErrorRecord:
    if isinstance(error, VoidError):
        return error.record()
    code = OUT_OF_MEMORY if isinstance(error, torch.OutOfMemoryError) else "rank"
    return ServerError(
        f"device {device}", f"{type(error).__name__}: {error}", "See the log.", code=code
    ).record()


def _silent(step: int, clean: torch.Tensor) -> None:
    """Only rank 0 tells of steps."""


if __name__ == "__main__":
    sys.exit(main())
