import json

import pytest

from bridge.cli.inputs import find, void_folder
from bridge.errors import RequestError
from bridge.found import aligned, needed
from bridge.sequence import FrameRange


def touch(folder, *names):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_bytes(name.encode())


@pytest.fixture
def plates(tmp_path):
    touch(tmp_path, *(f"plate.{n}.exr" for n in range(1001, 1006)), "notes.txt", ".plate.1006.exr")
    return tmp_path


@pytest.mark.parametrize(
    "pattern",
    [
        "plate.%04d.exr",
        "plate.####.exr",
        "plate.@@@@.exr",
        "plate.#.exr",
        "plate.%d.exr",
        "plate.[1001-1005].exr",
        "plate.1001-1005####.exr",
        "",
    ],
    ids=lambda pattern: pattern or "folder",
)
def test_every_way_to_write_a_sequence_finds_the_same_files(plates, pattern):
    found = find(str(plates / pattern), subject="plate")
    assert found.label == "plate.%04d.exr"
    assert found.frames == (1001, 1002, 1003, 1004, 1005)
    assert [file.name for file in found.files] == [f"plate.{n}.exr" for n in found.frames]
    assert found.range() == FrameRange(1001, 1005)


def test_a_range_in_brackets_is_what_is_wanted(plates):
    found = find(str(plates / "plate.[1002-1003].exr"), subject="plate")
    assert found.range() == FrameRange(1002, 1003)
    assert needed(found, found.range(), "refuse").frames == (1002, 1003)


def test_a_file_is_one_frame_and_not_its_sequence(plates):
    found = find(str(plates / "plate.1003.exr"), subject="plate")
    assert (found.frames, found.label) == ((1003,), "plate.1003.exr")


def test_brackets_may_be_part_of_a_name(tmp_path):
    touch(tmp_path, "a[1-2].png")
    assert find(str(tmp_path / "a[1-2].png"), subject="plate").frames == (1,)


@pytest.mark.parametrize(
    ("names", "pattern", "frames"),
    [
        pytest.param(["a.0999.exr", "a.10000.exr"], "a.####.exr", (999, 10000), id="overflow"),
        pytest.param(["a.01.exr", "a.02.exr"], "a.##.exr", (1, 2), id="two digits"),
        pytest.param(["1001.dpx", "1002.dpx"], "%04d.dpx", (1001, 1002), id="number alone"),
        pytest.param(["a_v001.7.png", "a_v001.8.png"], "a_v001.#.png", (7, 8), id="version"),
        pytest.param(["A.1001.EXR", "A.1002.EXR"], "A.####.EXR", (1001, 1002), id="upper case"),
        pytest.param(["a.1.tif", "a.01.tif"], "a.%02d.tif", (1,), id="digits decide"),
        pytest.param(["ä b.1.jpg", "ä b.2.jpg"], "ä b.#.jpg", (1, 2), id="umlaut and space"),
    ],
)
def test_frames_are_counted_as_they_are_written(tmp_path, names, pattern, frames):
    touch(tmp_path, *names)
    assert find(str(tmp_path / pattern), subject="plate").frames == frames


def refused(text, code):
    with pytest.raises(RequestError) as caught:
        find(str(text), subject="plate")
    assert caught.value.code == code
    return str(caught.value)


def test_a_pattern_that_matches_nothing_says_what_there_is(plates):
    message = refused(plates / "palte.####.exr", "no_such_file")
    assert "plate.%04d.exr 1001-1005" in message


def test_a_folder_that_is_not_there_is_no_file(tmp_path):
    refused(tmp_path / "nowhere" / "plate.####.exr", "no_such_file")
    refused(tmp_path / "plate.exr", "no_such_file")


def test_an_unknown_kind_of_pattern_is_refused(plates):
    refused(plates / "plate.<frame>.exr", "no_such_file")


def test_an_empty_folder_holds_no_pictures(tmp_path):
    (tmp_path / "notes.txt").touch()
    assert "no pictures" in refused(tmp_path, "no_pictures")


def test_a_folder_with_two_sequences_is_not_guessed_about(plates):
    touch(plates, "roto.1001.exr", "roto.1002.exr")
    message = refused(plates, "several_sequences")
    assert "plate.%04d.exr 1001-1005" in message
    assert "roto.%04d.exr 1001-1002" in message


