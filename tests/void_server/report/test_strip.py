import tracemalloc
from collections.abc import Mapping
from dataclasses import replace

import cv2
import msgspec
import numpy as np
import pytest

from ocio.convert import ColorConfig
from void_server.images.picture import ExrSource, Picture
from void_server.images.window import Window
from void_server.patch import Patch
from void_server.plate import PlateColor, plate_color
from void_server.report.strip import Cells, Strip

LINEAR = PlateColor("", "")
SIZE = Window.of_size(640, 360)
SMALL = Window.of_size(2, 2)
HOLE = Window.of_size(40, 30, left=300, top=100)


def frame(value: float = 0.18, *, number: int = 1001, data=SIZE, display=SIZE, **changes):
    planes = {name: np.full(data.shape, value, np.float16) for name in "RGB"}
    values = {"subject": "plate.1001.exr", "pixel_aspect": 1.0, "planes": planes}
    return Picture(frame=number, data_window=data, display_window=display, **{**values, **changes})


def patch(value: float = 0.5, *, box: Window = HOLE, seen: int = 0, number: int = 1001) -> Patch:
    return Patch(
        frame=number,
        box=box,
        rgb=np.full((*box.shape, 3), value, np.float32),
        alpha=np.ones(box.shape, np.float32),
        seen=np.full(box.shape, seen, np.uint16),
    )


