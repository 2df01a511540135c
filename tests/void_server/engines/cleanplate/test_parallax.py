from __future__ import annotations

import cv2
import numpy as np
import pytest

from void_server.engines.cleanplate.gather import Sample
from void_server.engines.cleanplate.parallax import Parallax


def slid(wall, pixels):
    matrix = np.array([[1, 0, pixels], [0, 1, 0.0]])
    return cv2.warpAffine(wall, matrix, wall.shape[1::-1], flags=cv2.INTER_CUBIC, borderMode=2)


def test_a_slide_is_found_and_carried_into_the_hole(textured):
    wall = textured(160, 200)
    background = np.ones((160, 200), bool)
    background[60:100, 80:120] = False
    sample = Sample(slid(wall, 1.5), np.ones_like(background))
    flow = Parallax(wall, background).residual(sample)
    assert flow is not None
    assert flow[~background][:, 0].mean() == pytest.approx(1.5, abs=0.2)
    assert np.abs(flow[~background][:, 1]).mean() < 0.2


def test_a_good_homography_is_left_alone(textured):
    wall = textured(160, 200)
    everywhere = np.ones((160, 200), bool)
    assert Parallax(wall, everywhere).residual(Sample(wall, everywhere)) is None


def test_a_picture_without_texture_has_no_parallax():
    grey = np.full((100, 100, 3), 0.2, np.float32)
    everywhere = np.ones((100, 100), bool)
    assert Parallax(grey, everywhere).residual(Sample(grey, everywhere)) is None
