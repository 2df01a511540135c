"""The stretches of latents that can be at different steps, because different windows cover them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol


class Span(Protocol):
    """Latents ``start`` to ``stop``, the last one excluded."""

    @property
    def start(self) -> int:
        """First."""
        ...

    @property
    def stop(self) -> int:
        """One past the last."""
        ...


@dataclass(frozen=True)
class Segment:
    """Neighbouring latents that make their steps together.

    Attributes:
        start: First latent of the chunk.
        stop: One past the last.
        windows: Numbers of the windows that cover any of them, ascending.
    """

    start: int
    stop: int
    windows: tuple[int, ...]


def segments(windows: Sequence[Span], *, join: int) -> tuple[Segment, ...]:
    """Cut a chunk where windows begin and end, but not within its first and last ``join``.

    There it is joined with its neighbours, which is done on all of these latents at once.

    Args:
        windows: They cover the chunk, from latent 0, in order.
        join: Latents that neighbouring chunks share.
    """
    latents = windows[-1].stop
    edges = {window.start for window in windows} | {window.stop for window in windows}
    inner = sorted(edge for edge in edges if join <= edge <= latents - join)
    cuts = sorted({0, *inner, latents})
    return tuple(
        Segment(start, stop, _covering(windows, start, stop)) for start, stop in pairwise(cuts)
    )


def needed(parts: Sequence[Segment], window: int) -> tuple[int, ...]:
    """Windows whose predictions a window's latents need to get to their next step, ascending."""
    return tuple(sorted({other for p in parts if window in p.windows for other in p.windows}))


def _covering(windows: Sequence[Span], start: int, stop: int) -> tuple[int, ...]:
    return tuple(
        number
        for number, window in enumerate(windows)
        if window.start < stop and start < window.stop
    )
