"""Exported frames: made whole or not at all, used again while nothing has changed."""

import os
import time
from functools import partial
from pathlib import Path

import pytest

from bridge.errors import RequestError
from bridge.sequence import FrameRange
from host_plugins.run import exports, shots
from host_plugins.run.cancelling import Cancelled, Token


@pytest.fixture
def order(order_of):
    return order_of("tcp://127.0.0.1:9")


def writing(frames=range(1001, 1005), fingerprint="as it was", roles=("plate", "remove")):
    def write(folder: Path):
        for role in roles:
            for frame in frames:
                (folder / f"{role}.{frame:04d}.exr").write_bytes(f"{role} {frame}".encode())
        return fingerprint

    return write


def read(export, order):
    counted = []
    shots.read(export, order, Token(), lambda done, total: counted.append(total))
    return counted


def test_an_export_is_used_again_with_its_digests(order):
    export = exports.made(order, "", writing())
    assert export.folder == order.exports / "main"
    assert not export.read
    assert read(export, order)[0] == sum(len(f"{r} 1001") * 4 for r in ("plate", "remove"))
    again = exports.kept(order, "", "as it was")
    assert again.read
    assert read(again, order) == []
    assert again.sequences(order) == export.sequences(order)


@pytest.mark.parametrize("what", ["another print", "no print", "touched", "resized", "gone"])
def test_an_export_is_made_again_when_anything_has_changed(order, what):
    exports.made(order, "", writing())
    file = order.exports / "main" / "plate.1002.exr"
    if what == "touched":
        os.utime(file, ns=(1, 1))
    if what == "resized":
        file.write_bytes(b"other")
    if what == "gone":
        file.unlink()
    told = {"another print": "changed", "no print": ""}.get(what, "as it was")
    assert exports.kept(order, "", told) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"frames": FrameRange(1001, 1003)},
        {"roles": ("remove", "keep")},
        {"datatype": "float"},
        {"export_again": True},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_an_export_of_another_order_is_not_used(order, order_of, fields):
    exports.made(order, "", writing())
    other = order_of(order.server, **fields)
    assert exports.kept(other, "", "as it was") is None


@pytest.mark.parametrize("when", ["before it is read", "while it is read", "after it was read"])
def test_another_hand_in_the_export_is_noticed_before_it_is_sent(order, when):
    """Two scripts may export into one folder: a plate of another shot must not be sent."""
    export = exports.made(order, "", writing())
    file = export.folder / "plate.1002.exr"
    other = partial(file.write_bytes, b"a plate of another shot")
    if when == "before it is read":
        other()
    if when == "after it was read":
        read(export, order)
        other()
    with pytest.raises(RequestError, match="somebody has changed it") as refused:
        shots.read(export, order, Token(), lambda done, total: other())
    assert refused.value.code == "changed"
    assert str(file) in str(refused.value)
    assert exports.kept(order, "", "as it was") is None


@pytest.mark.parametrize("content", [b"", b"{}", b"not JSON", b'{"schema": 99}'])
def test_a_damaged_record_is_no_record(order, content):
    export = exports.made(order, "", writing())
    (export.folder / "export.json").write_bytes(content)
    assert exports.kept(order, "", "as it was") is None


def test_what_changed_while_it_was_exported_is_never_used_again(order):
    exports.made(order, "", writing(fingerprint=""))
    assert exports.kept(order, "", "") is None


def test_a_failed_export_leaves_nothing(order):
    def fail(folder):
        writing()(folder)
        raise Cancelled

    with pytest.raises(Cancelled):
        exports.made(order, "", fail)
    assert not order.out.exists()


def test_a_failed_export_leaves_the_earlier_one(order):
    exports.made(order, "", writing())
    with pytest.raises(RequestError):
        exports.made(order, "", writing(frames=range(1001, 1003), fingerprint="newer"))
    assert exports.kept(order, "", "as it was") is not None
    assert [path.name for path in order.exports.iterdir()] == ["main"]


def test_a_missing_frame_is_named_and_may_be_held(order, order_of):
    gap = writing(frames=(1001, 1002, 1004))
    with pytest.raises(RequestError) as refused:
        exports.made(order, "", gap)
    assert refused.value.code == "missing_frames"
    assert "frame 1003 is missing in plate.%04d.exr" in str(refused.value)
    held = order_of(order.server, missing="hold")
    export = exports.made(held, "", gap)
    read(export, held)
    assert export.sequences(held)["plate"].frames == (1001, 1002, 1004)


def test_a_matte_that_was_not_written_at_all_is_named(order):
    with pytest.raises(RequestError, match=r"matte: not one frame of remove.%04d.exr"):
        exports.made(order, "", writing(roles=("plate",)))


def test_negative_and_long_frame_numbers_are_kept(order_of):
    for frames in (range(-2, 2), range(99998, 100002)):
        order = order_of("tcp://127.0.0.1:9", frames=FrameRange(frames[0], frames[-1]))
        export = exports.made(order, "", writing(frames=frames))
        assert export.found(order)["plate"].frames == tuple(frames)


def test_what_killed_exports_left_is_swept_after_a_day(order):
    for name, age in ((".main.1.part", 2 * 86400), (".main.2.part", 60)):
        folder = order.exports / name
        folder.mkdir(parents=True)
        os.utime(folder, (time.time() - age,) * 2)
    exports.made(order, "", writing())
    assert sorted(path.name for path in order.exports.iterdir()) == [".main.2.part", "main"]


def test_a_preview_has_a_folder_of_its_own(order, order_of):
    preview = order_of(order.server, purpose="preview")
    assert exports.folder_of(order, "left").name == "left"
    assert exports.folder_of(preview, "left").name == "left.preview"


def test_reading_stops_when_the_token_is_pressed(order):
    token = Token()
    export = exports.made(order, "", writing())
    token.cancel()
    with pytest.raises(Cancelled):
        shots.read(export, order, token, lambda done, total: None)
    assert not export.read
