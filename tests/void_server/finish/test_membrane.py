from __future__ import annotations

import cv2
import numpy as np
import pytest

from void_server.finish.membrane import membrane


@pytest.fixture
def ring():
    inner = np.zeros((120, 150), np.uint8)
    inner[40:80, 50:100] = 1
    return (cv2.dilate(inner, np.ones((25, 25), np.uint8)) > 0) & (inner == 0)


def test_a_membrane_through_a_plane_is_the_plane(ring):
    y, x = np.mgrid[0:120, 0:150].astype(np.float32)
    plane = (0.01 * x - 0.02 * y)[..., None]
    surface = membrane(plane * ring[..., None], ring, cell=4)
    assert np.abs(surface - plane)[40:80, 50:100].max() < 0.08


def test_a_membrane_stays_between_its_extremes(ring):
    values = np.random.default_rng(0).uniform(-1, 1, (120, 150, 3)).astype(np.float32)
    surface = membrane(values * ring[..., None], ring, cell=4)
    assert np.abs(surface).max() <= 1.0
