"""The pictures of the fake's nodes, and the files that its execute writes."""

import sys
from pathlib import Path

import numpy as np
import OpenEXR
import pytest

FAKES = Path(__file__).parent
FIRST, LAST = 1001, 1003


@pytest.fixture
def nuke(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(FAKES), *sys.path])
    import nuke
    import nuke.fake

    return nuke


@pytest.fixture
def session(nuke):
    session = nuke.fake.start(proxy=False)
    yield session
    session.check()
    session.end()


class Footage:
    """Writes small EXR sequences and makes Reads for them."""

    def __init__(self, nuke, folder):
        self.nuke, self.folder = nuke, folder

    def read(self, name, planes, *, data=None, display=(0, 0, 5, 3), aspect=1.0, frames=None):
        """A Read of frames 1001-1003; each frame has its own number in its first red pixel."""
        for frame in frames or range(FIRST, LAST + 1):
            own = {channel: np.array(plane, np.float32) for channel, plane in planes.items()}
            if "R" in own:
                own["R"].flat[0] = frame
            self.write(f"{name}.{frame}.exr", own, data or display, display, aspect)
        read = self.nuke.nodes.Read(file=f"{self.folder.as_posix()}/{name}.%04d.exr")
        for knob, value in {"first": FIRST, "last": LAST, "origfirst": FIRST}.items():
            read[knob].setValue(value)
        return read

    def write(self, name, planes, data, display, aspect):
        corners = [np.array(corner, np.int32) for corner in (data[:2], data[2:])]
        shown = [np.array(corner, np.int32) for corner in (display[:2], display[2:])]
        header = {
            "compression": OpenEXR.ZIP_COMPRESSION,
            "type": OpenEXR.scanlineimage,
            "dataWindow": tuple(corners),
            "displayWindow": tuple(shown),
            "pixelAspectRatio": aspect,
        }
        OpenEXR.File(header, planes).write(str(self.folder / name))

    def plate(self, **how):
        rows, columns = np.indices((4, 6))
        return self.read("plate", {"R": columns * 2.5, "G": rows - 0.5, "B": rows * 0 + 0.1}, **how)

    def patch(self):
        """Alpha 0.5 in a rectangle of 2x2 at (2, 1), over a data window of its own."""
        alpha = np.full((2, 2), 0.5)
        planes = {"R": alpha * 8, "G": alpha, "B": alpha * 0, "A": alpha}
        read = self.read("patch", planes, data=(2, 1, 3, 2))
        read["before"].setValue("black")
        read["after"].setValue("black")
        read["on_error"].setValue("black")
        return read


@pytest.fixture
def footage(session, nuke, tmp_path):
    return Footage(nuke, tmp_path)


def over(nuke, plate, patch, **knobs):
    return nuke.nodes.Merge2(inputs=[plate, patch], output="rgb", **knobs)


def test_over_adds_what_the_alpha_leaves_and_touches_nothing_else(session, nuke, footage):
    plate, patch = footage.plate(), footage.patch()
    before = session.picture(plate, 1002)
    after = session.picture(over(nuke, plate, patch), 1002)
    np.testing.assert_array_equal(
        after.rgba[1:3, 2:4, 0], before.rgba[1:3, 2:4, 0] * np.float32(0.5) + [[1002, 4], [4, 4]]
    )
    outside = np.ones((4, 6), bool)
    outside[1:3, 2:4] = False
    np.testing.assert_array_equal(after.rgba[outside], before.rgba[outside])
    assert not after.rgba[..., 3].any(), "the alpha of the plate stays"


def test_a_merge_covers_both_and_can_be_told_to_keep_the_plates_box(session, nuke, footage):
    plate = footage.plate(data=(2, 1, 7, 4), display=(0, 0, 5, 3))
    patch = footage.read("corner", {"A": np.ones((1, 1))}, data=(-1, 0, -1, 0))
    assert session.picture(over(nuke, plate, patch), 1001).data == (-1, 0, 7, 4)
    assert session.picture(over(nuke, plate, patch, bbox="B"), 1001).data == (2, 1, 7, 4)


def test_difference_is_how_far_two_pictures_are_apart(session, nuke, footage):
    plate = footage.plate()
    graded = nuke.nodes.Grade(inputs=[plate], multiply=2.0, black_clamp=False)
    merged = over(nuke, plate, graded, operation="difference")
    np.testing.assert_array_equal(
        session.picture(merged, 1001).rgba[..., 1],
        np.abs(session.picture(plate, 1001).rgba[..., 1]),
    )


