from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from void_server.model_view.region import Region
from void_server.model_view.resample import Code, to_grid, to_plate

RNG = np.random.default_rng(7)


def _noise(height: int, width: int) -> Code:
    return RNG.random((height, width, 3), np.float32)


def _all(size: tuple[int, int]) -> tuple[slice, slice]:
    return slice(0, size[0]), slice(0, size[1])


def _centre(picture: Code) -> tuple[float, float]:
    """(down, across) centre of mass."""
    mass = picture[..., 0].astype(np.float64)
    rows, columns = np.mgrid[: mass.shape[0], : mass.shape[1]]
    return float((rows * mass).sum() / mass.sum()), float((columns * mass).sum() / mass.sum())


def _blob(size: tuple[int, int], at: tuple[float, float], sigma: tuple[float, float]) -> Code:
    rows, columns = np.mgrid[: size[0], : size[1]]
    mass = np.exp(-(((rows - at[0]) / sigma[0]) ** 2 + ((columns - at[1]) / sigma[1]) ** 2) / 2)
    return np.repeat(mass[..., None], 3, axis=2).astype(np.float32)


def test_one_to_one_is_bit_exact_both_ways() -> None:
    """K2"""
    plate = _noise(60, 80)
    region = Region(11, 13, 24, 42, (24, 42))
    grid = to_grid(plate[11:35, 13:55], region, (60, 80))
    assert np.array_equal(grid, plate[11:35, 13:55])
    back = to_plate(grid, region, (slice(15, 30), slice(20, 50)))
    assert np.array_equal(back, plate[15:30, 20:50])


def test_the_grid_is_no_view_of_the_plate() -> None:
    plate = _noise(8, 8)
    to_grid(plate, Region(0, 0, 8, 8, (8, 8)), (8, 8))[:] = 2
    assert plate.max() <= 1


@pytest.mark.parametrize("ratio", [1.0, 1.37, 2.0, 2.5, 6.1])
def test_down_is_the_mean_over_the_area(ratio: float) -> None:
    height, width = round(24 * ratio), round(42 * ratio)
    plate = _noise(height, width)
    grid = to_grid(plate, Region(0, 0, height, width, (24, 42)), (height, width))
    expected = _area(height, 24) @ plate.reshape(height, -1)
    expected = np.einsum("cw,hwk->hck", _area(width, 42), expected.reshape(24, width, 3))
    assert np.abs(grid - expected).max() < 1e-5


def _area(size: int, count: int) -> np.ndarray:
    edges = np.arange(count + 1) * size / count
    low, high = edges[:-1, None], edges[1:, None]
    pixels = np.arange(size)
    shares = np.clip(np.minimum(high, pixels + 1) - np.maximum(low, pixels), 0, None)
    return shares / shares.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("ratio", [1.25, 2.0, 3.7])
def test_a_ramp_stays_a_ramp_on_the_way_up(ratio: float) -> None:
    size = round(40 * ratio), round(50 * ratio)
    back = to_plate(_ramp(40, 50), Region(0, 0, *size, (40, 50)), _all(size))
    inner = slice(round(3 * ratio), -round(3 * ratio))
    assert np.abs(back - _ramp(*size))[inner, inner].max() < 2e-6


def _ramp(height: int, width: int) -> Code:
    rows, columns = np.mgrid[:height, :width]
    ramp = ((rows + 0.5) / height + (columns + 0.5) / width) / 2
    return np.repeat(ramp[..., None], 3, axis=2).astype(np.float32)


def test_opencvs_cubic_would_not_keep_it() -> None:
    ramp = np.repeat(np.linspace(0, 1, 32, dtype=np.float32)[None], 8, axis=0)
    enlarged = cv2.resize(ramp, (64, 8), interpolation=cv2.INTER_CUBIC)[4, 8:-8]
    assert np.abs(np.diff(enlarged, n=2)).max() > 1e-3


