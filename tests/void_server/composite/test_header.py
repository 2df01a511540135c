"""E1, E3, E4: what a file says of itself."""

from fractions import Fraction

import numpy as np
import OpenEXR
import pytest

from ocio.convert import ColorConfig
from void_server.images.picture import Picture
from void_server.images.window import Window
from void_server.patch_file import write_patch_file
from void_server.plate import plate_color
from void_server.read_back import changed_outside

LAYERS = ("comp", "patch", "matte")
AP1 = (0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767)
FULL_HEADER = {
    "pixelAspectRatio": 2.0,
    "framesPerSecond": Fraction(24000, 1001),
    "timeCode": OpenEXR.TimeCode(1, 2, 3, 4, True, *([False] * 5), *([0] * 8)),
    "cameraTransform": np.eye(4, dtype=np.float32),
    "worldToCamera": np.eye(4, dtype=np.float32) * 2,
    "chromaticities": AP1,
    "colorInteropID": "lin_ap1_scene",
    "owner": "Zoë 撮影",
    "comments": "",
    "capDate": "2026:01:02 03:04:05",
    "whiteLuminance": 100.0,
    "adoptedNeutral": np.array([0.3, 0.31], np.float32),
    "nuke__version": "16.0v1",
    "input__frame": 1001,
    "arnold__note": "x" * 40,
    "multiView": ["left", "right"],
    "screenWindowWidth": 1.5,
    "isoSpeed": 800.0,
    "reelName": "A001C003",
    "imageCounter": 12,
}


@pytest.mark.parametrize("codec", ["ZIP", "DWAA"], ids=["copied", "encoded-anew"])
@pytest.mark.parametrize("layers", [(), LAYERS], ids=["plain", "layers"])
@pytest.mark.parametrize("hole", [True, False], ids=["hole", "empty"])
def test_every_header_attribute_is_kept_byte_for_byte(comps, hole, layers, codec):
    """E1, with cameraTransform: nothing is lost or changed but what must be."""
    channels = {n: np.ones((40, 50), np.float16) for n in "RGB"}
    source, picture = comps.plate(channels, compression=codec, **FULL_HEADER)
    patch = comps.patch(Window(5, 5, 20, 20)) if hole else None
    out = comps.write(picture, patch, layers=layers)
    (before,), (after,) = comps.attributes(source), comps.attributes(out)
    assert {name for name in comps.header(out) if name[:5] == "void/"} == {"void/job", "void/seed"}
    if codec == "DWAA" and (hole or layers):
        del before["compression"], after["compression"]
    if layers:
        # The plate's own entries are kept byte for byte in the longer list.
        listed, extended = before.pop("channels").value, after.pop("channels").value
        assert all(listed[at : at + 18] in extended for at in range(0, len(listed) - 1, 18))
    assert after == before


def test_a_result_can_be_the_plate_of_the_next_job(comps):
    channels = {n: np.ones((40, 40), np.float16) for n in "RGB"}
    _, plate = comps.plate(channels)
    first = comps.write(
        plate, comps.patch(Window(2, 2, 9, 9)), attributes={"job": "1", "note": "x"}
    )
    again = comps.read(first.rename(comps.folder / "v001.exr"))
    patch = comps.patch(Window(20, 20, 29, 29), value=0.75)
    second = comps.write(again, patch, attributes={"job": "two"})
    assert changed_outside(second, again, patch) == 0
    assert comps.header(second)["void/job"] == "two"
    assert "void/note" not in comps.header(second)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(7, 7), (2**31 - 1, 2**31 - 1), (2**31, str(2**31)), (-(2**40), str(-(2**40))),
     (0.5, 0.5), (True, 1), ("Zoë", "Zoë")],
)  # fmt: skip
@pytest.mark.parametrize("codec", ["ZIP", "DWAA"], ids=["copied", "encoded-anew"])
def test_our_attributes_take_any_value(comps, value, expected, codec):
    """A seed may be larger than what an attribute can hold as a number."""
    _, picture = comps.plate(comps.noise(8, 8), compression=codec)
    out = comps.write(picture, comps.patch(Window(2, 2, 5, 5)), attributes={"seed": value})
    assert comps.header(out)["void/seed"] == expected