def test_unpremult_divides_where_there_is_alpha(session, nuke, footage):
    straight = session.picture(nuke.nodes.Unpremult(inputs=[footage.patch()]), 1001)
    np.testing.assert_array_equal(straight.rgba[1, 1], [8, 1, 0, 0.5])
    assert not session.picture(nuke.nodes.Unpremult(inputs=[footage.plate()]), 1001).rgba[0, 0, 3]


def test_an_expression_puts_the_alpha_in_every_channel(session, nuke, footage):
    every = {f"expr{row}": "a" for row in range(4)}
    matte = nuke.nodes.Expression(inputs=[footage.patch()], **every)
    np.testing.assert_array_equal(session.picture(matte, 1001).rgba, np.full((2, 2, 4), 0.5))
    odd = nuke.nodes.Expression(inputs=[footage.patch()], expr0="r(x+1)")
    with pytest.raises(RuntimeError, match="cannot evaluate"):
        session.picture(odd, 1001)


def test_a_switch_shows_one_input_and_stays_within_them(session, nuke, footage):
    plate, patch = footage.plate(), footage.patch()
    switch = nuke.nodes.Switch(inputs=[plate, patch])
    for which, shown in ((0, plate), (1, patch), (7, patch)):
        switch["which"].setValue(which)
        assert session.picture(switch, 1001).data == session.picture(shown, 1001).data


def test_a_disabled_node_passes_its_first_input(session, nuke, footage):
    plate, patch = footage.plate(), footage.patch()
    merged = over(nuke, plate, patch, disable=True)
    np.testing.assert_array_equal(
        session.picture(merged, 1001).rgba, session.picture(plate, 1001).rgba
    )


def test_a_group_shows_its_output_with_what_is_plugged_into_it(session, nuke, footage):
    plate, patch = footage.plate(), footage.patch()
    group = nuke.nodes.Group()
    with group:
        first, second = nuke.nodes.Input(number=0), nuke.nodes.Input(number=1)
        nuke.nodes.Output(inputs=[over(nuke, first, second)])
    group.setInput(0, plate)
    group.setInput(1, patch)
    assert session.picture(group, 1001).rgba[1, 3, 0] == plate_red(3) / 2 + 4
    group["disable"].setValue(True)
    assert session.picture(group, 1001).rgba[1, 3, 0] == plate_red(3)


def plate_red(column):
    return np.float32(column * 2.5)


def test_nothing_plugged_in_is_black_in_the_scripts_format(session, nuke):
    picture = session.picture(nuke.nodes.Dot(), 1)
    assert picture.display == (0, 0, 2047, 1555)
    assert not picture.rgba.any()


@pytest.mark.parametrize(
    ("mode", "frames"),
    [
        ("hold", {999: 1001, 1000: 1001, 1004: 1003, 1005: 1003}),
        ("loop", {999: 1002, 1000: 1003, 1004: 1001, 1005: 1002}),
        ("bounce", {999: 1003, 1000: 1002, 1004: 1002, 1005: 1001}),
        ("black", {999: 0, 1000: 0, 1004: 0, 1005: 0}),
    ],
)
def test_a_read_outside_its_range_does_as_it_is_told(session, footage, mode, frames):
    plate = footage.plate()
    plate["before"].setValue(mode)
    plate["after"].setValue(mode)
    shown = {frame: session.picture(plate, frame).shown[0, 0, 0] for frame in frames}
    assert shown == frames


def test_a_frame_that_is_not_there_does_as_on_error_says(session, footage):
    plate = footage.plate(frames=[1001, 1003])
    with pytest.raises(RuntimeError, match=r"plate\.1002\.exr: No such file"):
        session.picture(plate, 1002)
    plate["on_error"].setValue("nearest frame")
    assert session.picture(plate, 1002).rgba[0, 0, 0] == 1001
    plate["on_error"].setValue("black")
    missing = session.picture(plate, 1002)
    assert not missing.rgba.any()
    assert missing.display == (0, 0, 5, 3)
    plate["on_error"].setValue("checkerboard")
    assert session.picture(plate, 1002).shown.shape == (4, 6, 4)


