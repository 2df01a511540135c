import numpy as np
import OpenEXR
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.errors import RequestError, ServerError
from bridge.shot import Matte, Sequence
from ocio.convert import ColorConfig
from void_server.composite import write_comp
from void_server.engines.engine import Fill
from void_server.footage import ShotFootage
from void_server.images.window import Window
from void_server.read_back import changed_outside

CONFIG = ColorConfig()


def footage_of(shot, locate, *, grow=2.0, feather=1.0, **values):
    return ShotFootage(shot, locate=locate, grow=grow, feather=feather, config=CONFIG, **values)


def fill_for(footage, frame, value=0.5):
    return Fill(
        frame=frame,
        top=0,
        left=0,
        rgb=np.full((*footage.size, 3), value, np.float32),
        seen=np.ones(footage.size, np.uint16),
    )


def test_the_engine_sees_plates_holes_and_what_is_foreign(studio, locate):
    shot = studio.shot(studio.plates(3), studio.mattes(3, box=(8, 8, 15, 15)))
    with footage_of(shot, locate) as footage:
        footage.prepare()
        assert footage.frames == (1001, 1002, 1003)
        assert footage.size == (24, 32)
        assert footage.plate(1002).dtype == np.float32
        hole = footage.hole(1002)
        assert hole[8:16, 8:16].all()
        assert hole.sum() < 14 * 14
        np.testing.assert_array_equal(footage.foreign(1002), hole)
        np.testing.assert_array_equal(footage.alpha(1002) > 0, hole)


def test_a_sequence_of_frames_goes_through_and_only_the_hole_changes(studio, locate):
    shot = studio.shot(studio.plates(2), studio.mattes(2))
    with footage_of(shot, locate) as footage:
        footage.prepare()
        for frame in footage.frames:
            patch = footage.patch(fill_for(footage, frame))
            out = studio.folder / f"comp.{frame}.exr"
            write_comp(footage.picture(frame), patch, out, color=footage.color, attributes={})
            assert changed_outside(out, footage.picture(frame), patch) == 0
            got = OpenEXR.File(str(out), separate_channels=True).channels()["R"].pixels
            assert got[11, 11] == 0.5
            assert footage.source_file(frame).name == f"plate.{frame}.exr"


def test_the_canvas_is_the_union_of_data_windows(studio, locate):
    paths = [
        studio.exr(f"p.{n}.exr", {c: np.full((10, 20), n, np.float16) for c in "RGB"},
                   data=(4 * n, n, 4 * n + 19, n + 9), display=(0, 0, 31, 23))
        for n in range(3)
    ]  # fmt: skip
    matte = studio.mattes(3, box=(0, 0, 31, 23))
    shot = studio.shot(studio.sequence(paths), matte, frames=(1001, 1003))
    with footage_of(shot, locate) as footage:
        footage.prepare()
        assert footage.canvas == Window(0, 0, 27, 11)
        assert footage.size == (12, 28)
        plate, hole = footage.plate(1003), footage.hole(1003)
        inside = np.zeros(footage.size, bool)
        inside[2:12, 8:28] = True
        np.testing.assert_array_equal(plate[:, :, 0], np.where(inside, 2, 0))
        np.testing.assert_array_equal(hole, inside)
        assert footage.foreign(1003).all()
        assert (footage.alpha(1003)[inside] == 1).all()
        patch = footage.patch(fill_for(footage, 1003))
        assert patch.box == Window(8, 2, 27, 11)


def test_a_hole_outside_the_data_window_is_none(studio, locate):
    planes = {c: np.ones((4, 4), np.float16) for c in "RGB"}
    plate = studio.sequence(
        [studio.exr("p.1.exr", planes, data=(0, 0, 3, 3), display=(0, 0, 31, 23)),
         studio.exr("p.2.exr", planes, data=(10, 10, 13, 13), display=(0, 0, 31, 23))]
    )  # fmt: skip
    shot = studio.shot(plate, studio.mattes(2, box=(10, 10, 13, 13)))
    with footage_of(shot, locate) as footage:
        footage.prepare()
        assert not footage.has_hole(1001)
        assert footage.has_hole(1002)
        with pytest.raises(ServerError, match="a frame without a hole"):
            footage.patch(fill_for(footage, 1001))


