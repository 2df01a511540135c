from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge import sequence
from bridge.errors import RequestError
from bridge.sequence import FrameRange, Version

FRAMES = st.integers(-99_999, 99_999)
NAMES = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,20}", fullmatch=True)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        pytest.param("1001-1048", 1001, 1048, id="range"),
        pytest.param("1001", 1001, 1001, id="one frame"),
        pytest.param(" 1001 - 1048 ", 1001, 1048, id="spaces"),
        pytest.param("-5-10", -5, 10, id="begins below zero"),
        pytest.param("-10--5", -10, -5, id="ends below zero"),
        pytest.param("0999-1001", 999, 1001, id="padded"),
    ],
)
def test_a_range_is_read_as_artists_write_it(text, first, last):
    assert FrameRange.parse(text) == FrameRange(first, last)


@pytest.mark.parametrize("text", ["", "-", "1001-", "a-b", "1001..1048", "1001-1048x2", "1-2-3"])
def test_what_is_no_range_is_refused(text):
    with pytest.raises(RequestError) as caught:
        FrameRange.parse(text)
    assert caught.value.code == "bad_range"
    assert f"'{text}'" in str(caught.value)


def test_a_range_that_ends_before_it_begins_is_refused():
    with pytest.raises(RequestError, match="1048-1001"):
        FrameRange.parse("1048-1001")


@given(FRAMES, st.integers(0, 500))
def test_a_range_reads_back_what_it_writes(first, count):
    frames = FrameRange(first, first + count)
    assert FrameRange.parse(str(frames)) == frames
    assert len(frames) == len(list(frames)) == count + 1
    assert first in frames
    assert first - 1 not in frames


@pytest.mark.parametrize(
    ("frames", "text"),
    [
        pytest.param([], "", id="none"),
        pytest.param([1040], "1040", id="one"),
        pytest.param([1034, 1040, 1033], "1033-1034, 1040", id="unsorted"),
        pytest.param([-2, -1, 0, 1], "-2-1", id="across zero"),
        pytest.param([3, 3, 5, 7], "3, 5, 7", id="twice and apart"),
    ],
)
def test_frames_are_listed_compactly(frames, text):
    assert sequence.listed(frames) == text


@given(st.sets(FRAMES, max_size=60))
def test_listed_frames_read_back(frames):
    assert sequence.frames_of(sequence.listed(frames)) == tuple(sorted(frames))


@given(st.sets(st.integers(0, 60)), st.integers(0, 30), st.integers(0, 30))
def test_what_is_missing_and_what_is_there_make_up_what_is_wanted(frames, first, count):
    wanted = FrameRange(first, first + count)
    gaps = sequence.missing(frames, wanted)
    assert not set(gaps) & frames
    assert set(gaps) | (frames & set(wanted)) == set(wanted)
    assert list(gaps) == sorted(gaps)


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("plate.1001.exr", 1001),
        ("plate_00086400.dpx", 86400),
        ("plate0042.png", 42),
        ("1001.exr", 1001),
        ("plate.-005.exr", -5),
        ("take-5.exr", 5),
        ("plate_v002.1001.exr", 1001),
        ("plate_v002.exr", None),
        ("plate.exr", None),
    ],
)
def test_a_version_is_no_frame_number(name, number):
    assert sequence.frame_number(name) == number


@pytest.mark.parametrize(
    ("names", "padding"),
    [
        pytest.param(["a.1001.exr"], 4, id="four"),
        pytest.param(["a.01001.exr", "a.01002.exr"], 5, id="five"),
        pytest.param(["a.9999.exr", "a.10000.exr"], 4, id="overflowing four"),
        pytest.param(["a.7.exr"], 4, id="unpadded"),
        pytest.param(["a.mov"], 4, id="movie"),
    ],
)
def test_padding_is_the_plates_and_four_at_least(names, padding):
    assert sequence.padding_of(names) == padding


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("plate.%04d.exr", "plate"),
        ("plate_%05d.dpx", "plate"),
        ("plate.####.exr", "plate"),
        ("plate.1001.exr", "plate"),
        ("sh010.mov", "sh010"),
        ("sh010_0200.mov", "sh010_0200"),
        ("plate_v002.%04d.exr", "plate_v002"),
        ("sh010 plåte.%04d.exr", "sh010_pl_te"),
        ("%04d.exr", "shot"),
    ],
)
def test_a_shot_is_named_after_its_plate(label, name):
    assert sequence.shot_name(label) == name


@given(st.text(max_size=40))
def test_whatever_a_plate_is_called_the_shots_name_is_legal(label):
    assert sequence.is_legal_name(sequence.shot_name(label))


@pytest.mark.parametrize("name", ["", "a b", "../up", "a/b", ".hidden", "-flag", "å", "a\n"])
def test_names_that_could_lead_astray_are_not_legal(name):
    assert not sequence.is_legal_name(name)


def test_files_are_named_after_their_version():
    version = Version(folder=Path("out/sh010_void_v002"))
    assert version.label == "v002"
    assert version.picture("comp", 1001).name == "sh010_void_v002.1001.exr"
    named = {kind: version.picture(kind, 1001).name for kind in sequence.PICTURE_KINDS[1:]}
    assert named == {
        kind: f"sh010_void_v002_{kind}.1001.exr"
        for kind in ("patch", "straight", "degrained", "matte")
    }
    assert version.sidecar.name == "sh010_void_v002.json"


@given(st.integers(-999, 99_999), st.integers(4, 8), st.sampled_from(sequence.PICTURE_KINDS))
def test_a_host_that_expands_the_pattern_finds_the_file(frame, padding, kind):
    version = Version(folder=Path("a_void_v001"), padding=padding)
    assert str(version.pattern(kind)) % frame == str(version.picture(kind, frame))


def test_the_first_version_is_one_and_the_folder_above_is_made(tmp_path):
    out = tmp_path / "deep" / "renders"
    assert sequence.claim_version(out, "sh010") == out / "sh010_void_v001"
    assert (out / "sh010_void_v001").is_dir()


@given(st.sets(st.integers(1, 1200), max_size=5), NAMES)
def test_a_new_version_comes_after_all_others(tmp_path_factory, numbers, name):
    out = tmp_path_factory.mktemp("versions")
    for number in numbers:
        (out / f"{name}_void_v{number:03d}").mkdir()
    (out / f"{name}x_void_v2000").mkdir()
    claimed = sequence.claim_version(out, name)
    assert claimed.name == f"{name}_void_v{max(numbers, default=0) + 1:03d}"
    assert sequence.versions(out, name)[0] == claimed


def test_a_file_with_a_versions_name_is_stepped_over(tmp_path):
    (tmp_path / "a_void_v001").touch()
    assert sequence.claim_version(tmp_path, "a").name == "a_void_v002"


def test_callers_at_the_same_time_get_a_version_each(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        claimed = list(pool.map(lambda _: sequence.claim_version(tmp_path, "a"), range(24)))
    assert sorted(path.name for path in claimed) == [f"a_void_v{n:03d}" for n in range(1, 25)]


def test_a_folder_that_is_not_there_has_no_versions(tmp_path):
    assert sequence.versions(tmp_path / "nowhere", "a") == ()
