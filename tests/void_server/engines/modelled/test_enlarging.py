from __future__ import annotations

import cv2
import numpy as np
import pytest

from void_server.engines.modelled.enlarging import Enlarging
from void_server.engines.standin.levels import levels
from void_server.model_view.plan import planned
from void_server.model_view.shot import read_shots

GRID = (48, 80)


class Doubled:
    """Enlarges by repeating pixels; remembers what it was shown."""

    name, factor = "doubled", 2

    def __init__(self) -> None:
        self.shapes: list[tuple[int, int]] = []

    def __call__(self, picture):
        self.shapes.append(picture.shape[:2])
        return np.repeat(np.repeat(picture, 2, axis=0), 2, axis=1)


@pytest.fixture
def scene(studio_set):
    return studio_set.panned(2, holes=[(40, 60, 20, 30), None])


@pytest.fixture
def shots(studio_set, scene):
    heard = studio_set.Heard()
    found = read_shots(
        scene, plan=planned(scene, grid=GRID), levels=levels, progress=heard, record=heard
    )
    yield found
    for shot in found:
        shot.close()


def sent(shots):
    return lambda part, index: np.ascontiguousarray(shots[part].plate[index].transpose(1, 2, 0))


def test_the_network_sees_the_hole_and_a_little_around_it(studio_set, scene, shots):
    network = Doubled()
    picture = Enlarging(scene, shots, pictures=sent(shots), upscaler=network).picture(0, 0)
    assert picture.shape == (96, 160, 3)
    # Rows 40 to 60 are 20 to 30 of the grid, columns 60 to 90 are 30 to 45; 16 on each side.
    assert network.shapes == [(10 + 32, 15 + 32)]
    shrunk = cv2.resize(picture, GRID[::-1], interpolation=cv2.INTER_AREA)
    assert shrunk == pytest.approx(sent(shots)(0, 0), abs=1e-5)


def test_a_frame_without_a_hole_is_not_enlarged(studio_set, scene, shots):
    network = Doubled()
    picture = Enlarging(scene, shots, pictures=sent(shots), upscaler=network).picture(0, 1)
    assert np.array_equal(picture, sent(shots)(0, 1))
    assert network.shapes == []


@pytest.mark.parametrize(("grid", "asked"), [((96, 160), 0), ((80, 132), 0), ((48, 80), 1)])
def test_an_upscaler_is_asked_only_where_there_is_something_to_gain(studio_set, scene, grid, asked):
    network = Doubled()
    (fill,) = studio_set.run(scene, grid=grid, upscaler=network)
    assert np.isfinite(fill.rgb).all()
    assert len(network.shapes) == asked
