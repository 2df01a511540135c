from __future__ import annotations

import numpy as np
import pytest

from void_server.finish.color_fit import no_change
from void_server.finish.flicker import Flicker, spread
from void_server.finish.pairs import Pairs
from void_server.finish.stops import apart, unsteady


def frame(brightness, *, count=40) -> Pairs:
    sent = np.full((count, 3), 0.4, np.float32)
    near = np.arange(count) < 10
    return Pairs(sent, sent * np.float32(brightness), np.ones(count, np.float32), near)


def linear(code):
    return code


def test_flicker_is_told_in_stops_before_and_after():
    frames = [frame(1.0), frame(1.1), frame(1.0)]
    gains = np.float32([[1, 1, 1], [1 / 1.1] * 3, [1, 1, 1]])
    found = Flicker.of(frames, no_change(), gains, linear)
    assert found.before[1] == pytest.approx(np.log2(1.1), abs=1e-3)
    assert found.before[0] == 0.0
    assert found.after == pytest.approx((0, 0, 0), abs=1e-5)
    assert found.residual == pytest.approx((0, 0, 0), abs=1e-6)


def test_a_frame_that_cannot_be_compared_is_left_out():
    found = Flicker.of([frame(1.0), frame(1.0, count=0)], no_change(), np.ones((2, 3)), linear)
    assert found.before[1] is found.after[1] is found.residual[1] is None
    assert spread(found.before) == 0.0


def test_a_slow_change_is_not_flicker():
    assert np.abs(unsteady([0.01 * i for i in range(30)])).max() < 0.05
    assert unsteady([0.0, None, 0.5, 0.0])[1] is None


def test_black_is_not_infinitely_far_from_black():
    black, nearly = np.zeros((1, 3), np.float32), np.full((1, 3), 1e-5, np.float32)
    assert np.abs(apart(black, nearly, linear)).max() < 0.05
    assert apart(black, np.full((1, 3), -1.0, np.float32), linear) == 0
