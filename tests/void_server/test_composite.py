"""What a compositor checks first: outside the alpha, not one bit of the file has changed."""

from fractions import Fraction

import numpy as np
import OpenEXR
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.errors import ServerError
from ocio.convert import ColorConfig
from void_server.composite import Patch, changed_outside, over, write_comp, write_patch
from void_server.engines.engine import Fill
from void_server.images.exr_header import parse_header
from void_server.images.exr_source import ExrSequence
from void_server.images.picture import Picture
from void_server.images.window import Window
from void_server.plate import PlateColor, plate_color

PLAIN = PlateColor("lin_ap1_scene", "lin_ap1_scene")
MINE = {"job": "0123", "seed": 7}
ALL_HALF = np.arange(65536, dtype=np.uint16).reshape(256, 256).view(np.float16)
"""Every half there is: NaN payloads, infinities, -0 and denormals included."""


def read(studio, locate, path):
    return ExrSequence(studio.sequence([path]), locate).read(1001)


def patch_in(box, *, value=0.25, alpha=None, frame=1001):
    shape = box.shape
    alpha = np.ones(shape, np.float32) if alpha is None else alpha
    return Patch(
        frame=frame,
        box=box,
        rgb=np.full((*shape, 3), value, np.float32),
        alpha=alpha,
        seen=np.full(shape, 3, np.uint16),
    )


def planes_of(path):
    """Every plane of a file as bit patterns, read without any of our code."""
    file = OpenEXR.File(str(path), separate_channels=True)
    return [
        {
            name: channel.pixels.view(f"u{channel.pixels.dtype.itemsize}")
            for name, channel in part.channels.items()
        }
        for part in file.parts
    ]


def differing(before, after):
    """(part, channel) -> mask of differing bits."""
    return {
        (index, name): plane != after[index][name]
        for index, part in enumerate(before)
        for name, plane in part.items()
    }


def nasty_channels():
    rng = np.random.default_rng(1)
    return {
        "R": ALL_HALF,
        "G": ALL_HALF[::-1].copy(),
        "B": np.ascontiguousarray(ALL_HALF.T),
        "A": ALL_HALF[:, ::-1].copy(),
        "depth.Z": rng.integers(0, 2**32, (256, 256), np.uint32).view(np.float32),
        "id.N": rng.integers(0, 2**32, (256, 256), np.uint32),
    }


@pytest.mark.parametrize("codec", ["ZIP", "ZIPS", "PIZ", "NO", "RLE"])
def test_every_bit_pattern_outside_the_alpha_is_kept(studio, locate, codec):
    source = studio.exr("plate.exr", nasty_channels(), compression=codec)
    picture = read(studio, locate, source)
    box = Window(100, 90, 180, 170)
    alpha = np.zeros(box.shape, np.float32)
    alpha[10:60, 5:70] = np.linspace(0.01, 1, 65, dtype=np.float32)
    patch = patch_in(box, alpha=alpha)
    out = studio.folder / "out.exr"
    write_comp(picture, patch, out, color=PLAIN, attributes=MINE)

    hole = np.zeros((256, 256), bool)
    hole[90:171, 100:181] = alpha > 0
    for (_part, name), changed in differing(planes_of(source), planes_of(out)).items():
        allowed = hole if name in "RGB" else np.zeros_like(hole)
        assert not (changed & ~allowed).any(), name
        if name in "RGB":
            assert (changed & hole).sum() > 0.9 * hole.sum()
    assert changed_outside(out, picture, patch) == 0
    assert OpenEXR.File(str(out)).header()["compression"].name == f"{codec}_COMPRESSION"