def test_a_file_that_is_no_picture_is_refused_by_its_kind(tmp_path):
    touch(tmp_path, "plate.psd")
    assert ".exr" in refused(tmp_path / "plate.psd", "unknown_format")


def gaps(plates, *frames):
    for frame in frames:
        (plates / f"plate.{frame}.exr").unlink()
    return find(str(plates), subject="plate")


def test_missing_frames_are_refused_with_the_exact_list(plates):
    found = gaps(plates, 1002, 1003)
    with pytest.raises(RequestError) as caught:
        needed(found, FrameRange(1001, 1007), "refuse")
    assert str(caught.value) == (
        "plate: frames 1002-1003, 1006-1007 are missing in plate.%04d.exr (wanted 1001-1007). "
        "Render them, or pass --missing hold."
    )
    assert caught.value.code == "missing_frames"


def test_one_missing_frame_is_spoken_of_as_one(plates):
    with pytest.raises(RequestError, match="frame 1002 is missing"):
        needed(gaps(plates, 1002), FrameRange(1001, 1005), "refuse")


def test_gaps_outside_the_wanted_frames_do_not_matter(plates):
    assert needed(gaps(plates, 1002), FrameRange(1003, 1004), "refuse").frames == (1003, 1004)


def test_a_gap_is_held_from_the_frame_before_even_outside_the_range(plates):
    found = gaps(plates, 1002, 1004)
    assert needed(found, FrameRange(1001, 1005), "hold").frames == (1001, 1003, 1005)
    assert needed(found, FrameRange(1002, 1003), "hold").frames == (1001, 1003)


def test_nothing_can_be_held_before_the_first_frame(plates):
    with pytest.raises(RequestError, match="no earlier frame to hold"):
        needed(gaps(plates, 1001), FrameRange(1001, 1003), "hold")


@pytest.mark.parametrize("missing", ["refuse", "hold"])
def test_frames_beside_the_plate_are_out_of_range(plates, missing):
    with pytest.raises(RequestError, match="frames 1-48 are outside") as caught:
        needed(find(str(plates), subject="plate"), FrameRange(1, 48), missing)
    assert caught.value.code == "out_of_range"
    assert "1001-1005" in str(caught.value)


def test_a_still_without_a_number_stands_for_every_frame(plates, tmp_path):
    touch(tmp_path / "roto", "garbage.png")
    wanted = FrameRange(1002, 1004)
    matte = find(str(tmp_path / "roto"), subject="matte")
    held = needed(aligned(matte, find(str(plates), subject="plate"), wanted), wanted, "refuse")
    assert held.frames == (1002, 1003, 1004)
    assert {file.name for file in held.files} == {"garbage.png"}


def test_a_numbered_matte_is_never_shifted(plates, tmp_path):
    touch(tmp_path / "roto", *(f"roto.{n:04d}.exr" for n in range(1, 6)))
    wanted = FrameRange(1001, 1005)
    matte = find(str(tmp_path / "roto"), subject="matte")
    with pytest.raises(RequestError, match="matte roto"):
        needed(aligned(matte, find(str(plates), subject="plate"), wanted), wanted, "refuse")


def test_a_void_folder_is_known_by_its_files(tmp_path):
    touch(tmp_path, "input_video.mp4", "quadmask_0.mp4")
    assert void_folder(tmp_path).prompt == ""
    (tmp_path / "prompt.json").write_text(json.dumps({"bg": "An empty table.\n", "more": 1}))
    folder = void_folder(tmp_path)
    assert folder.prompt == "An empty table."
    assert (folder.plate.name, folder.quadmask.name) == ("input_video.mp4", "quadmask_0.mp4")
    (tmp_path / "quadmask_0.mp4").unlink()
    assert void_folder(tmp_path) is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"background": "x"}', '{"bg": 3}'])
def test_a_prompt_that_cannot_be_read_is_refused(tmp_path, content):
    touch(tmp_path, "input_video.mp4", "quadmask_0.mp4")
    (tmp_path / "prompt.json").write_text(content)
    with pytest.raises(RequestError) as caught:
        void_folder(tmp_path)
    assert caught.value.code == "prompt"
