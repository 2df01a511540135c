"""The blend itself: where it assigns, in which space, and what becomes of NaN and Inf."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocio.convert import ColorConfig
from void_server.composite import over
from void_server.images.picture import Picture
from void_server.images.window import Window
from void_server.patch import Patch
from void_server.plate import PlateColor, plate_color
from void_server.read_back import changed_outside

PLAIN = PlateColor("lin_ap1_scene", "lin_ap1_scene")


def test_a_patch_beyond_the_data_window_is_cut(comps):
    _, picture = comps.plate({n: np.zeros((8, 8), np.float16) for n in "RGB"})
    rows, strip = over(picture, comps.patch(Window(6, 6, 20, 20)), PLAIN)
    assert rows == range(6, 8)
    assert (strip["R"][:, 6:] == np.float16(0.25)).all()
    assert over(picture, comps.patch(Window(50, 50, 60, 60)), PLAIN) == (range(0), {})


@pytest.mark.parametrize("value", [16.0, 65504.0, 65520.0, 1e6, -1e6])
def test_bright_fills_stay_finite_and_within_half(comps, value):
    """E5."""
    _, picture = comps.plate({n: np.ones((8, 8), np.float16) for n in "RGB"})
    patch = comps.patch(Window(2, 2, 5, 5), value=value, degrained=value)
    out = comps.write(picture, patch, layers=("patch", "straight", "degrained"))
    got = comps.pixels(out)
    limited = np.float16(np.clip(value, -65504, 65504))
    for name in ("R", "patch.R", "straight.R", "degrained.R"):
        assert got[name][3, 3] == limited
        assert np.isfinite(got[name]).all()


def test_a_float_plate_keeps_its_type_and_range(comps):
    """E5: what a half cannot hold a float can, in the layers too."""
    _, picture = comps.plate({n: np.full((8, 8), 1e9, np.float32) for n in "RGB"})
    patch = comps.patch(Window(2, 2, 5, 5), value=123456.789)
    out = comps.write(picture, patch, layers=("patch", "straight"))
    got = comps.pixels(out)
    assert {got[name][3, 3] for name in ("R", "patch.R", "straight.R")} == {np.float32(123456.789)}
    assert {plane.dtype for plane in got.values()} == {np.dtype(np.float32)}
    assert changed_outside(out, picture, patch, ("patch", "straight")) == 0


def test_nonfinite_plate_pixels_in_a_soft_edge_do_not_spread(comps):
    channels = {n: np.ones((8, 8), np.float16) for n in "RGB"}
    channels["R"] = channels["R"].copy()
    channels["R"][3, 3], channels["R"][3, 4], channels["R"][0, 0] = np.nan, np.inf, np.nan
    _, picture = comps.plate(channels)
    patch = comps.patch(Window(2, 2, 5, 5), alpha=np.full((4, 4), 0.5, np.float32), value=1.0)
    got = comps.pixels(comps.write(picture, patch))["R"]
    assert np.isnan(got[0, 0])
    assert got[3, 3] == got[3, 4] == 0.5
    assert np.isfinite(got[2:6, 2:6]).all()


def test_a_log_plate_is_converted_for_the_fill_alone(comps):
    color = plate_color(
        tag=None, wanted="ARRI LogC4", untagged="linear", config=ColorConfig(), subject="plate"
    )
    _, picture = comps.plate(comps.noise(20, 20))
    patch = comps.patch(Window(5, 5, 14, 14), value=0.18)
    out = comps.write(picture, patch, color=color)
    assert changed_outside(out, picture, patch) == 0
    # LogC4 puts mid-grey at 0.2784. Source: ARRI LogC4 specification, table of code values.
    got = comps.pixels(out)["G"]
    np.testing.assert_allclose(got[5:15, 5:15].astype(float), 0.2784, atol=2e-4)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_only_selected_pixels_are_ever_assigned(data):
    """K1."""
    height, width = data.draw(st.integers(1, 20)), data.draw(st.integers(1, 20))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    bits = rng.integers(0, 65536, (3, height, width), np.uint16)
    planes = dict(zip("RGB", bits.view(np.float16), strict=True))
    window = Window.of_size(width, height, left=-3, top=4)
    picture = Picture(frame=1, subject="p", data_window=window, display_window=window,
                      pixel_aspect=1.0, planes=planes)  # fmt: skip
    box = Window.of_size(rng.integers(1, 25), rng.integers(1, 25), left=-6, top=2)
    alpha = np.where(rng.random(box.shape) < 0.5, 0, rng.random(box.shape)).astype(np.float32)
    patch = Patch(frame=1, box=box, rgb=np.full((*box.shape, 3), 0.5, np.float32), alpha=alpha,
                  seen=np.zeros(box.shape, np.uint16))  # fmt: skip
    rows, strip = over(picture, patch, PLAIN)
    common = box.intersect(window)
    hole = np.zeros((height, width), bool)
    if common is not None:
        hole[window.slices(common)] = alpha[box.slices(common)] > 0
    assert set(np.flatnonzero(hole.any(axis=1))) <= set(rows)
    for name, plane in strip.items():
        before = planes[name][rows.start : rows.stop].view(np.uint16)
        inside = hole[rows.start : rows.stop]
        assert not ((plane.view(np.uint16) != before) & ~inside).any()
        assert np.isfinite(plane[inside]).all()
