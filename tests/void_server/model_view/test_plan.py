from __future__ import annotations

from typing import Any

import pytest

from bridge.errors import RequestError
from void_server.images.window import Window
from void_server.model_view.plan import CROP_MOST, planned

GRID = (38, 67)
"""A tenth of the model's picture, so that shots can be small."""


def test_a_small_hole_is_one_crop(shot: Any) -> None:
    plan = planned(shot((400, 600), [(200, 300, 5, 5)]), grid=(384, 672))
    assert plan.fit == "crop"
    assert plan.why == "one crop of 1:1"
    assert plan.facts["region"] == "-36,10,672,384"
    assert plan.facts["scale"] == 1.0


def test_the_plan_is_the_same_from_wherever_the_object_comes(shot: Any) -> None:
    there = planned(shot((800, 1200), [(200, 300, 5, 5), (250, 420, 9, 9)]), grid=GRID)
    back = planned(shot((800, 1200), [(250, 420, 9, 9), None, (200, 300, 5, 5)]), grid=GRID)
    assert there == back


def test_an_object_that_crosses_a_large_frame_is_shown_in_tiles(shot: Any) -> None:
    footage = shot((800, 1400), [(300, x, 80, 60) for x in range(100, 1300, 120)])
    plan = planned(footage, grid=(96, 168))
    assert plan.fit == "tiles"
    assert len(plan.regions) == 5
    assert plan.why == "1 x 5 tiles of 1:2.2, because one crop would reduce the plate 8.3 times"
    assert plan.facts["region"] == "0,236,1400,208"


def test_a_hole_that_would_leave_a_tile_blind_is_one_crop(shot: Any) -> None:
    plan = planned(shot((800, 1400), [(20, 20, 760, 1360)]), grid=(96, 168))
    assert plan.fit == "crop"
    assert "would see only" in plan.why
    assert any("the fill is soft" in warning for warning in plan.warnings)


def test_tiles_that_are_asked_for_are_taken_even_blind(shot: Any) -> None:
    footage = shot((800, 1400), [(20, 20, 760, 1360)])
    plan = planned(footage, grid=(96, 168), fit="tiles")
    assert plan.fit == "tiles"
    assert plan.why.endswith("as asked")


def test_a_small_hole_needs_no_tiles_even_where_they_are_asked_for(shot: Any) -> None:
    plan = planned(shot((400, 600), [(200, 300, 9, 9)]), grid=(96, 168), fit="tiles")
    assert (plan.fit, len(plan.regions)) == ("crop", 1)


def test_tiles_without_a_hole_are_left_out(shot: Any) -> None:
    holes = [(60, 100, 60, 60), (640, 1200, 60, 60)]
    plan = planned(shot((800, 1400), holes), grid=(96, 168))
    assert plan.fit == "tiles"
    assert plan.why.startswith("4 of 6 x 6 tiles")
    for top, left, height, width in holes:
        hole = Window.of_size(width, height, left=left, top=top)
        assert any(region.window.contains(hole) for region in plan.regions)


def test_another_eye_is_shown_in_the_same_way(shot: Any) -> None:
    """Fit and region of one result, given to the next, give the same regions."""
    left = shot((800, 1400), [(300, x, 80, 60) for x in range(100, 1300, 120)])
    right = shot((800, 1400), [(300, x, 80, 60) for x in range(110, 1300, 120)])
    for fit in ("auto", "crop", "tiles", "whole"):
        first = planned(left, grid=(96, 168), fit=fit)
        box = tuple(int(part) for part in str(first.facts["region"]).split(","))
        again = planned(right, grid=(96, 168), fit=str(first.facts["fit"]), region=box)  # type: ignore[arg-type]
        assert again.regions == first.regions


def test_the_whole_canvas_is_squeezed_as_the_reference_does_it(shot: Any) -> None:
    plan = planned(shot((100, 300), [(0, 0, 5, 5)]), grid=GRID, fit="whole")
    (region,) = plan.regions
    assert (region.top, region.left, region.height, region.width) == (0, 0, 100, 300)
    assert "squeezed" in plan.why


def test_a_crop_up_to_its_limit_is_taken_without_looking_at_tiles(shot: Any) -> None:
    plan = planned(shot((800, 1400), [(300, 300, 150, 250)]), grid=(96, 168))
    assert plan.fit == "crop"
    assert 1 < plan.regions[0].reduction <= CROP_MOST
    assert any("plate pixels as one" in warning for warning in plan.warnings)


def test_a_shot_without_a_hole_still_has_a_plan(shot: Any) -> None:
    assert planned(shot((100, 100), [None]), grid=GRID).fit == "crop"


def test_progress_may_stop_the_measuring(shot: Any) -> None:
    class Stop(Exception):
        pass

    def stop(stage: str, done: int, total: int, **_: Any) -> None:
        assert stage == "measuring the hole"
        raise Stop

    with pytest.raises(Stop):
        planned(shot((100, 100), [None]), grid=GRID, progress=stop)  # type: ignore[arg-type]


def test_a_fit_that_does_not_exist_is_refused(shot: Any) -> None:
    with pytest.raises(RequestError, match=r"expected one of auto, crop, tiles, whole, got 'big'"):
        planned(shot((10, 10), [None]), grid=GRID, fit="big")
