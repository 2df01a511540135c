from fractions import Fraction

import numpy as np
import OpenEXR
import pytest

from bridge.errors import RequestError
from void_server.images import exr
from void_server.images.exr_header import parse_header
from void_server.images.window import Window

AP1 = (0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767)


def decode(path):
    data = path.read_bytes()
    return exr.decode(data, parse_header(data, path.name), frame=1001, subject=path.name)


def ramp(height=30, width=20, dtype=np.float16):
    return np.arange(height * width).reshape(height, width).astype(dtype)


def test_channels_are_read_in_their_own_type_and_by_name(studio):
    channels = {
        "B": ramp(),
        "G": ramp(dtype=np.float32),
        "R": ramp(),
        "id": np.full((30, 20), 4_000_000_001, np.uint32),
    }
    picture = decode(studio.exr("a.exr", channels))
    assert {name: plane.dtype for name, plane in picture.planes.items()} == {
        name: plane.dtype for name, plane in channels.items()
    }
    for name, plane in channels.items():
        np.testing.assert_array_equal(picture.channel(name), plane)


def test_the_main_part_is_the_first_with_rgb(studio):
    depth = studio.part({"Z": ramp(dtype=np.float32)}, name="depth")
    beauty = studio.part({name: ramp() for name in "RGB"}, name="beauty")
    picture = decode(studio.exr_parts("m.exr", [depth, beauty]))
    assert picture.exr.main == 1
    assert picture.rgb_names() == ("R", "G", "B")


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75, 0.999])
@pytest.mark.parametrize("codec", ["ZIP", "ZIPS", "PIZ", "NO", "DWAA"])
def test_a_truncated_frame_is_named(studio, capfd, codec, share):
    rng = np.random.default_rng(1)
    noise = {name: rng.random((270, 64), np.float32).astype(np.float16) for name in "RGB"}
    path = studio.exr("plate.1033.exr", noise, compression=codec)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(RequestError, match=r"plate\.1033\.exr: the EXR file is damaged") as caught:
        decode(path)
    assert caught.value.code == "corrupt"
    capfd.readouterr()


def test_a_corrupt_chunk_is_named(studio, capfd):
    rng = np.random.default_rng(1)
    noise = {name: rng.random((64, 64), np.float32).astype(np.float16) for name in "RGB"}
    path = studio.exr("plate.1033.exr", noise)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 40] = bytes(40)
    path.write_bytes(bytes(data))
    with pytest.raises(RequestError, match=r"plate\.1033\.exr.*cut short or corrupt"):
        decode(path)
    capfd.readouterr()


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        pytest.param({}, None, id="silent"),
        pytest.param({"colorInteropID": "lin_ap1_scene"}, "lin_ap1_scene", id="interop-id"),
        pytest.param({"colorInteropID": "unknown"}, None, id="unknown"),
        pytest.param({"acesImageContainerFlag": 1}, "lin_ap0_scene", id="aces-container"),
        pytest.param({"chromaticities": AP1}, "lin_ap1_scene", id="chromaticities"),
        pytest.param(
            {"colorInteropID": "lin_rec709_scene", "chromaticities": AP1}, "lin_rec709_scene",
            id="id-before-chromaticities",
        ),
    ],
)  # fmt: skip
def test_the_colour_tag_is_read_in_the_order_of_the_recommendation(studio, header, expected):
    assert decode(studio.exr("a.exr", {n: ramp() for n in "RGB"}, **header)).colorspace == expected


def test_a_new_file_carries_windows_aspect_rate_and_timecode(tmp_path):
    data = exr.encode_new(
        {name: ramp(4, 6) for name in "RGB"},
        data_window=Window(2, 3, 7, 6),
        display_window=Window(0, 0, 9, 9),
        pixel_aspect=2.0,
        rate=Fraction(30000, 1001),
        timecode="01:00:00;02",
        original_data_window=Window(0, 0, 9, 9),
        attributes={"colorInteropID": "lin_rec709_scene", "void/seed": 7, "void/ev": 0.5},
    )
    path = tmp_path / "new.exr"
    path.write_bytes(data)
    header = OpenEXR.File(str(path)).header()
    assert [v.tolist() for v in header["dataWindow"]] == [[2, 3], [7, 6]]
    assert [v.tolist() for v in header["displayWindow"]] == [[0, 0], [9, 9]]
    assert [v.tolist() for v in header["originalDataWindow"]] == [[0, 0], [9, 9]]
    assert header["pixelAspectRatio"] == 2.0
    assert header["framesPerSecond"] == Fraction(30000, 1001)
    timecode = header["timeCode"]
    assert (timecode.hours, timecode.seconds, timecode.frame) == (1, 0, 2)
    assert timecode.dropFrame
    assert (header["void/seed"], header["void/ev"]) == (7, 0.5)
    assert OpenEXR.checkColorMetadata(header) == OpenEXR.OK


@pytest.mark.parametrize("label", ["10:00:00:12", "10:00:00:47"])
def test_above_30_frames_a_second_no_new_file_has_a_timecode(tmp_path, label):
    window = Window(0, 0, 5, 3)
    data = exr.encode_new(
        {"Y": ramp(4, 6)}, data_window=window, display_window=window,
        rate=Fraction(60000, 1001), timecode=label, attributes={},
    )  # fmt: skip
    (tmp_path / "a.exr").write_bytes(data)
    assert "timeCode" not in OpenEXR.File(str(tmp_path / "a.exr")).header()


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (9, 1), (17, 33), (3, 20000)])
def test_odd_sizes_come_back(studio, size):
    planes = {name: ramp(*size) for name in "RGB"}
    picture = decode(studio.exr("odd.exr", planes))
    assert picture.data_window.shape == size
    np.testing.assert_array_equal(picture.channel("R"), planes["R"])


def test_threads_change_nothing_but_the_time(studio):
    path = studio.exr("a.exr", {name: ramp(100, 50) for name in "RGB"})
    single = decode(path).channel("R")
    exr.set_threads(2)
    try:
        np.testing.assert_array_equal(decode(path).channel("R"), single)
    finally:
        exr.set_threads(0)