def test_mattes_unite_and_hold_outs_cut(studio, locate):
    shot = studio.shot(
        studio.plates(1),
        Matte("remove", studio.mattes(1, name="a", box=(2, 2, 9, 9))),
        Matte("affected", studio.mattes(1, name="b", box=(12, 2, 19, 9))),
        Matte("keep", studio.mattes(1, name="k", box=(0, 0, 31, 4))),
    )
    with footage_of(shot, locate, grow=0, feather=0) as footage:
        footage.prepare()
        hole, foreign = footage.hole(1001), footage.foreign(1001)
        assert hole.sum() == 2 * 8 * 5
        assert not hole[:5].any()
        assert foreign[:5].all()
        assert foreign.sum() == 5 * 32 + hole.sum()


def test_the_quadmask_is_what_was_drawn_less_the_hold_out_and_not_grown(studio, locate):
    shot = studio.shot(
        studio.plates(2),
        Matte("remove", studio.mattes(2, name="a", box=(2, 2, 9, 9))),
        Matte("affected", studio.mattes(2, name="b", box=(8, 2, 19, 9))),
        Matte("keep", studio.mattes(2, name="k", box=(0, 0, 31, 4))),
    )
    expected = np.zeros((2, 24, 32), bool)
    expected[0, 5:10, 2:10] = True
    expected[1, 5:10, 8:20] = True
    with footage_of(shot, locate, grow=4, feather=2) as footage:
        footage.prepare()
        for path in studio.folder.glob("[abk].*.exr"):
            path.unlink()  # mattes are read once
        for frame in (1001, 1002, 1001):
            np.testing.assert_array_equal(footage.quadmask(frame), expected)


def test_a_quadmask_file_gives_its_planes_back(studio, locate):
    levels = np.full((24, 32), 255, np.uint8)
    levels[2:6], levels[6:10], levels[10:14] = 0, 63, 127
    path = studio.still("quad.1001.png", levels[:, :, None])
    shot = studio.shot(studio.plates(1), Matte("quadmask", studio.sequence([path])))
    with footage_of(shot, locate) as footage:
        remove, affected = footage.quadmask(1001)
        np.testing.assert_array_equal(remove, levels < 127)
        np.testing.assert_array_equal(affected, (levels == 63) | (levels == 127))


def test_the_quadmask_lies_on_the_canvas_of_moving_data_windows(studio, locate):
    rng = np.random.default_rng(2)
    planes = {name: rng.random((10, 10)).astype(np.float16) for name in "RGB"}
    display = (0, 0, 31, 23)
    paths = [
        studio.exr("plate.1001.exr", planes, data=(2, 3, 11, 12), display=display),
        studio.exr("plate.1002.exr", planes, data=(6, 3, 15, 12), display=display),
    ]
    shot = studio.shot(studio.sequence(paths), studio.mattes(2, box=(4, 5, 7, 6)))
    with footage_of(shot, locate) as footage:
        assert footage.size == (10, 14)
        remove, affected = footage.quadmask(1002)
        expected = np.zeros((10, 14), bool)
        expected[2:4, 2:6] = True
        np.testing.assert_array_equal(remove, expected)
        assert not affected.any()


def test_one_pixel_is_a_shot(studio, locate):
    shot = studio.shot(studio.plates(1, (1, 1)), studio.mattes(1, (1, 1), box=(0, 0, 0, 0)))
    with footage_of(shot, locate, grow=8, feather=6) as footage:
        footage.prepare()
        out = studio.folder / "comp.exr"
        patch = footage.patch(fill_for(footage, 1001))
        write_comp(footage.picture(1001), patch, out, color=footage.color, attributes={})
        assert OpenEXR.File(str(out), separate_channels=True).channels()["G"].pixels.item() == 0.5