@pytest.mark.parametrize("codec", ["ZIP", "PIZ", "DWAA"])
def test_the_read_back_counts_every_value_that_changed(studio, locate, codec):
    """The check must be able to fail: values are changed behind its back and must be found."""
    rng = np.random.default_rng(2)
    channels = {n: rng.random((64, 64), np.float32).astype(np.float16) for n in "RGBA"}
    picture = read(studio, locate, studio.exr("plate.exr", channels, compression=codec))
    patch = patch_in(Window(20, 20, 30, 30))
    out = studio.folder / "out.exr"
    write_comp(picture, patch, out, color=PLAIN, attributes={})
    assert changed_outside(out, picture, patch) == 0

    file = OpenEXR.File(str(out), separate_channels=True)
    pixels = {name: channel.pixels.copy() for name, channel in file.channels().items()}
    pixels["R"][0, 0] += 1
    pixels["B"][63, 5] += 1
    pixels["A"][25, 25] += 1
    pixels["G"][25, 25] += 1  # in the hole: allowed
    OpenEXR.File({"compression": OpenEXR.ZIP_COMPRESSION}, pixels).write(str(out))
    assert changed_outside(out, picture, patch) == 3

    del pixels["A"]
    plain = {name: np.asarray(getattr(p, "pixels", p)) for name, p in pixels.items()}
    OpenEXR.File({"compression": OpenEXR.ZIP_COMPRESSION}, plain).write(str(out))
    assert changed_outside(out, picture, patch) == 2 + 64 * 64


def test_rows_stored_from_the_bottom_up_are_kept(studio, locate):
    rng = np.random.default_rng(7)
    channels = {n: rng.random((77, 40), np.float32).astype(np.float16) for n in "RGB"}
    source = studio.exr("plate.exr", channels, lineOrder=OpenEXR.DECREASING_Y)
    picture = read(studio, locate, source)
    patch = patch_in(Window(5, 30, 20, 50))
    out = studio.folder / "out.exr"
    write_comp(picture, patch, out, color=PLAIN, attributes={})
    assert changed_outside(out, picture, patch) == 0
    file = OpenEXR.File(str(out), separate_channels=True)
    assert file.header()["lineOrder"] == OpenEXR.DECREASING_Y
    assert (file.channels()["R"].pixels[30:51, 5:21] == np.float16(0.25)).all()


def test_a_result_can_be_the_plate_of_the_next_job(studio, locate):
    channels = {n: np.ones((40, 40), np.float16) for n in "RGB"}
    first, second = studio.folder / "v001.exr", studio.folder / "v002.exr"
    plate = read(studio, locate, studio.exr("plate.exr", channels))
    write_comp(plate, patch_in(Window(2, 2, 9, 9)), first, color=PLAIN,
               attributes={"job": "one", "note": "x"})  # fmt: skip
    again = read(studio, locate, first)
    patch = patch_in(Window(20, 20, 29, 29), value=0.75)
    write_comp(again, patch, second, color=PLAIN, attributes={"job": "two"})
    assert changed_outside(second, again, patch) == 0
    header = OpenEXR.File(str(second)).header()
    assert header["void/job"] == "two"
    assert "void/note" not in header


def test_an_empty_hole_returns_the_frame_whole(studio, locate):
    source = studio.exr("plate.exr", nasty_channels())
    picture = read(studio, locate, source)
    out = studio.folder / "out.exr"
    write_comp(picture, None, out, color=PLAIN, attributes=MINE)
    assert not any(mask.any() for mask in differing(planes_of(source), planes_of(out)).values())
    assert changed_outside(out, picture, None) == 0


