from __future__ import annotations

import numpy as np

from void_server.engines.cleanplate.exposure import gain
from void_server.engines.cleanplate.gather import Sample

ALL = np.ones((60, 80), bool)


def test_the_gain_of_each_channel_is_found(textured):
    wall = textured(60, 80)
    factor = np.array([1.25, 0.9, 1.1], np.float32)
    np.testing.assert_allclose(gain(wall * factor, ALL, Sample(wall, ALL)), factor, rtol=1e-3)


def test_a_passer_by_over_a_third_of_the_picture_does_not_change_it(textured):
    wall = textured(60, 80)
    other = wall.copy()
    other[:, :26] *= 3
    np.testing.assert_array_equal(gain(wall, ALL, Sample(other, ALL)), 1)


def test_a_difference_within_error_keeps_bits(textured):
    wall = textured(60, 80)
    np.testing.assert_array_equal(gain(wall * np.float32(1.002), ALL, Sample(wall, ALL)), 1)


def test_too_little_in_common_changes_nothing(textured):
    wall = textured(60, 80)
    few = np.zeros_like(ALL)
    few[:3, :3] = True
    np.testing.assert_array_equal(gain(wall * 2, ALL, Sample(wall, few)), 1)