def shown(strip: Strip, band: str) -> Mapping[str, np.ndarray]:
    """(h, w, 3) RGB by caption."""
    return {
        tile.caption: cv2.imdecode(np.frombuffer(tile.image, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
        for tile in strip.tiles
        if tile.band == band
    }


def strip_of(picture, over, **evidence) -> Strip:
    return Cells(picture, over, color=LINEAR, evidence=evidence).strip()


def srgb(light: float) -> int:
    """Source: IEC 61966-2-1, the curve of sRGB, as 8 bit."""
    return round(
        255 * (12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055)
    )


def test_a_small_hole_is_shown_in_the_whole_frame_and_closer():
    strip = strip_of(frame(), patch())
    five = ["plate", "matte", "patch", "comp", "difference x8"]
    assert list(shown(strip, "frame")) == five
    assert list(shown(strip, "detail")) == [*five, "confidence"]
    whole, close = (shown(strip, band)["matte"][..., 0] > 127 for band in ("frame", "detail"))
    assert close.mean() > 5 * whole.mean() > 0


def test_a_hole_as_large_as_the_frame_is_shown_once():
    strip = strip_of(frame(), patch(box=Window.of_size(600, 340)))
    assert shown(strip, "detail") == {}
    assert "confidence" in shown(strip, "frame")


def test_the_pictures_are_what_an_srgb_viewer_shows():
    close = shown(strip_of(frame(0.18), patch(0.5)), "detail")
    middle = (close["plate"].shape[0] // 2, close["plate"].shape[1] // 2)
    assert abs(int(close["plate"][middle][0]) - srgb(0.18)) <= 2
    assert abs(int(close["comp"][middle][0]) - srgb(0.5)) <= 2
    assert abs(int(close["patch"][middle][0]) - srgb(0.5)) <= 2
    assert abs(int(close["comp"][2, 2][0]) - srgb(0.18)) <= 2


def test_a_highlight_clips_and_is_not_rolled_off():
    assert shown(strip_of(frame(1.0), patch()), "frame")["plate"].min() >= 253
    assert shown(strip_of(frame(40.0), patch()), "frame")["plate"].min() == 255


def test_the_difference_is_of_display_values_times_eight_and_black_outside_the_hole():
    light = 0.2
    close = shown(strip_of(frame(light), patch(light * 1.05)), "detail")
    difference, matte = close["difference x8"][..., 0], close["matte"][..., 0]
    exact = 8 * 255 * (1.055 * (light * 1.05) ** (1 / 2.4) - 1.055 * light ** (1 / 2.4))
    assert abs(int(difference[matte == 255][0]) - exact) <= 3
    assert difference[matte == 0].max() == 0


@pytest.mark.parametrize(("seen", "color"), [(0, (230, 126, 34)), (8, (64, 156, 255))])
def test_confidence_is_orange_where_invented_and_blue_where_seen(seen, color):
    confidence = shown(strip_of(frame(), patch(seen=seen)), "detail")["confidence"]
    middle = confidence[confidence.shape[0] // 2, confidence.shape[1] // 2]
    assert middle.tolist() == list(color)
    assert confidence[0, 0].tolist() == [0, 0, 0]


def test_an_engines_own_pictures_are_no_larger():
    own = {"what the model saw": np.full((768, 1344, 3), 90, np.uint8)}
    origin = shown(Cells(frame(), patch(), color=LINEAR, evidence=own).strip(), "origin")
    assert list(origin) == ["what the model saw"]
    assert origin["what the model saw"].shape == (219, 384, 3)


def test_an_engine_that_shows_no_picture_is_told_so():
    with pytest.raises(ValueError, match="uint8"):
        strip_of(frame(), patch(), saw=np.zeros((4, 4), np.float32))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, -3.0, 65504.0])
def test_any_number_in_the_plate_can_be_shown(value):
    strip = strip_of(frame(value), patch())
    assert {tile.band for tile in strip.tiles} == {"frame", "detail"}


def test_what_the_fill_holds_outside_the_hole_does_not_show():
    over = patch(0.18)
    over.rgb[:, :20] = np.nan
    over.alpha[:, :20] = 0
    close = shown(strip_of(frame(0.18), over), "detail")
    assert close["difference x8"].max() == 0


def test_overscan_and_a_crop_are_shown_where_they_lie():
    overscan = frame(data=SIZE.grown(80))
    assert shown(strip_of(overscan, patch()), "frame")["plate"].shape == (250, 384, 3)
    crop = frame(data=Window.of_size(320, 360))
    plate = shown(strip_of(crop, patch(box=HOLE.shifted(-100, 0))), "frame")["plate"]
    assert plate[:, :180].min() > 100
    assert plate[:, 200:].max() < 8


def test_an_anamorphic_frame_is_shown_unsqueezed():
    squeezed = frame(pixel_aspect=2.0)
    assert shown(strip_of(squeezed, patch()), "frame")["plate"].shape == (108, 384, 3)


def test_a_log_plate_is_shown_as_its_light():
    color = plate_color(
        tag="ARRI LogC4", wanted="", untagged="linear", config=ColorConfig(), subject="plate"
    )
    code = frame(0.278)  # mid-grey in LogC4
    exr = ExrSource(data=b"", header=None, parts=[code.planes], main=0)
    strip = Cells(replace(code, exr=exr), patch(0.18), color=color).strip()
    close = shown(strip, "detail")
    assert abs(int(close["plate"][2, 2][0]) - srgb(0.18)) <= 3


@pytest.mark.parametrize(("width", "height"), [(10**9, 1), (1, 10**9), (5 * 10**7, 32)])
def test_a_window_without_sense_costs_no_memory(width, height):
    window = Window.of_size(width, height)
    tracemalloc.start()
    strip = strip_of(frame(data=Window.of_size(2, 2), display=window), patch(box=SMALL))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert strip.tiles
    assert peak < 64 << 20


def test_a_held_frame_is_shown_under_its_own_number():
    assert strip_of(frame(number=1000), patch(number=1001)).frame == 1001


def test_the_png_holds_every_picture_in_a_row_for_each_band():
    own = {"saw": np.zeros((384, 672, 3), np.uint8)}
    cells = Cells(frame(), patch(), color=LINEAR, evidence=own)
    png = cv2.imdecode(np.frombuffer(cells.png(), np.uint8), cv2.IMREAD_COLOR)
    assert png.shape == (12 + 2 * (30 + 216 + 12) + (30 + 219) + 12, 12 + 6 * (384 + 12), 3)


def test_a_strip_outlives_being_written_to_disk():
    strip = strip_of(frame(), patch())
    assert msgspec.json.decode(msgspec.json.encode(strip), type=Strip) == strip
