from __future__ import annotations

import numpy as np
import pytest

from void_server.engines.modelled.matching import Matching
from void_server.engines.standin.levels import levels
from void_server.model_view.plan import planned
from void_server.model_view.shot import read_shots

GRID = (96, 160)


@pytest.fixture(scope="module")
def scene(studio_set):
    """Two tiles wide; the hole is in both, then in the right one alone."""
    plates = [studio_set.texture(96, 320, 1, cells=(40, 16))] * 3
    return studio_set.Scene(plates, [(20, 30, 60, 260), (20, 255, 60, 40), (20, 30, 60, 260)])


def shown(studio_set, scene, heard):
    plan = planned(scene, grid=GRID, fit="tiles")
    shots = read_shots(scene, plan=plan, levels=levels, progress=heard, record=heard)
    assert len(shots) > 1
    return shots


def drifting(part):
    """Tile by tile another colour, and an offset from frame to frame."""

    def model(sent, index):
        shade = np.float32([0.01, -0.02, 0.015][index] * (1 + part))
        return np.clip(sent * np.float32(1 + 0.03 * part) + shade, 0, 1).astype(np.float32)

    return model


@pytest.fixture
def tiles(studio_set, scene):
    heard = studio_set.Heard()
    shots = shown(studio_set, scene, heard)
    made = [studio_set.model_of(drifting(i))(shot, 0, 1) for i, shot in enumerate(shots)]
    yield shots, made
    for one in (*shots, *made):
        one.close()


def matching(studio_set, scene, shots, made, *, wanted=True):
    heard = studio_set.Heard()
    found = Matching(scene, shots, made, wanted=wanted, progress=heard, record=heard)
    return found, heard


def test_each_tile_is_matched_by_itself(studio_set, scene, tiles):
    shots, made = tiles
    both, _ = matching(studio_set, scene, shots, made)
    for part in range(len(shots)):
        alone, _ = matching(studio_set, scene, shots[part : part + 1], made[part : part + 1])
        assert np.array_equal(both.picture(part, 0), alone.picture(0, 0))


def test_of_several_tiles_the_worst_seam_counts_and_the_mean_gain(studio_set, scene, tiles):
    shots, made = tiles
    both, _ = matching(studio_set, scene, shots, made)
    each = [
        matching(studio_set, scene, [shot], [got])[0].measures(0)
        for shot, got in zip(shots, made, strict=True)
    ]
    found = both.measures(0)
    assert found["seam_step"] == max(one["seam_step"] for one in each)
    assert found["ring_residual"] == max(one["ring_residual"] for one in each)
    assert found["gain_r"] == pytest.approx(np.mean([one["gain_r"] for one in each]))


def test_a_tile_that_the_hole_does_not_reach_says_nothing_of_a_frame(studio_set, scene, tiles):
    shots, made = tiles
    both, _ = matching(studio_set, scene, shots, made)
    right, _ = matching(studio_set, scene, shots[-1:], made[-1:])
    assert both.measures(1) == right.measures(1)


def test_measures_are_the_same_before_and_after_the_picture(studio_set, scene, tiles):
    before, _ = matching(studio_set, scene, *tiles)
    after, _ = matching(studio_set, scene, *tiles)
    for index in (0, 2):
        for part in range(len(tiles[0])):
            after.picture(part, index)
    assert before.measures(0) == after.measures(0)


def test_only_the_first_look_is_told_as_progress(studio_set, scene, tiles):
    found, heard = matching(studio_set, scene, *tiles)
    assert heard.stages == ["matching colour"]
    heard.stages.clear()
    found.picture(0, 1)
    assert heard.stages == []


def test_unwanted_it_leaves_colours_alone(studio_set, scene, tiles):
    shots, made = tiles
    found, heard = matching(studio_set, scene, shots, made, wanted=False)
    assert np.array_equal(found.picture(1, 2), made[1][2])
    assert found.measures(2) == {}
    assert heard.facts == {"model_pixels_cleaned": 0}


@pytest.mark.parametrize("wanted", [True, False])
def test_a_fault_in_any_tile_is_told(studio_set, scene, tiles, wanted):
    shots, made = tiles
    picture = np.array(made[-1][1])
    picture[0, 0] = np.inf
    made[-1][1] = picture
    _, heard = matching(studio_set, scene, shots, made, wanted=wanted)
    assert any("frame 1002" in text for text in heard.warnings)
    assert heard.facts["model_pixels_cleaned"] > 0