@pytest.mark.parametrize("layers", [(), LAYERS], ids=["plain", "layers"])
@pytest.mark.parametrize(
    ("data", "display"),
    [
        pytest.param((-8, -4, 71, 43), (0, 0, 63, 39), id="overscan"),
        pytest.param((10, 12, 49, 31), (0, 0, 63, 39), id="crop"),
        pytest.param((1000, -500, 1079, -461), (1000, -500, 1063, -470), id="origin-far-off"),
        pytest.param((100, 100, 139, 119), (0, 0, 63, 39), id="outside-the-display"),
    ],
)
def test_windows_come_back_and_the_patch_lands_in_pixel_coordinates(comps, data, display, layers):
    """E3."""
    shape = (data[3] - data[1] + 1, data[2] - data[0] + 1)
    _, picture = comps.plate({n: np.zeros(shape, np.float16) for n in "RGB"}, data=data,
                             display=display)  # fmt: skip
    patch = comps.patch(Window.of_size(4, 3, left=data[0] + 6, top=data[1] + 9), value=2.0)
    out = comps.write(picture, patch, layers=layers)
    header = comps.header(out)
    assert [v.tolist() for v in header["dataWindow"]] == [list(data[:2]), list(data[2:])]
    assert [v.tolist() for v in header["displayWindow"]] == [list(display[:2]), list(display[2:])]
    expected = np.zeros(shape, np.float16)
    expected[9:12, 6:10] = 1.0
    got = comps.pixels(out)
    np.testing.assert_array_equal(got["G"], 2 * expected)
    if layers:
        np.testing.assert_array_equal(got["patch.G"], 2 * expected)
        np.testing.assert_array_equal(got["matte.A"], expected)


@pytest.mark.parametrize("layers", [(), LAYERS], ids=["plain", "layers"])
def test_a_data_window_that_differs_from_frame_to_frame_is_each_frames_own(comps, layers):
    """E3: the patch stays where it is while the window moves under it."""
    patch = comps.patch(Window(10, 8, 13, 9), value=2.0)
    for n in range(3):
        data = (4 * n, n, 4 * n + 19, n + 9)
        _, picture = comps.plate({c: np.zeros((10, 20), np.float16) for c in "RGB"}, data=data,
                                 display=(0, 0, 31, 23))  # fmt: skip
        out = comps.write(picture, patch, layers=layers)
        assert [v.tolist() for v in comps.header(out)["dataWindow"]] == [
            list(data[:2]), list(data[2:])]  # fmt: skip
        top, left = 8 - n, 10 - 4 * n
        expected = np.zeros((10, 20), np.float16)
        expected[top : top + 2, left : left + 4] = 2.0
        for name in ("R", "patch.R")[: 1 + bool(layers)]:
            np.testing.assert_array_equal(comps.pixels(out)[name], expected)


def test_a_patch_beyond_the_data_window_is_cut_in_every_kind(comps):
    """E3: what lies outside the frame's own data window is in no file."""
    _, picture = comps.plate({n: np.zeros((8, 8), np.float16) for n in "RGB"})
    inside, outside = Window(6, 6, 20, 20), Window(50, 50, 60, 60)
    for box, count in ((inside, 4), (outside, 0)):
        out = comps.write(picture, comps.patch(box), layers=LAYERS)
        got = comps.pixels(out)
        assert [int((got[n] != 0).sum()) for n in ("R", "patch.R", "matte.A")] == [count] * 3


