from __future__ import annotations

import numpy as np
import pytest

from void_server.engines.cleanplate.sources import Sight
from void_server.engines.cleanplate.track import Track

SIZE = (60, 100)


@pytest.fixture
def rolling(footage_of):
    """A block of 20 columns moving by 10 columns a frame, over a still background."""
    holes = {}
    for n in range(8):
        holes[n] = np.zeros(SIZE, bool)
        holes[n][20:40, 10 * n : 10 * n + 20] = True
    plates = {n: np.zeros((*SIZE, 3), np.float32) for n in holes}
    return footage_of(plates, holes)


def still(frames, **confidence):
    sure = {frame: confidence.get(f"f{frame}", 1.0) for frame in frames}
    return Track({frame: np.eye(3) for frame in frames}, sure)


def test_the_nearest_frames_that_show_the_hole_are_picked(rolling):
    sight = Sight(rolling, still(rolling.frames))
    assert set(sight.pick(4, search=0, votes=1, most=8)) <= {2, 6}
    assert sight.pick(4, search=0, votes=2, most=8) == (2, 6)


def test_a_frame_whose_place_is_unknown_is_not_picked(rolling):
    sight = Sight(rolling, still(rolling.frames, f2=0.0))
    assert 2 not in sight.pick(4, search=0, votes=4, most=8)


def test_no_more_frames_are_picked_than_allowed(rolling):
    sight = Sight(rolling, still(rolling.frames))
    assert len(sight.pick(4, search=0, votes=5, most=3)) == 3


def test_what_no_frame_within_reach_shows_is_unseen(rolling):
    sight = Sight(rolling, still(rolling.frames))
    assert not sight.unseen(4, search=0).any()
    assert not sight.unseen(4, search=2).any()
    # One frame away either side covers its half of the hole, and the other shows it.
    assert not sight.unseen(4, search=1).any()


def test_a_hole_that_never_moves_is_unseen(footage_of):
    hole = np.zeros(SIZE, bool)
    hole[20:40, 30:50] = True
    plates = {n: np.zeros((*SIZE, 3), np.float32) for n in range(3)}
    sight = Sight(footage_of(plates, dict.fromkeys(plates, hole)), still(range(3)))
    assert sight.unseen(1, search=0).sum() == 400
    assert sight.pick(1, search=0, votes=3, most=5) == ()