FULL_HEADER = {
    "pixelAspectRatio": 2.0,
    "framesPerSecond": Fraction(24000, 1001),
    "timeCode": OpenEXR.TimeCode(1, 2, 3, 4, True, *([False] * 5), *([0] * 8)),
    "cameraTransform": np.eye(4, dtype=np.float32),
    "worldToCamera": np.eye(4, dtype=np.float32) * 2,
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


def attributes_of(path):
    header = parse_header(path.read_bytes(), path.name)
    return [dict(part.attributes) for part in header.parts]


@pytest.mark.parametrize("hole", [True, False], ids=["hole", "empty"])
def test_every_header_attribute_is_kept_byte_for_byte(studio, locate, hole):
    channels = {n: np.ones((40, 50), np.float16) for n in "RGB"}
    source = studio.exr("plate.exr", channels, **FULL_HEADER)
    out = studio.folder / "out.exr"
    patch = patch_in(Window(5, 5, 20, 20)) if hole else None
    write_comp(read(studio, locate, source), patch, out, color=PLAIN, attributes=MINE)
    (before,), (after,) = attributes_of(source), attributes_of(out)
    ours = {name for name in after if name.startswith("void/")}
    assert ours == {"void/job", "void/seed"}
    assert {name: value for name, value in after.items() if name not in ours} == before


def test_a_tiled_file_keeps_its_tiles_and_attributes(studio, locate):
    rng = np.random.default_rng(4)
    channels = {n: rng.random((70, 90), np.float32).astype(np.float16) for n in "RGBA"}
    tiles = OpenEXR.TileDescription()
    tiles.xSize = tiles.ySize = 32
    header = {
        "compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.tiledimage, "tiles": tiles,
        "cameraTransform": np.eye(4, dtype=np.float32), "owner": "Zoë",
    }  # fmt: skip
    source = studio.folder / "tiled.exr"
    OpenEXR.File(header, channels).write(str(source))
    picture = read(studio, locate, source)
    patch = patch_in(Window(10, 10, 50, 40))
    out = studio.folder / "out.exr"
    write_comp(picture, patch, out, color=PLAIN, attributes=MINE)
    assert changed_outside(out, picture, patch) == 0
    (before,), (after,) = attributes_of(source), attributes_of(out)
    assert {name: v for name, v in after.items() if not name.startswith("void/")} == before
    np.testing.assert_array_equal(
        OpenEXR.File(str(out), separate_channels=True).channels()["R"].pixels[10:41, 10:51],
        np.float16(0.25),
    )


def test_all_parts_of_a_stereo_file_come_back(studio, locate):
    rng = np.random.default_rng(5)

    def planes():
        return {n: rng.random((50, 60), np.float32).astype(np.float16) for n in "RGB"}

    parts = [
        studio.part(planes(), name="left", view="left", owner="l"),
        studio.part(planes(), name="right", view="right", compression="PIZ"),
        studio.part({"Z": rng.random((50, 60), np.float32)}, name="depth", compression="ZIPS"),
    ]
    source = studio.exr_parts("stereo.exr", parts)
    picture = read(studio, locate, source)
    patch = patch_in(Window(20, 20, 39, 29))
    out = studio.folder / "out.exr"
    write_comp(picture, patch, out, color=PLAIN, attributes=MINE)
    changed = differing(planes_of(source), planes_of(out))
    assert {key for key, mask in changed.items() if mask.any()} == {(0, n) for n in "RGB"}
    assert changed_outside(out, picture, patch) == 0
    for before, after in zip(attributes_of(source), attributes_of(out), strict=True):
        assert {name: v for name, v in after.items() if not name.startswith("void/")} == before


@pytest.mark.parametrize("codec", ["DWAA", "DWAB", "B44", "B44A"])
def test_a_codec_that_loses_bits_becomes_zip(studio, locate, codec):
    rng = np.random.default_rng(6)
    channels = {n: rng.random((64, 64), np.float32).astype(np.float16) for n in "RGB"}
    picture = read(studio, locate, studio.exr("plate.exr", channels, compression=codec))
    patch = patch_in(Window(3, 3, 20, 20))
    out = studio.folder / "out.exr"
    write_comp(picture, patch, out, color=PLAIN, attributes={})
    assert OpenEXR.File(str(out)).header()["compression"] == OpenEXR.ZIP_COMPRESSION
    assert changed_outside(out, picture, patch) == 0


def test_a_lossy_frame_without_a_hole_is_not_packed_again(studio, locate):
    rng = np.random.default_rng(6)
    channels = {n: rng.random((64, 64), np.float32).astype(np.float16) for n in "RGB"}
    source = studio.exr("plate.exr", channels, compression="DWAA")
    out = studio.folder / "out.exr"
    write_comp(read(studio, locate, source), None, out, color=PLAIN, attributes=MINE)
    assert OpenEXR.File(str(out)).header()["compression"] == OpenEXR.DWAA_COMPRESSION
    assert not any(mask.any() for mask in differing(planes_of(source), planes_of(out)).values())


@pytest.mark.parametrize(
    ("data", "display"),
    [
        pytest.param((-8, -4, 71, 43), (0, 0, 63, 39), id="overscan"),
        pytest.param((10, 12, 49, 31), (0, 0, 63, 39), id="crop"),
        pytest.param((1000, -500, 1079, -461), (1000, -500, 1063, -470), id="origin-far-off"),
        pytest.param((100, 100, 139, 119), (0, 0, 63, 39), id="outside-the-display"),
    ],
)
def test_windows_come_back_and_the_patch_lands_in_pixel_coordinates(studio, locate, data, display):
    shape = (data[3] - data[1] + 1, data[2] - data[0] + 1)
    channels = {n: np.zeros(shape, np.float16) for n in "RGB"}
    source = studio.exr("plate.exr", channels, data=data, display=display)
    picture = read(studio, locate, source)
    patch = patch_in(Window.of_size(4, 3, left=data[0] + 6, top=data[1] + 9), value=2.0)
    out = studio.folder / "out.exr"
    write_comp(picture, patch, out, color=PLAIN, attributes={})
    file = OpenEXR.File(str(out), separate_channels=True)
    assert [v.tolist() for v in file.header()["dataWindow"]] == [list(data[:2]), list(data[2:])]
    expected = np.zeros(shape, np.float16)
    expected[9:12, 6:10] = 2.0
    np.testing.assert_array_equal(file.channels()["G"].pixels, expected)


def test_a_patch_beyond_the_data_window_is_cut(studio, locate):
    picture = read(
        studio, locate, studio.exr("p.exr", {n: np.zeros((8, 8), np.float16) for n in "RGB"})
    )
    rows, strip = over(picture, patch_in(Window(6, 6, 20, 20)), PLAIN)
    assert rows == range(6, 8)
    assert (strip["R"][:, 6:] == np.float16(0.25)).all()
    assert over(picture, patch_in(Window(50, 50, 60, 60)), PLAIN) == (range(0), {})


@pytest.mark.parametrize("value", [16.0, 65504.0, 65520.0, 1e6, -1e6])
def test_bright_fills_stay_finite_and_within_half(studio, locate, value):
    picture = read(
        studio, locate, studio.exr("p.exr", {n: np.ones((8, 8), np.float16) for n in "RGB"})
    )
    out = studio.folder / "out.exr"
    patch = patch_in(Window(2, 2, 5, 5), value=value)
    write_comp(picture, patch, out, color=PLAIN, attributes={})
    got = OpenEXR.File(str(out), separate_channels=True).channels()["R"].pixels
    assert got[3, 3] == np.float16(np.clip(value, -65504, 65504))
    assert np.isfinite(got).all()


def test_nonfinite_plate_pixels_in_a_soft_edge_do_not_spread(studio, locate):
    channels = {n: np.ones((8, 8), np.float16) for n in "RGB"}
    channels["R"] = channels["R"].copy()
    channels["R"][3, 3], channels["R"][3, 4], channels["R"][0, 0] = np.nan, np.inf, np.nan
    picture = read(studio, locate, studio.exr("p.exr", channels))
    patch = patch_in(Window(2, 2, 5, 5), alpha=np.full((4, 4), 0.5, np.float32), value=1.0)
    out = studio.folder / "out.exr"
    write_comp(picture, patch, out, color=PLAIN, attributes={})
    got = OpenEXR.File(str(out), separate_channels=True).channels()["R"].pixels
    assert np.isnan(got[0, 0])
    assert got[3, 3] == got[3, 4] == 0.5
    assert np.isfinite(got[2:6, 2:6]).all()


def test_a_float_plate_keeps_its_type_and_range(studio, locate):
    channels = {n: np.full((8, 8), 1e9, np.float32) for n in "RGB"}
    picture = read(studio, locate, studio.exr("p.exr", channels))
    patch = patch_in(Window(2, 2, 5, 5), value=123456.789)
    out = studio.folder / "out.exr"
    write_comp(picture, patch, out, color=PLAIN, attributes={})
    got = OpenEXR.File(str(out), separate_channels=True).channels()["R"].pixels
    assert got.dtype == np.float32
    assert got[3, 3] == np.float32(123456.789)
    assert changed_outside(out, picture, patch) == 0


def test_a_log_plate_is_converted_for_the_fill_alone(studio, locate):
    color = plate_color(
        tag=None, wanted="ARRI LogC4", untagged="linear", config=ColorConfig(), subject="plate"
    )
    rng = np.random.default_rng(8)
    channels = {n: rng.random((20, 20), np.float32).astype(np.float16) for n in "RGB"}
    picture = read(studio, locate, studio.exr("p.exr", channels))
    patch = patch_in(Window(5, 5, 14, 14), value=0.18)
    out = studio.folder / "out.exr"
    write_comp(picture, patch, out, color=color, attributes={})
    got = OpenEXR.File(str(out), separate_channels=True).channels()["G"].pixels
    assert changed_outside(out, picture, patch) == 0
    # LogC4 puts mid-grey at 0.2784. Source: ARRI LogC4 specification, table of code values.
    np.testing.assert_allclose(got[5:15, 5:15].astype(float), 0.2784, atol=2e-4)


def test_the_patch_file_is_premultiplied_with_alpha_and_confidence(studio, locate):
    channels = {n: np.ones((40, 60), np.float16) for n in "RGB"}
    picture = read(
        studio, locate, studio.exr("p.exr", channels, display=(0, 0, 79, 49), pixelAspectRatio=2.0)
    )
    alpha = np.linspace(0, 1, 10, dtype=np.float32)[None, :].repeat(4, axis=0)
    patch = patch_in(Window(30, 20, 39, 23), value=8.0, alpha=alpha)
    out = studio.folder / "patch.exr"
    write_patch(picture, patch, out, color=PLAIN, attributes=MINE)
    file = OpenEXR.File(str(out), separate_channels=True)
    header, got = file.header(), {n: c.pixels for n, c in file.channels().items()}
    assert set(got) == {"R", "G", "B", "A", "confidence.Y"}
    np.testing.assert_array_equal(got["A"], alpha.astype(np.float16))
    np.testing.assert_allclose(got["R"], 8.0 * alpha, rtol=1e-3)
    assert (got["confidence.Y"] == np.where(alpha > 0, 3, 0)).all()
    assert [v.tolist() for v in header["dataWindow"]] == [[30, 20], [39, 23]]
    assert [v.tolist() for v in header["displayWindow"]] == [[0, 0], [79, 49]]
    assert [v.tolist() for v in header["originalDataWindow"]] == [[0, 0], [59, 39]]
    assert header["pixelAspectRatio"] == 2.0
    assert header["colorInteropID"] == "lin_ap1_scene"


def test_a_frame_without_a_hole_gives_a_transparent_patch(studio, locate):
    channels = {n: np.ones((4, 4), np.float16) for n in "RGB"}
    out = studio.folder / "patch.exr"
    picture = read(studio, locate, studio.exr("p.exr", channels))
    write_patch(picture, None, out, color=PLAIN, attributes={})
    got = OpenEXR.File(str(out), separate_channels=True).channels()
    assert all(channel.pixels.tolist() == [[0.0]] for channel in got.values())


CANVAS = Window(-5, 2, 14, 11)


def fill_of(top, left, shape, value=1.0):
    return Fill(frame=7, top=top, left=left, rgb=np.full((*shape, 3), value, np.float32),
                seen=np.ones(shape, np.uint16))  # fmt: skip


def test_a_fill_becomes_a_patch_in_pixel_coordinates():
    alpha = np.ones((3, 4), np.float32)
    patch = Patch.of(
        fill_of(1, 1, (8, 8)), canvas=CANVAS, hole_box=Window(-3, 4, 0, 6), alpha=alpha
    )
    assert patch.box == Window(-3, 4, 0, 6)
    assert patch.rgb.shape == (3, 4, 3)


@pytest.mark.parametrize(
    ("fill", "message"),
    [
        pytest.param(fill_of(0, 0, (3, 3)), "does not cover the hole", id="too-small"),
        pytest.param(fill_of(8, 15, (2, 2)), "does not cover the hole", id="elsewhere"),
        pytest.param(fill_of(0, 0, (10, 20), np.nan), "NaN or Inf", id="nan"),
        pytest.param(fill_of(0, 0, (10, 20), np.inf), "NaN or Inf", id="inf"),
    ],
)
def test_an_unusable_fill_is_the_engines_fault(fill, message):
    with pytest.raises(ServerError, match=message) as caught:
        Patch.of(
            fill, canvas=CANVAS, hole_box=Window(-3, 4, 0, 6), alpha=np.ones((3, 4), np.float32)
        )
    assert caught.value.subject == "frame 7"


def test_nan_outside_the_hole_does_not_matter():
    fill = fill_of(0, 0, (10, 20))
    fill.rgb[0, 0] = np.nan
    alpha = np.ones((3, 4), np.float32)
    Patch.of(fill, canvas=CANVAS, hole_box=Window(-3, 4, 0, 6), alpha=alpha)


def test_pictures_that_are_no_exr_are_compared_and_written_too(studio):
    rng = np.random.default_rng(9)
    window = Window.of_size(30, 20)
    planes = {n: rng.random((20, 30), np.float32).astype(np.float16) for n in "RGB"}
    picture = Picture(
        frame=5, subject="movie frame 5", data_window=window, display_window=window,
        pixel_aspect=1.0, planes=planes, rate=Fraction(25), timecode="10:00:00:05",
    )  # fmt: skip
    patch = patch_in(Window(3, 3, 9, 9))
    out = studio.folder / "out.exr"
    write_comp(picture, patch, out, color=PLAIN, attributes=MINE)
    header = OpenEXR.File(str(out)).header()
    assert changed_outside(out, picture, patch) == 0
    assert changed_outside(out, picture, None) == 3 * 49
    assert header["colorInteropID"] == "lin_ap1_scene"
    assert header["framesPerSecond"] == Fraction(25)
    assert header["timeCode"].frame == 5


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_only_selected_pixels_are_ever_assigned(data):
    height, width = data.draw(st.integers(1, 20)), data.draw(st.integers(1, 20))
    seed = data.draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    bits = rng.integers(0, 65536, (3, height, width), np.uint16)
    planes = dict(zip("RGB", bits.view(np.float16), strict=True))
    window = Window.of_size(width, height, left=-3, top=4)
    picture = Picture(frame=1, subject="p", data_window=window, display_window=window,
                      pixel_aspect=1.0, planes=planes)  # fmt: skip
    box = Window.of_size(rng.integers(1, 25), rng.integers(1, 25), left=-6, top=2)
    alpha = np.where(rng.random(box.shape) < 0.5, 0, rng.random(box.shape)).astype(np.float32)
    rows, strip = over(picture, patch_in(box, alpha=alpha, value=0.5), PLAIN)
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
