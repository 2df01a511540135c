from __future__ import annotations

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from bridge.errors import RequestError
from void_server.images.window import Window
from void_server.model_view.region import (
    CONTEXT_LEAST,
    Region,
    Shape,
    crop_around,
    exactly,
    given,
    hole_box,
    losses,
    whole,
    with_context,
)

GRID = (384, 672)
HD, UHD = (1080, 1920), (2160, 4096)


def _crop(box: Window, canvas: tuple[int, int], pixel_aspect: float = 1.0) -> Region:
    return crop_around(with_context(box, canvas), Shape(GRID, pixel_aspect), canvas)


def test_a_hole_that_fits_with_its_surroundings_is_shown_one_to_one() -> None:
    region = _crop(Window.of_size(300, 200, left=800, top=500), HD)
    assert (region.height, region.width) == GRID
    assert region.scale == (1.0, 1.0)
    assert region.ratio == "1:1"


def test_a_region_has_its_hole_in_the_middle_of_it() -> None:
    region = _crop(Window.of_size(100, 100, left=900, top=500), HD)
    assert abs(region.top + region.height / 2 - 550) <= 0.5
    assert abs(region.left + region.width / 2 - 950) <= 0.5


@pytest.mark.parametrize("corner", [(0, 0), (1000, 1820), (0, 1820), (1000, 0)])
def test_at_the_edge_of_the_canvas_a_region_is_shifted_inside(corner: tuple[int, int]) -> None:
    region = _crop(Window.of_size(100, 80, left=corner[1], top=corner[0]), HD)
    assert region.beyond(HD) == ((0, 0), (0, 0))
    assert region.scale == (1.0, 1.0)


def test_a_large_hole_is_reduced_and_keeps_its_aspect() -> None:
    box = Window.of_size(1200, 700, left=1400, top=800)
    region = _crop(box, UHD)
    assert region.reduction == pytest.approx(1.5 * 700 / 384, rel=0.002)
    assert region.scale[0] == pytest.approx(region.scale[1], rel=0.002)


def test_a_hole_as_large_as_the_canvas_shows_all_of_it_and_mirrors_the_rest() -> None:
    region = _crop(Window.of_size(4096, 2160), UHD)
    assert (region.left, region.width) == (0, 4096)
    assert region.beyond(UHD) == ((90, 91), (0, 0))


@pytest.mark.parametrize(
    ("pixel_aspect", "native"), [(1.0, (384, 672)), (2.0, (384, 336)), (1.5, (384, 448)),
                                 (0.5, (192, 672))]
)  # fmt: skip
def test_no_sample_of_an_anamorphic_plate_is_lost_where_it_fits(
    pixel_aspect: float, native: tuple[int, int]
) -> None:
    """N10"""
    region = _crop(Window.of_size(100, 60, left=800, top=500), HD, pixel_aspect)
    assert (region.height, region.width) == native
    assert region.width * pixel_aspect / region.height == pytest.approx(1.75)


def test_what_an_anamorphic_plate_loses_is_said() -> None:
    region = _crop(Window.of_size(900, 700, left=800, top=300), UHD, 2.0)
    assert region.scale[0] == pytest.approx(2 * region.scale[1], rel=0.01)
    said = " ".join(losses(region, 2.0))
    assert "pixel aspect 2" in said
    assert f"{region.scale[0]:.2f} plate pixels as one down" in said
    assert losses(_crop(Window.of_size(9, 9), UHD, 2.0), 2.0) == []


def test_a_soft_fill_is_announced_with_its_number() -> None:
    region = _crop(Window.of_size(2000, 900, left=800, top=600), UHD)
    assert f"{region.reduction:.1f} plate pixels as one" in losses(region, 1.0)[0]
    assert losses(whole((768, 1344), GRID), 1.0) == []


@pytest.mark.parametrize("canvas", [(1, 1), (1, 50), (50, 1), (1079, 1997), (7, 20000)])
def test_plates_of_any_size_have_a_region(canvas: tuple[int, int]) -> None:
    """N3"""
    region = _crop(Window.of_size(canvas[1], canvas[0]), canvas)
    assert region.window.contains(Window.of_size(canvas[1], canvas[0]))


boxes = st.tuples(
    st.integers(0, 999), st.integers(0, 1799), st.integers(1, 1000), st.integers(1, 1800)
)
aspects = st.sampled_from([0.5, 0.9, 1.0, 1.09, 1.5, 2.0])


@for_all(boxes, aspects)
def test_a_region_holds_the_hole_its_context_and_the_models_aspect(
    box: tuple[int, int, int, int], pixel_aspect: float
) -> None:
    top, left, height, width = box
    canvas = Window.of_size(1800, 1000)
    hole = Window.of_size(width, height, left=left, top=top).intersect(canvas)
    assert hole is not None
    region = _crop(hole, (1000, 1800), pixel_aspect)
    margin = max(CONTEXT_LEAST, hole.width // 4), max(CONTEXT_LEAST, hole.height // 4)
    seen = Window(hole.x_min - margin[0], hole.y_min - margin[1],
                  hole.x_max + margin[0], hole.y_max + margin[1]).intersect(canvas)  # fmt: skip
    assert seen is not None
    assert region.window.contains(seen)
    assert region.width == pytest.approx(region.height * 1.75 / pixel_aspect, abs=1.8)
    asked = (region.left, region.top, region.width, region.height)
    again = given(asked, box=hole, canvas=(1000, 1800))
    assert exactly(again, Shape(GRID, pixel_aspect), (1000, 1800)) == region


def test_a_region_that_was_asked_for_grows_to_the_models_aspect_and_no_further() -> None:
    asked = given((100, 200, 400, 400), box=Window.of_size(9, 9, left=150, top=250), canvas=HD)
    region = exactly(asked, Shape(GRID, 1.0), HD)
    assert (region.height, region.width) == (400, 700)
    assert region.window.contains(asked)
    assert str(region) == "0,200,700,400"


def test_a_region_that_leaves_some_of_the_hole_out_is_refused() -> None:
    with pytest.raises(RequestError, match=r"at least 150,250,9,9, got 0,0,100,100"):
        given((0, 0, 100, 100), box=Window.of_size(9, 9, left=150, top=250), canvas=HD)


@pytest.mark.parametrize(
    "asked", [(0, 0, 999999, 999999), (0, 0, 999999, 1080), (0, 0, 1921, 1200)]
)
def test_a_region_of_nothing_but_mirror_images_is_refused(asked: tuple[int, int, int, int]) -> None:
    box = Window.of_size(9, 9, left=150, top=250)
    with pytest.raises(RequestError, match=r"at most 1920 x 1080 pixels, got"):
        exactly(given(asked, box=box, canvas=HD), Shape(GRID, 1.0), HD)


def test_the_hole_of_the_whole_shot_is_measured(shot) -> None:  # type: ignore[no-untyped-def]
    footage = shot((100, 200), [(10, 20, 5, 5), None, (50, 150, 10, 20)])
    assert hole_box(footage) == Window(20, 10, 169, 59)
    assert hole_box(shot((100, 200), [None])) is None
