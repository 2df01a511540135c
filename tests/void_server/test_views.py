"""Stereo: one view is worked on, every bit of the other is kept."""

import numpy as np
import OpenEXR
import pytest

from bridge.errors import RequestError
from bridge.shot import Matte
from void_server.composite import write_comp
from void_server.engines.engine import Fill
from void_server.footage import ShotFootage
from void_server.images.exr_header import parse_header
from void_server.read_back import changed_outside

SIZE = (24, 32)
VIEWS = ("left", "right")


def rgb(seed, names="RGB"):
    rng = np.random.default_rng(seed)
    return {name: rng.random(SIZE).astype(np.float16) for name in names}


def single_part(studio, compression="ZIP"):
    """Left is the default view, right lies in channels of its name."""
    right = {f"right.{name}": plane for name, plane in rgb(2).items()}
    depth = {"depth.right.Z": np.full(SIZE, 7, np.float32)}
    channels = {**rgb(1), **right, **depth}
    return studio.exr("plate.1001.exr", channels, compression=compression, multiView=list(VIEWS))


def multi_part(studio, compression="ZIP"):
    """A part for each view; right has another data window."""
    lower = {name: plane[4:] for name, plane in rgb(2).items()}
    windows = {"data": (0, 4, 31, 23), "display": (0, 0, 31, 23)}
    return studio.exr_parts(
        "plate.1001.exr",
        [
            studio.part(rgb(1), None, None, compression, name="rgb.left", view="left"),
            studio.part(lower, **windows, compression=compression, name="rgb.right", view="right"),
        ],
    )


def footage_of(studio, plate, locate, *mattes, view, **fields):
    shot = studio.shot(studio.sequence([plate]), *mattes, view=view, **fields)
    return ShotFootage(shot, locate=locate, grow=0.0, feather=0.0)


def filled(footage, studio, name="out.exr"):
    """The path of the comp of frame 1001, its hole filled with 0.5."""
    fill = Fill(
        frame=1001, top=0, left=0,
        rgb=np.full((*footage.size, 3), 0.5, np.float32), seen=np.ones(footage.size, np.uint16),
    )  # fmt: skip
    picture, patch = footage.picture(1001), footage.patch(fill)
    out = studio.folder / name
    write_comp(picture, patch, out, color=footage.color, attributes={})
    assert changed_outside(out, picture, patch) == 0
    return out


def parts_of(path):
    file = OpenEXR.File(str(path), separate_channels=True)
    return [{name: c.pixels for name, c in part.channels.items()} for part in file.parts]


def differing(path, other):
    """Names of the channels of which a bit differs, by part."""
    return [
        sorted(name for name in one if one[name].tobytes() != two[name].tobytes())
        for one, two in zip(parts_of(path), parts_of(other), strict=True)
        if one.keys() == two.keys()
    ]


@pytest.mark.parametrize(
    ("make", "view", "changed"),
    [
        pytest.param(single_part, "left", [["B", "G", "R"]], id="single-left"),
        pytest.param(single_part, "right", [["right.B", "right.G", "right.R"]], id="single-right"),
        pytest.param(multi_part, "left", [["B", "G", "R"], []], id="parts-left"),
        pytest.param(multi_part, "right", [[], ["B", "G", "R"]], id="parts-right"),
    ],
)
# Chunks of the first are copied; a file of the second kind is encoded anew.
@pytest.mark.parametrize("compression", ["ZIP", "DWAA"])
def test_only_the_view_s_own_picture_changes(studio, locate, make, view, changed, compression):
    plate = make(studio, compression)
    with footage_of(studio, plate, locate, studio.mattes(1), view=view) as footage:
        footage.prepare()
        out = filled(footage, studio)
    assert differing(out, plate) == changed
    part = next(index for index, names in enumerate(changed) if names)
    for name in changed[part]:
        plane = parts_of(out)[part][name]
        assert plane[12 - SIZE[0], 12] == 0.5


@pytest.mark.parametrize("make", [single_part, multi_part])
@pytest.mark.parametrize(("view", "seed"), [("left", 1), ("right", 2)])
def test_an_engine_sees_the_view(studio, locate, make, view, seed):
    with footage_of(studio, make(studio), locate, studio.mattes(1), view=view) as footage:
        seen = footage.plate(1001)
        expected = np.stack(list(rgb(seed).values()), axis=-1).astype(np.float32)
        np.testing.assert_array_equal(seen, expected[-seen.shape[0] :])
        assert not any("several views" in text for text in footage.warnings)


