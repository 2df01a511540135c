import numpy as np
import pytest

from bridge.errors import RequestError
from void_server.images.exr_header import parse_header
from void_server.images.exr_layout import Attribute, ChannelInfo, PartHeader
from void_server.images.exr_views import check_view, main_part, view_names, views_of
from void_server.images.window import Window


def planes(*names):
    return {name: np.zeros((2, 2), np.float16) for name in names}


@pytest.fixture
def header(studio):
    """Parses the header of a file with these parts."""

    def make(*parts):
        data = studio.exr_parts("a.exr", list(parts)).read_bytes()
        return parse_header(data, "a.exr")

    return make


@pytest.fixture
def single(studio, header):
    """One part with three views and channels of each kind."""
    return header(
        studio.part(
            planes("R", "G", "B", "Z", "right.R", "right.G", "right.B", "depth.right.Z",
                   "depth.left.Z", "id.X", "third.Y"),
            multiView=["left", "right", "third"],
        )
    )  # fmt: skip


def test_a_file_says_which_views_it_holds(studio, header, single):
    assert views_of(single) == ("left", "right", "third")
    parts = [studio.part(planes("R"), name=f"rgb.{v}", view=v) for v in ("right", "left")]
    assert views_of(header(*parts)) == ("right", "left")
    assert views_of(header(studio.part(planes("R", "left.R")))) == ()


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        ("left", {"R": "R", "G": "G", "B": "B", "Z": "Z", "depth.Z": "depth.left.Z",
                  "id.X": "id.X"}),
        ("right", {"R": "right.R", "G": "right.G", "B": "right.B", "depth.Z": "depth.right.Z",
                   "id.X": "id.X"}),
        ("third", {"Y": "third.Y", "id.X": "id.X"}),
    ],
)  # fmt: skip
def test_the_channels_of_a_view_go_by_their_plain_names(single, view, expected):
    assert view_names(single.parts[0], view) == expected


def test_without_a_view_every_channel_goes_by_its_own_name(single):
    names = view_names(single.parts[0], "")
    assert names == {name: name for name in single.parts[0].channels}


def test_a_view_s_own_channel_comes_before_one_that_all_share():
    info = ChannelInfo(1, 1, 1)
    views = b"".join(len(v).to_bytes(4, "little") + v for v in (b"left", b"right"))
    window = Window.of_size(1, 1)
    channels = dict.fromkeys(("id.X", "id.right.X", "R"), info)
    attributes = {"multiView": Attribute("stringvector", views)}
    part = PartHeader(attributes, channels, window, window, 0)
    assert view_names(part, "right") == {"id.X": "id.right.X"}
    assert view_names(part, "left") == {"id.X": "id.X", "R": "R"}


def test_the_main_part_is_the_view_s_first_with_a_picture(studio, header):
    found = header(
        studio.part(planes("R", "G", "B"), name="rgb.left", view="left"),
        studio.part(planes("Z"), name="depth.right", view="right"),
        studio.part(planes("R", "G", "B"), name="rgb.right", view="right"),
    )
    assert [main_part(found, view) for view in ("", "left", "right")] == [0, 0, 2]


def test_a_view_without_a_picture_is_read_from_its_first_part(studio, header):
    found = header(
        studio.part(planes("R", "G", "B"), name="rgb.left", view="left"),
        studio.part(planes("A"), name="alpha.right", view="right"),
    )
    assert main_part(found, "right") == 1


def test_a_view_that_is_not_there_lists_those_that_are(single):
    check_view(single, "right", "a.exr")
    with pytest.raises(RequestError, match=r"a\.exr: there is no view 'Right' in it \(expected one "
                       r"of left, right, third\)") as caught:  # fmt: skip
        check_view(single, "Right", "a.exr")
    assert caught.value.code == "view"
