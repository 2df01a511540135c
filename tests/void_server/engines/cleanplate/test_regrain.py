from __future__ import annotations

import numpy as np
import pytest

from void_server.demo import grain as sensor
from void_server.engines.cleanplate.regrain import grown, measured


def strength(light):
    return float(sensor.sigma(np.full((1, 1), light, np.float32))[0, 0])


ALL = np.ones((160, 240), bool)


def grained_pair(wall):
    return (sensor.grained(wall, sensor.field(wall.shape[:2], seed=1, frame=n)) for n in range(2))


def test_grain_is_measured_through_texture(textured):
    wall = textured(160, 240)
    found = measured(*grained_pair(wall), ALL)
    assert found is not None
    for light in (0.1, 0.3, 0.5):
        variance = found.floor + found.slope * light
        assert np.sqrt(variance) == pytest.approx(strength(light), rel=0.15)
    assert found.neighbour == pytest.approx(0.16, abs=0.05)


def test_grown_grain_is_as_strong_and_soft_as_the_measured(textured):
    found = measured(*grained_pair(textured(160, 240)), ALL)
    flat = np.full((200, 200, 3), 0.3, np.float32)
    noise = grown(flat, found, seed=1, frame=5) - flat
    assert noise.std() == pytest.approx(strength(0.3), rel=0.12)
    lag = np.corrcoef(noise[:, 1:, 0].ravel(), noise[:, :-1, 0].ravel())[0, 1]
    assert lag == pytest.approx(found.neighbour, abs=0.03)


def test_grown_grain_is_the_same_for_a_frame_and_new_for_the_next(textured):
    found = measured(*grained_pair(textured(160, 240)), ALL)
    flat = np.full((40, 40, 3), 0.3, np.float32)
    first = grown(flat, found, seed=1, frame=5)
    assert first.tobytes() == grown(flat, found, seed=1, frame=5).tobytes()
    assert not np.allclose(first, grown(flat, found, seed=1, frame=6))


def test_too_little_to_measure_says_so(textured):
    wall = textured(160, 240)
    assert measured(wall, wall, np.zeros_like(ALL)) is None
