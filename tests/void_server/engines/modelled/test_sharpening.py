from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from void_server.engines.cleanplate.real_pixels import RealPixels
from void_server.engines.modelled.sharpening import Sharpening
from void_server.model_view.color import ModelColor
from void_server.model_view.lights import Lights


@pytest.fixture(scope="module")
def scene(studio_set):
    """Frame 1003 has no hole."""
    holes = [(30, 40 + 12 * i, 34, 30) for i in range(6)]
    return studio_set.panned(6, holes=[*holes[:2], None, *holes[3:]])


@pytest.fixture(scope="module")
def real(studio_set, scene):
    return RealPixels.tracked(scene, studio_set.Heard())


def made_of(scene, real, wrong=()):
    """Of a model that returns the plate, but for ``wrong`` frames; how often each was asked for."""
    lights = Lights(scene.color)
    for frame in scene.frames:
        lights.add(scene.plate(frame), ~scene.foreign(frame))
    color, asked = ModelColor.of(scene.color, lights), Counter()

    def modelled(frame, box):
        asked[frame] += 1
        code = color.encode(np.ascontiguousarray(scene.plate(frame)[box.slices]))
        return code * np.float32(0.5 if frame in wrong else 1)

    return Sharpening(scene, real, color=color, modelled=modelled, scale=(1.0, 1.0)), asked


@pytest.fixture
def sharpening(scene, real):
    return made_of(scene, real)


def test_the_model_is_asked_once_for_each_frame_although_neighbours_look_at_it(scene, sharpening):
    made, asked = sharpening
    for frame in scene.frames:
        found = made.sharpened(frame, scene.hole(frame))
        assert (found is None) == (frame == 1003)
    assert asked == dict.fromkeys((1001, 1002, 1004, 1005, 1006), 1)


def test_frames_may_be_asked_for_in_any_order(scene, real, sharpening):
    made, _ = sharpening
    backwards = {f: made.sharpened(f, scene.hole(f)) for f in scene.frames[::-1]}
    forwards = {f: made.sharpened(f, scene.hole(f)) for f in scene.frames}
    for frame in (1001, 1002, 1004, 1005, 1006):
        assert np.array_equal(forwards[frame][1].code, backwards[frame][1].code)
        assert np.array_equal(forwards[frame][1].share, backwards[frame][1].share)


def share(made, scene, frame):
    return made.sharpened(frame, scene.hole(frame))[1].share


def test_a_neighbour_that_shows_something_else_is_heeded_but_not_beyond_a_gap(scene, real):
    right, _ = made_of(scene, real)
    for frame, other_side, near in ((1004, (1001, 1002), 1005), (1002, (1004, 1005), 1001)):
        beyond, _ = made_of(scene, real, wrong=other_side)
        beside, _ = made_of(scene, real, wrong=(near,))
        whole = share(right, scene, frame)
        assert np.array_equal(share(beyond, scene, frame), whole)
        assert share(beside, scene, frame).mean() < whole.mean() / 2


def test_where_the_model_shows_what_is_there_all_of_it_is_real(scene, sharpening):
    made, _ = sharpening
    _, found = made.sharpened(1005, scene.hole(1005))
    assert found.share[found.share > 0].mean() > 0.95


def test_a_shot_that_shows_its_background_nowhere_has_nothing_real(studio_set, scene, real):
    still = studio_set.panned(2, holes=[(30, 40, 30, 30)] * 2)
    found = RealPixels.tracked(still, studio_set.Heard())
    none = Sharpening(still, found, color=None, modelled=None, scale=(1.0, 1.0))
    assert none.sharpened(1001, still.hole(1001)) is None