def test_views_come_together_and_apart(session, nuke, footage):
    nuke.addView("left")
    nuke.addView("right")
    reads = [
        footage.read(view, {"G": np.full((4, 6), number)})
        for number, view in enumerate(nuke.views())
    ]
    joined = nuke.nodes.JoinViews(inputs=reads)
    greens = [session.picture(joined, 1001, view).rgba[0, 0, 1] for view in nuke.views()]
    assert greens == [0, 1, 2]
    alone = nuke.nodes.OneView(inputs=[joined])
    alone["view"].setValue("right")
    assert session.picture(alone, 1001, "left").rgba[0, 0, 1] == 2


def test_facts_travel_with_the_picture(session, nuke, footage):
    facts = nuke.nodes.ModifyMetaData(inputs=[footage.plate()])
    facts["metadata"].fromScript(
        '{set void/job "a b"}\n{set void/seed 7}\n{remove input/filename ""}'
    )
    metadata = session.picture(facts, 1001).metadata
    assert (metadata["void/job"], metadata["void/seed"]) == ("a b", "7")
    assert "input/filename" not in metadata


def test_the_hash_among_the_facts_is_that_of_the_file_and_no_nodes(session, nuke, footage):
    bare = footage.plate()
    assert bare.metadata("nuke/node_hash", 1001) is None
    write = writer(nuke, bare, footage.folder)
    nuke.execute(write, 1001, 1001)
    again = nuke.nodes.Read(file=f"{footage.folder.as_posix()}/out/main.%04d.exr", last=1001)
    graded = nuke.nodes.Grade(inputs=[again])
    written = graded.metadata("nuke/node_hash", 1001)
    assert written
    assert session.picture(graded, 1001).metadata["nuke/node_hash"] == written
    graded["multiply"].setValue(2.0)
    assert graded.metadata("nuke/node_hash", 1001) == written
    over = nuke.nodes.Merge2(inputs=[bare, again])
    assert over.metadata("nuke/node_hash", 1001) is None


def test_a_roto_draws_a_rectangle_that_moves(session, nuke, footage):
    roto = nuke.nodes.Roto(inputs=[footage.plate()])
    roto["curves"].fromScript("rectangle 0 0 1 1 1 0")
    alpha = session.picture(roto, 2).over((0, 0, 5, 3)).rgba[..., 3]
    np.testing.assert_array_equal(np.argwhere(alpha), [[0, 2], [0, 3], [1, 2], [1, 3]])


def writer(nuke, source, folder, **knobs):
    write = nuke.nodes.Write(inputs=[source], file_type="exr", raw=True)
    write["file"].setValue(f"{folder.as_posix()}/out/%V.####.exr")
    for name, value in {"create_directories": True, **knobs}.items():
        write[name].setValue(value)
    return write


def planes(path):
    with OpenEXR.File(str(path), separate_channels=True) as file:
        header = dict(file.header())
        return header, {name: channel.pixels for name, channel in file.channels().items()}


def test_every_frame_is_written_as_half_with_its_windows_and_aspect(session, nuke, footage):
    plate = footage.plate(data=(-2, 1, 3, 4), display=(0, 0, 9, 9), aspect=2.0)
    nuke.execute(writer(nuke, plate, footage.folder), FIRST, LAST, 1, ["main"])
    out = footage.folder / "out"
    assert sorted(path.name for path in out.iterdir()) == [
        "main.1001.exr",
        "main.1002.exr",
        "main.1003.exr",
    ]
    header, written = planes(out / "main.1002.exr")
    assert [corner.tolist() for corner in header["dataWindow"]] == [[-2, 1], [3, 4]]
    assert [corner.tolist() for corner in header["displayWindow"]] == [[0, 0], [9, 9]]
    assert header["pixelAspectRatio"] == 2.0
    assert header["compression"] == OpenEXR.ZIPS_COMPRESSION
    assert sorted(written) == ["B", "G", "R"]
    assert written["B"].dtype == np.float16
    np.testing.assert_array_equal(written["B"], np.full((4, 6), np.float16(0.1)))
    assert written["R"][0, 0] == 1002


