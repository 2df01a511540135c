"""Which frames a node does."""

import pytest

from bridge.errors import RequestError
from bridge.sequence import FrameRange


@pytest.fixture
def node(nuke, rig):
    from host_plugins.nuke_panel import node

    made = node.create()
    made.setInput(0, rig.plate(2, first=1001))
    read = made.input(0)
    for knob in ("last", "origlast"):
        read[knob].setValue(1100)  # the files are not looked at here
    return made


@pytest.fixture
def frame_range(nuke):
    from host_plugins.nuke_panel import frame_range

    return frame_range


def asks(node, mode, first=1, last=1, handles=0):
    node["range_mode"].setValue(mode)
    node["first_frame"].setValue(first)
    node["last_frame"].setValue(last)
    node["handles"].setValue(handles)


@pytest.mark.parametrize(
    ("first", "last", "handles", "wanted"),
    [
        pytest.param(1011, 1045, 0, (1011, 1045), id="none"),
        pytest.param(1011, 1045, 8, (1003, 1053), id="both ends"),
        pytest.param(1005, 1098, 8, (1001, 1100), id="no more than the plate has"),
        pytest.param(1011, 1045, -5, (1011, 1045), id="never less than asked"),
        pytest.param(1020, 1020, 0, (1020, 1020), id="one frame"),
    ],
)
def test_a_custom_range_and_its_handles(frame_range, node, first, last, handles, wanted):
    asks(node, "Custom", first, last, handles)
    assert frame_range.wanted(node) == FrameRange(*wanted)


def test_the_input_says_its_own_range(frame_range, node):
    asks(node, "Input", handles=8)
    assert frame_range.wanted(node) == FrameRange(1001, 1100)


def test_the_project_says_the_range(frame_range, node, nuke):
    asks(node, "Root")
    nuke.root()["first_frame"].setValue(1010)
    nuke.root()["last_frame"].setValue(1020)
    assert frame_range.wanted(node) == FrameRange(1010, 1020)


@pytest.mark.parametrize(("first", "last"), [(990, 1010), (1090, 1101), (1, 2)])
def test_frames_outside_the_plate_are_refused(frame_range, node, first, last):
    asks(node, "Custom", first, last)
    with pytest.raises(RequestError, match=f"1001-1100, got {first}-{last}") as caught:
        frame_range.wanted(node)
    assert caught.value.code == "out_of_range"


def test_a_range_that_ends_before_it_begins_is_refused(frame_range, node):
    asks(node, "Custom", 1020, 1010)
    with pytest.raises(RequestError, match="expected First <= Last, got 1020 and 1010") as caught:
        frame_range.wanted(node)
    assert caught.value.hint == "Change First or Last on the Remove tab."


def test_project_settings_that_end_before_they_begin_are_named(frame_range, node, nuke):
    asks(node, "Root")
    nuke.root()["first_frame"].setValue(1020)
    nuke.root()["last_frame"].setValue(1010)
    with pytest.raises(RequestError, match="in the project settings") as caught:
        frame_range.wanted(node)
    assert caught.value.code == "bad_range"


@pytest.mark.parametrize(
    ("current", "wanted"), [(1050, (1042, 1058)), (1003, (1001, 1011)), (1100, (1092, 1100))]
)
def test_a_preview_is_around_the_current_frame(frame_range, node, nuke, current, wanted):
    nuke.frame(current)
    assert frame_range.preview(node) == FrameRange(*wanted)


def test_a_preview_of_a_frame_outside_the_plate_is_refused(frame_range, node, nuke):
    nuke.frame(1)
    with pytest.raises(RequestError, match="current frame is outside"):
        frame_range.preview(node)


def test_without_a_plate_there_is_no_range(frame_range, node):
    node.setInput(0, None)
    with pytest.raises(RequestError) as caught:
        frame_range.wanted(node)
    assert caught.value.code == "no_plate"
