from __future__ import annotations

from void_server.engines.void.pace import Pace


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_first_steps_say_nothing_and_the_later_ones_count() -> None:
    clock = Clock()
    pace = Pace(10, after=0.2, clock=clock)
    told = []
    for seconds in (30.0, 5.0, 2.0, 2.0):
        clock.now += seconds
        told.append(pace.stepped(1))
    # 6 forwards and the time of 2 more for decoding, at 2 s each.
    assert told == [None, None, (7 + 2) * 2.0, (6 + 2) * 2.0]


def test_a_guided_step_counts_twice() -> None:
    clock = Clock()
    pace = Pace(12, after=0.0, clock=clock)
    left = None
    for _ in range(4):
        clock.now += 4.0
        left = pace.stepped(2)
    assert left == 4 * 2.0


def test_what_comes_between_two_passes_is_not_taken_for_a_slow_step() -> None:
    clock = Clock()
    pace = Pace(100, after=0.0, clock=clock)
    for _ in range(3):
        clock.now += 1.0
        pace.stepped(1)
    pace.paused()
    clock.now += 600.0
    assert pace.stepped(1) == 96.0