@pytest.mark.parametrize("make", [single_part, multi_part])
def test_without_a_view_the_first_is_worked_on_and_the_hint_says_how_to_take_another(
    studio, locate, make
):
    with footage_of(studio, make(studio), locate, studio.mattes(1), view="") as footage:
        warning = next(text for text in footage.warnings if "several views" in text)
    assert "(left, right); only the" in warning
    assert "left" in warning.split("only the")[1]
    assert "--view takes another" in warning


@pytest.mark.parametrize(
    ("make", "there"), [(single_part, "expected one of left, right"), (None, "it holds no views")]
)
def test_an_unknown_view_of_the_plate_names_those_there_are(studio, locate, make, there):
    plate = make(studio) if make else studio.exr("plate.1001.exr", rgb(1))
    with pytest.raises(RequestError, match=rf"there is no view 'middle' in it \({there}") as caught:
        footage_of(studio, plate, locate, studio.mattes(1), view="middle")
    assert caught.value.code == "view"
    assert "--view" in caught.value.hint


def test_a_movie_or_still_has_no_views(studio, locate):
    plate = studio.still("plate.1001.png", np.zeros((*SIZE, 3), np.uint8))
    with pytest.raises(RequestError, match="it holds no views"):
        footage_of(studio, plate, locate, studio.mattes(1), view="left")


def mattes_by_view(studio, layout):
    """A matte that is drawn at another place in each view."""
    drawn = {}
    for view, (left, right) in {"left": (2, 5), "right": (20, 25)}.items():
        drawn[view] = np.zeros(SIZE, np.float16)
        drawn[view][4:20, left : right + 1] = 1
    if layout == "single":
        channels = {"A": drawn["left"], "right.A": drawn["right"]}
        path = studio.exr("roto.1001.exr", channels, multiView=list(VIEWS))
    else:
        parts = [studio.part({"A": drawn[view]}, name=f"alpha.{view}", view=view) for view in VIEWS]
        path = studio.exr_parts("roto.1001.exr", parts)
    return studio.sequence([path], label="roto.%04d.exr"), drawn


@pytest.mark.parametrize("layout", ["single", "parts"])
@pytest.mark.parametrize("view", VIEWS)
def test_a_matte_with_views_is_read_in_the_same_view(studio, locate, layout, view):
    matte, drawn = mattes_by_view(studio, layout)
    with footage_of(studio, single_part(studio), locate, matte, view=view) as footage:
        np.testing.assert_array_equal(footage.hole(1001), drawn[view] > 0)


@pytest.mark.parametrize("view", VIEWS)
def test_a_matte_without_views_serves_both(studio, locate, view):
    with footage_of(studio, single_part(studio), locate, studio.mattes(1), view=view) as footage:
        assert footage.hole(1001).sum() == 64


def test_a_channel_is_named_as_it_would_be_without_views(studio, locate):
    matte, drawn = mattes_by_view(studio, "single")
    asked = Matte("remove", matte, channel="A")
    with footage_of(studio, single_part(studio), locate, asked, view="right") as footage:
        np.testing.assert_array_equal(footage.hole(1001), drawn["right"] > 0)


def test_a_matte_that_lacks_the_view_is_named(studio, locate):
    alpha = np.ones(SIZE, np.float16)
    path = studio.exr("roto.1001.exr", {"A": alpha, "mid.A": alpha}, multiView=["left", "mid"])
    matte = studio.sequence([path], label="roto.%04d.exr")
    with pytest.raises(RequestError, match=r"roto.*no view 'right' in it \(expected one of left"):
        footage_of(studio, single_part(studio), locate, matte, view="right")


def test_a_frame_that_lacks_the_view_is_named(studio, locate):
    first, second = single_part(studio), studio.exr("plate.1002.exr", rgb(1))
    shot = studio.shot(studio.sequence([first, second]), studio.mattes(2), view="right")
    with pytest.raises(RequestError, match=r"plate\.1002\.exr: there is no view 'right'"):
        ShotFootage(shot, locate=locate, grow=0.0, feather=0.0)


def test_both_eyes_one_after_the_other(studio, locate):
    with footage_of(studio, single_part(studio), locate, studio.mattes(1), view="left") as footage:
        one_done = filled(footage, studio, "left.exr")
    with footage_of(studio, one_done, locate, studio.mattes(1), view="right") as footage:
        both_done = filled(footage, studio, "both.exr")
    header = parse_header(both_done.read_bytes(), "both.exr")
    assert header.parts[0].views == VIEWS
    (channels,) = parts_of(both_done)
    assert {channels[name][12, 12] for name in ("R", "right.R")} == {0.5}
    assert (channels["depth.right.Z"] == 7).all()