def test_only_the_alpha_is_written_and_one_that_is_not_there_is_zero(session, nuke, footage):
    write = writer(nuke, footage.plate(), footage.folder, channels="alpha", datatype="32 bit float")
    nuke.execute(write, FIRST, FIRST, 1, ["main"])
    _, written = planes(footage.folder / "out/main.1001.exr")
    assert list(written) == ["A"]
    assert written["A"].dtype == np.float32
    assert not written["A"].any()


def test_without_raw_the_values_change_visibly(session, nuke, footage):
    nuke.execute(
        writer(nuke, footage.plate(), footage.folder, raw=False), FIRST, FIRST, 1, ["main"]
    )
    _, written = planes(footage.folder / "out/main.1001.exr")
    assert np.abs(written["R"][:, 1:] - np.float16(plate_red(np.arange(1, 6)))).min() > 0.1


def test_all_views_are_written_when_none_is_named(session, nuke, footage):
    nuke.addView("left")
    nuke.execute(writer(nuke, footage.plate(), footage.folder), FIRST, FIRST)
    names = sorted(path.name for path in (footage.folder / "out").iterdir())
    assert names == ["left.1001.exr", "main.1001.exr"]


def test_proxy_mode_writes_half_the_size(session, nuke, footage):
    nuke.root()["proxy"].setValue(True)
    nuke.execute(writer(nuke, footage.plate(), footage.folder), FIRST, FIRST, 1, ["main"])
    header, written = planes(footage.folder / "out/main.1001.exr")
    assert header["displayWindow"][1].tolist() == [2, 1]
    assert written["R"].shape == (2, 3)


def test_autocrop_leaves_only_what_is_not_zero(session, nuke, footage):
    patch = nuke.nodes.Merge2(inputs=[footage.plate(), footage.patch()], operation="copy")
    nuke.execute(writer(nuke, patch, footage.folder, autocrop=True), 1002, 1002, 1, ["main"])
    header, _ = planes(footage.folder / "out/main.1002.exr")
    assert [corner.tolist() for corner in header["dataWindow"]] == [[2, 1], [3, 2]]


def test_cancelling_leaves_the_frames_written_so_far(session, nuke, footage):
    session.cancel_execute_at = 1003
    write = writer(nuke, footage.plate(), footage.folder)
    with pytest.raises(RuntimeError, match="Cancelled 2 of 3 frames"):
        nuke.execute(write, FIRST, LAST, 1, ["main"])
    assert len(list((footage.folder / "out").iterdir())) == 2
    nuke.execute(write, FIRST, LAST, 1, ["main"])
    assert len(list((footage.folder / "out").iterdir())) == 3


def test_a_missing_frame_ends_it_unless_told_to_go_on(session, nuke, footage):
    write = writer(nuke, footage.plate(frames=[1001, 1003]), footage.folder)
    with pytest.raises(RuntimeError, match="No such file"):
        nuke.execute(write, FIRST, LAST, 1, ["main"])
    nuke.execute(write, FIRST, LAST, 1, ["main"], True)
    names = sorted(path.name for path in (footage.folder / "out").iterdir())
    assert names == ["main.1001.exr", "main.1003.exr"]


def test_a_disabled_write_writes_nothing(session, nuke, footage):
    nuke.execute(writer(nuke, footage.plate(), footage.folder, disable=True), FIRST, LAST)
    assert not (footage.folder / "out").exists()


def test_a_folder_is_only_made_when_the_write_may(session, nuke, footage):
    write = writer(nuke, footage.plate(), footage.folder, create_directories=False)
    with pytest.raises(RuntimeError, match="No such directory"):
        nuke.execute(write, FIRST, FIRST, 1, ["main"])


def test_only_a_write_can_be_executed_and_only_one_at_a_time(session, nuke, footage, monkeypatch):
    plate = footage.plate()
    with pytest.raises(RuntimeError, match="not an executable node"):
        nuke.execute(plate, FIRST, FIRST)
    monkeypatch.setattr(session, "executing", True)
    with pytest.raises(RuntimeError, match="already executing something else"):
        nuke.execute(writer(nuke, plate, footage.folder), FIRST, FIRST)


def test_a_write_without_a_file_type_goes_by_the_files_name(session, nuke, footage):
    write = writer(nuke, footage.plate(), footage.folder, file_type=" ")
    nuke.execute(write, FIRST, FIRST, 1, ["main"])
    _, written = planes(footage.folder / "out/main.1001.exr")
    assert written["R"].dtype == np.float16