KINDS = ("patch", "straight", "degrained", "matte")


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_in_another_space_than_its_plate_says_so(comps, kind):
    """E4: the plate's tag and chromaticities are not carried over, and nothing contradicts."""
    color = plate_color(
        tag=None, wanted="ARRI LogC4", untagged="linear", config=ColorConfig(), subject="plate"
    )
    _, picture = comps.plate(comps.noise(20, 20), colorInteropID="ocio:arri_logc4",
                             chromaticities=AP1, acesImageContainerFlag=0)  # fmt: skip
    out = comps.folder / "kind.exr"
    patch = comps.patch(Window(5, 5, 9, 9))
    write_patch_file(kind, picture, patch, out, color=color, attributes=comps.mine)
    header = comps.header(out)
    assert header["colorInteropID"] == ("data" if kind == "matte" else color.linear)
    assert color.linear != "ocio:arri_logc4"
    assert not {"chromaticities", "acesImageContainerFlag"} & set(header)
    assert OpenEXR.checkColorMetadata(header) == OpenEXR.OK


@pytest.fixture
def nameless(tmp_path):
    """A colour in a space that one show's config knows and no standard does."""
    (tmp_path / "show.ocio").write_text(
        "ocio_profile_version: 2\nroles: {default: raw, scene_linear: show_linear}\n"
        "displays: {sRGB: [!<View> {name: Raw, colorspace: raw}]}\n"
        "colorspaces:\n  - !<ColorSpace> {name: show_linear, encoding: scene-linear}\n"
        "  - !<ColorSpace> {name: raw, isdata: true}\n"
    )
    config = ColorConfig(str(tmp_path / "show.ocio"))
    return plate_color(
        tag=None, wanted="show_linear", untagged="linear", config=config, subject="plate"
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_that_no_standard_knows_is_no_tag(comps, nameless, kind):
    assert nameless.linear == "show_linear"
    _, picture = comps.plate(comps.noise(20, 20))
    out = comps.folder / "kind.exr"
    write_patch_file(
        kind, picture, comps.patch(Window(5, 5, 9, 9)), out, color=nameless, attributes=comps.mine
    )
    assert comps.header(out).get("colorInteropID") == ("data" if kind == "matte" else None)


def test_nor_is_it_one_of_a_comp_that_was_no_exr(comps, nameless):
    window = Window.of_size(30, 20)
    picture = Picture(
        frame=5, subject="movie frame 5", data_window=window, display_window=window,
        pixel_aspect=1.0, planes=comps.noise(20, 30),
    )  # fmt: skip
    out = comps.write(picture, comps.patch(Window(3, 3, 9, 9)), color=nameless)
    assert "colorInteropID" not in comps.header(out)


def test_a_comp_in_its_plates_space_keeps_the_tag(comps):
    """E4: nothing changed the colour of an EXR comp, so nothing changes what it says."""
    _, picture = comps.plate(comps.noise(8, 8), colorInteropID="lin_ap1_scene", chromaticities=AP1)
    header = comps.header(comps.write(picture, comps.patch(Window(1, 1, 3, 3))))
    assert header["colorInteropID"] == "lin_ap1_scene"
    assert header["chromaticities"] == pytest.approx(AP1)


def test_a_comp_that_was_no_exr_says_the_space_it_was_converted_to(comps):
    """E4."""
    window = Window.of_size(30, 20)
    picture = Picture(
        frame=5, subject="movie frame 5", data_window=window, display_window=window,
        pixel_aspect=1.0, planes=comps.noise(20, 30), rate=Fraction(25), timecode="10:00:00:05",
    )  # fmt: skip
    patch = comps.patch(Window(3, 3, 9, 9))
    for layers in ((), LAYERS):
        out = comps.write(picture, patch, layers=layers)
        header = comps.header(out)
        assert changed_outside(out, picture, patch, layers) == 0
        assert header["colorInteropID"] == "lin_ap1_scene"
        assert header["framesPerSecond"] == Fraction(25)
        assert header["timeCode"].frame == 5
        assert OpenEXR.checkColorMetadata(header) == OpenEXR.OK
