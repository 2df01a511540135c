"""Long questions to Nuke in small pieces, so that the artist's window stays alive between them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from host_plugins.nuke_panel.main_thread import on_main

_AT_ONCE = 0.015
"""Seconds for which the main thread is asked to answer at a time; one answer may take longer."""

T = TypeVar("T")


def in_pieces(step: Callable[[], bool]) -> None:
    """Have a step done on the main thread, again and again until it says that it was the last."""
    while on_main(_for_a_while, step):
        pass


def answers(question: Callable[[int], T], frames: Sequence[int]) -> list[T]:
    """What the main thread answers for each frame, in their order."""
    found: list[T] = []

    def next_one() -> bool:
        found.append(question(frames[len(found)]))
        return len(found) < len(frames)

    if frames:
        in_pieces(next_one)
    return found


def _for_a_while(step: Callable[[], bool]) -> bool:
    until = time.monotonic() + _AT_ONCE
    while step():
        if time.monotonic() > until:
            return True
    return False