@pytest.mark.parametrize("size", [(1, 9), (7, 1), (1079, 3), (3, 17001)])
def test_odd_sizes_work(studio, locate, size):
    box = (0, 0, min(2, size[1] - 1), min(2, size[0] - 1))
    shot = studio.shot(studio.plates(1, size), studio.mattes(1, size, box=box))
    with footage_of(shot, locate) as footage:
        footage.prepare()
        out = studio.folder / "comp.exr"
        patch = footage.patch(fill_for(footage, 1001))
        write_comp(footage.picture(1001), patch, out, color=footage.color, attributes={})
        assert changed_outside(out, footage.picture(1001), patch) == 0


# --- bad input -------------------------------------------------------------------------------


def test_missing_frames_are_listed_as_ranges(studio, locate):
    whole = studio.plates(6)
    plate = studio.sequence(
        [studio.folder / whole.files[i].name for i in (0, 3, 5)], frames=(1001, 1004, 1006)
    )
    with pytest.raises(RequestError) as caught:
        footage_of(studio.shot(plate, studio.mattes(6)), locate)
    assert str(caught.value) == (
        "sh010 plate: frames 1002-1003, 1005 are missing in plate.%04d.exr (wanted 1001-1006). "
        "Render them, or pass --missing hold."
    )


def test_a_held_frame_repeats_the_one_before(studio, locate):
    whole = studio.plates(3)
    plate = studio.sequence(
        [studio.folder / whole.files[i].name for i in (0, 2)], frames=(1001, 1003)
    )
    shot = studio.shot(plate, studio.mattes(3), missing="hold")
    with footage_of(shot, locate) as footage:
        footage.prepare()
        np.testing.assert_array_equal(footage.plate(1002), footage.plate(1001))
        assert footage.held_from(1002) == 1001
        assert footage.held_from(1003) is None
        assert footage.source_file(1002).name == "plate.1001.exr"
        assert any("1002 repeat" in warning for warning in footage.warnings)


def test_a_matte_of_another_size_is_refused(studio, locate):
    with pytest.raises(RequestError, match=r"remove matte: its size differs.*32x24, got 16x12"):
        footage_of(studio.shot(studio.plates(1), studio.mattes(1, (12, 16))), locate)


def test_an_empty_matte_is_refused_when_it_is_empty_on_every_frame(studio, locate):
    with (
        footage_of(studio.shot(studio.plates(2), studio.mattes(2, box=None)), locate) as footage,
        pytest.raises(RequestError, match=r"it is empty on every frame \(1001-1002\)") as caught,
    ):
        footage.prepare()
    assert caught.value.code == "empty_matte"


def test_a_matte_that_is_empty_on_some_frames_is_fine(studio, locate):
    alpha = np.zeros((24, 32), np.float16)
    full = studio.mattes(1, name="full")
    none = studio.exr("none.exr", {"A": alpha})
    matte = studio.sequence([none, studio.folder / full.files[0].name])
    with footage_of(studio.shot(studio.plates(2), matte), locate) as footage:
        footage.prepare()
        assert [footage.has_hole(frame) for frame in footage.frames] == [False, True]
        assert not footage.alpha(1001).any()


def test_a_matte_without_alpha_lists_its_channels(studio, locate):
    matte = studio.plates(1, name="rgb")
    with pytest.raises(RequestError, match=r"no alpha channel \(it has B, G, R\)"):
        footage_of(studio.shot(studio.plates(1), matte), locate)


def test_a_plate_without_rgb_is_refused_before_anything_is_decoded(studio, locate):
    plate = studio.sequence([studio.exr("p.exr", {"Y": np.ones((24, 32), np.float16)})])
    with pytest.raises(RequestError, match=r"sh010 plate: there is no RGB picture.*got Y"):
        footage_of(studio.shot(plate, studio.mattes(1)), locate)