@pytest.mark.parametrize("pixel_aspect", [2.0, 1.5, 1.0, 0.5])
@pytest.mark.parametrize("scale", [1.0, 1.9])
def test_nothing_is_shifted_by_the_round_trip(pixel_aspect: float, scale: float) -> None:
    """N10"""
    size = round(96 * scale), round(96 * scale * 1.75 / pixel_aspect)
    at = size[0] * 0.43 + 0.3, size[1] * 0.57 + 0.2
    plate = _blob(size, at, (6 * scale, 6 * scale / pixel_aspect))
    region = Region(5, 9, *size, (96, 168))
    grid = to_grid(plate, region, (1000, 1000))
    box = slice(5, 5 + size[0]), slice(9, 9 + size[1])
    back = to_plate(grid, region, box)
    shift = np.subtract(_centre(back), _centre(plate))
    assert np.abs(shift).max() < 0.01
    assert np.abs(back - plate).max() < 0.03


def test_a_part_is_the_same_as_cut_from_the_whole() -> None:
    region = Region(0, 0, 77, 131, (24, 42))
    grid = _noise(24, 42)
    everything = to_plate(grid, region, _all((77, 131)))
    part = to_plate(grid, region, (slice(31, 60), slice(7, 100)))
    assert np.abs(part - everything[31:60, 7:100]).max() < 1e-6


def test_a_finer_picture_of_the_same_region_lies_at_the_same_place() -> None:
    region = Region(4, 6, 200, 350, (48, 84))
    coarse = _blob((48, 84), (20.3, 41.1), (4, 4))
    fine = _blob((96, 168), (41.1, 82.7), (8, 8))
    box = slice(4, 204), slice(6, 356)
    places = [_centre(to_plate(picture, region, box)) for picture in (coarse, fine)]
    assert places[0] == pytest.approx(places[1], abs=0.02)


@pytest.mark.parametrize("size", [(30, 50), (200, 40), (20, 300)])
def test_beyond_the_canvas_the_picture_is_mirrored_about_its_last_pixel(
    size: tuple[int, int],
) -> None:
    plate = _noise(*size)
    height, width = max(size[0], 60), max(size[1], 105)
    region = Region(-((height - size[0]) // 2), -((width - size[1]) // 2), height, width, (48, 84))
    (above, below), (left, right) = region.beyond(size)
    mirrored = np.pad(plate, ((above, below), (left, right), (0, 0)), mode="reflect")
    expected = cv2.resize(mirrored, (84, 48), interpolation=cv2.INTER_AREA)
    assert np.abs(to_grid(plate, region, size) - expected).max() < 1e-5


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (1079, 1997)])
def test_plates_of_any_size_come_back(size: tuple[int, int]) -> None:
    """N3"""
    plate = np.full((*size, 3), 0.25, np.float32)
    height = max(size[0], round(size[1] / 1.75), 2)
    width = max(size[1], round(height * 1.75))
    region = Region(-((height - size[0]) // 2), -((width - size[1]) // 2), height, width, (48, 84))
    grid = to_grid(plate, region, size)
    assert grid.shape == (48, 84, 3)
    back = to_plate(grid, region, _all(size))
    assert back.shape == plate.shape
    assert np.abs(back - 0.25).max() < 1e-6


@settings(max_examples=60, deadline=None)
@given(
    arrays.arrays(np.float32, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3)),
                  elements=st.floats(0, 1, width=32)),
    st.integers(1, 40), st.integers(1, 40), st.integers(-50, 50), st.integers(-50, 50),
)  # fmt: skip
def test_the_way_back_never_leaves_the_range_by_more_than_a_cubic_may(
    picture: Code, height: int, width: int, top: int, left: int
) -> None:
    region = Region(top, left, height, width, picture.shape[:2])
    box = slice(top - 3, top + height + 3), slice(left - 3, left + width + 3)
    found = to_plate(picture, region, box)
    assert found.shape == (height + 6, width + 6, 3)
    low, high = picture.min() - 1e-5, picture.max() + 1e-5
    swing = 0.3 * (high - low)
    assert found.min() >= low - swing
    assert found.max() <= high + swing