@pytest.mark.parametrize(
    ("header", "warning"),
    [
        pytest.param({"compression": "DWAA"}, "dwaa compression changes pixels", id="lossy"),
        pytest.param({"multiView": ["left", "right"]}, "several views", id="stereo"),
    ],
)
def test_what_the_artist_should_know_of_the_plate_is_said(studio, locate, header, warning):
    shot = studio.shot(studio.plates(1, **header), studio.mattes(1))
    with footage_of(shot, locate) as footage:
        assert any(warning in text for text in footage.warnings)


def test_an_empty_range_and_a_shot_without_a_matte_are_refused(studio, locate):
    plate, matte = studio.plates(2), studio.mattes(2)
    with pytest.raises(RequestError, match=r"the frame range is empty \(got 1002-1001\)"):
        footage_of(studio.shot(plate, matte, frames=(1002, 1001)), locate)
    with pytest.raises(RequestError, match="no matte says what to remove"):
        footage_of(studio.shot(plate, Matte("keep", matte)), locate)
    with pytest.raises(RequestError, match="expected one number for each file"):
        footage_of(studio.shot(Sequence("p", "stills", (), (1001,)), matte), locate)


def test_an_unknown_colour_space_is_refused(studio, locate):
    with pytest.raises(RequestError, match="'ACESgc' is unknown") as caught:
        footage_of(studio.shot(studio.plates(1), studio.mattes(1), colorspace="ACESgc"), locate)
    assert "ACEScg" in caught.value.hint


def test_everything_that_is_wrong_is_said_at_once(studio, locate):
    shot = studio.shot(
        studio.plates(2),
        studio.mattes(2, (12, 16), name="small"),
        studio.mattes(1, name="short"),
        colorspace="nonsense",
        frames=(1001, 1002),
    )
    with pytest.raises(RequestError) as caught:
        footage_of(shot, locate)
    text = str(caught.value)
    assert text.startswith("sh010: 3 things are wrong: (1) sh010 plate: the colour space")
    assert "(2) sh010 remove matte: its size differs" in text
    assert "(3) sh010 remove matte: frame 1002 is missing in short.%04d.exr" in text


def test_a_long_list_of_problems_is_cut(studio, locate):
    plate = studio.plates(12)
    for file in plate.files[1:]:
        (studio.folder / file.name).write_bytes(b"broken")
    with pytest.raises(RequestError, match=r"11 things are wrong.*and 3 more"):
        footage_of(studio.shot(plate, studio.mattes(12)), locate)


def test_a_display_window_that_changes_is_refused(studio, locate):
    planes = {c: np.ones((4, 4), np.float16) for c in "RGB"}
    plate = studio.sequence(
        [studio.exr("p.1.exr", planes), studio.exr("p.2.exr", planes, display=(0, 0, 7, 7))]
    )
    with pytest.raises(RequestError, match=r"display window changes.*4x4.*1001.*8x8.*1002"):
        footage_of(studio.shot(plate, studio.mattes(2, (4, 4))), locate)


def test_a_corrupt_frame_in_the_middle_is_named_when_it_is_read(studio, locate, capfd):
    plate = studio.plates(3)
    broken = studio.folder / "plate.1002.exr"
    broken.write_bytes(broken.read_bytes()[:-40])
    shot = studio.shot(
        studio.sequence([studio.folder / file.name for file in plate.files]), studio.mattes(3)
    )
    with footage_of(shot, locate) as footage:
        footage.plate(1001)
        with pytest.raises(RequestError, match=r"plate\.1002\.exr: the EXR file is damaged"):
            footage.plate(1002)
    capfd.readouterr()


def test_a_feather_wider_than_the_growth_is_warned_of(studio, locate):
    shot = studio.shot(studio.plates(1), studio.mattes(1))
    with footage_of(shot, locate, grow=2, feather=5) as footage:
        assert any("stays partly visible" in warning for warning in footage.warnings)
    with footage_of(shot, locate, grow=8, feather=5) as footage:
        assert not any("visible" in warning for warning in footage.warnings)


# --- movies, stills --------------------------------------------------------------------------


def test_a_movie_comes_back_as_linear_exr_with_its_own_frame_numbers(studio, locate):
    frames = [np.full((48, 64, 3), 40 + 20 * n, np.uint8) for n in range(5)]
    movie = studio.movie("a.mkv", frames, codec="ffv1", pix_fmt="yuv444p10le", matrix="ITU601")
    shot = studio.shot(
        studio.movie_sequence(movie), studio.mattes(5, (48, 64)), frames=(1001, 1005)
    )
    with footage_of(shot, locate) as footage:
        footage.prepare()
        assert footage.color.linear == "lin_rec709_scene"
        assert any("taken as srgb_rec709_scene" in warning for warning in footage.warnings)
        assert any("YUV matrix: read as Rec.601" in warning for warning in footage.warnings)
        for number, frame in enumerate(footage.frames):
            expected = (((40 + 20 * number) / 255 + 0.055) / 1.055) ** 2.4
            np.testing.assert_allclose(footage.plate(frame), expected, rtol=0.02)
        patch = footage.patch(fill_for(footage, 1003))
        out = studio.folder / "comp.1003.exr"
        write_comp(footage.picture(1003), patch, out, color=footage.color, attributes={})
        assert changed_outside(out, footage.picture(1003), patch) == 0
        header = OpenEXR.File(str(out)).header()
        assert header["colorInteropID"] == "lin_rec709_scene"
        assert header["framesPerSecond"] == 24


def test_an_untagged_dpx_asks_for_its_colour_space(studio, locate):
    path = studio.still("plate.1001.dpx", np.zeros((24, 32, 3), np.uint16))
    plate, matte = studio.sequence([path]), studio.mattes(1)
    with pytest.raises(RequestError, match="may be log or video"):
        footage_of(studio.shot(plate, matte), locate)
    with footage_of(studio.shot(plate, matte, colorspace="ARRI LogC4"), locate) as footage:
        assert footage.color.linear == "ocio:lin_awg4_scene"
        assert np.isfinite(footage.plate(1001)).all()


# --- memory ----------------------------------------------------------------------------------


def test_decoded_frames_are_kept_within_the_limit(studio, locate):
    count = 12
    shot = studio.shot(studio.plates(count, (100, 100)), studio.mattes(count, (100, 100)))
    one = 100 * 100 * 3 * 4
    with footage_of(shot, locate, memory=8 * one) as footage:
        for frame in footage.frames:
            footage.plate(frame)
            assert footage._plates._bytes <= 2 * one
            assert footage._pictures._bytes <= 6 * one


def test_masks_are_read_once(studio, locate):
    shot = studio.shot(studio.plates(1), studio.mattes(1))
    with footage_of(shot, locate) as footage:
        footage.prepare()
        before = footage.hole(1001)
        (studio.folder / "roto.1001.exr").unlink()
        np.testing.assert_array_equal(footage.hole(1001), before)
        assert footage.foreign(1001).any()


def test_preparation_reports_and_can_be_stopped(studio, locate):
    shot = studio.shot(studio.plates(3), studio.mattes(3))
    told = []

    def progress(stage, done, total):
        told.append((stage, done, total))
        if done == 2:
            raise KeyboardInterrupt

    with footage_of(shot, locate) as footage, pytest.raises(KeyboardInterrupt):
        footage.prepare(progress)
    assert told == [("reading mattes", 1, 3), ("reading mattes", 2, 3)]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(grow=st.floats(0, 12), feather=st.floats(0, 12), x=st.integers(0, 31), y=st.integers(0, 23))
def test_alpha_hole_and_patch_always_agree(studio, locate, grow, feather, x, y):
    shot = studio.shot(studio.plates(1), studio.mattes(1, box=(x, y, min(31, x + 5), y)))
    with footage_of(shot, locate, grow=grow, feather=feather) as footage:
        alpha, hole = footage.alpha(1001), footage.hole(1001)
        np.testing.assert_array_equal(alpha > 0, hole)
        patch = footage.patch(fill_for(footage, 1001))
        np.testing.assert_array_equal(alpha[footage.canvas.slices(patch.box)], patch.alpha)
        assert np.count_nonzero(patch.alpha) == np.count_nonzero(hole)
