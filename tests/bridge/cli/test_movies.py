import struct

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.cli.inputs import find
from bridge.cli.movies import picture_count
from bridge.errors import RequestError
from bridge.found import aligned, needed
from bridge.sequence import FrameRange


def movie(path, codec, count, pixels="yuv420p", **options):
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream(codec, rate=24)
        stream.width, stream.height, stream.pix_fmt = 64, 48, pixels
        for value in range(count):
            picture = np.full((48, 64, 3), value, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return path


@pytest.mark.parametrize(
    ("name", "codec", "pixels"),
    [
        pytest.param("a.mp4", "libx264", "yuv420p", id="mp4 with B-frames"),
        pytest.param("a.mov", "prores_ks", "yuv422p10le", id="mov"),
        pytest.param("a.mxf", "mpeg2video", "yuv420p", id="mxf mpeg2"),
        pytest.param("a.mxf", "prores_ks", "yuv422p10le", id="mxf prores"),
    ],
)
def test_a_movie_is_as_long_as_what_is_decoded_from_it(tmp_path, name, codec, pixels):
    path = movie(tmp_path / name, codec, 13, pixels)
    with av.open(str(path)) as container:
        decoded = sum(1 for _ in container.decode(video=0))
    assert picture_count(path) == decoded == 13


def test_sound_before_the_pictures_is_not_counted(tmp_path):
    path = tmp_path / "a.mov"
    with av.open(str(path), "w") as container:
        sound = container.add_stream("pcm_s16le", rate=48000)
        stream = container.add_stream("mpeg4", rate=24)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 9600), np.int16), layout="mono")
        silence.sample_rate = 48000
        container.mux(sound.encode(silence))
        for _ in range(5):
            picture = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
        container.mux(sound.encode())
    assert picture_count(path) == 5


def test_a_fragmented_movie_does_not_say_how_long_it_is(tmp_path):
    path = movie(tmp_path / "a.mp4", "libx264", 5, movflags="frag_keyframe+empty_moov")
    found = find(str(path), subject="plate")
    assert found.last_frame is None
    with pytest.raises(RequestError, match="--frames") as caught:
        found.range()
    assert caught.value.code == "unknown_length"
    assert needed(found, FrameRange(2, 4), "refuse") == found


@pytest.mark.parametrize("suffix", [".mp4", ".mxf"])
@given(content=st.binary(max_size=200))
def test_whatever_is_in_the_file_counting_ends_without_a_crash(tmp_path_factory, suffix, content):
    path = tmp_path_factory.mktemp("movie") / f"a{suffix}"
    path.write_bytes(content)
    assert picture_count(path) is None


def test_a_box_that_claims_more_than_there_is_ends_the_count(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(struct.pack(">I4sI4s", 4000, b"moov", 0xFFFFFFFF, b"trak"))
    assert picture_count(path) is None


def test_a_cut_off_movie_does_not_say_how_long_it_is(tmp_path):
    path = movie(tmp_path / "a.mp4", "libx264", 5)
    path.write_bytes(path.read_bytes()[:-400])
    assert picture_count(path) is None


def test_a_movie_is_numbered_from_one(tmp_path):
    found = find(str(movie(tmp_path / "a.mp4", "mpeg4", 6)), subject="plate")
    assert found.range() == FrameRange(1, 6)


@pytest.mark.parametrize("wanted", ["0-3", "4-7", "7-9"])
def test_frames_that_a_movie_does_not_have_are_refused(tmp_path, wanted):
    found = find(str(movie(tmp_path / "a.mp4", "mpeg4", 6)), subject="plate")
    with pytest.raises(RequestError, match="1-6") as caught:
        needed(found, FrameRange.parse(wanted), "hold")
    assert caught.value.code == "out_of_range"


def test_a_matte_movie_begins_with_the_plate_and_must_be_as_long(tmp_path):
    (tmp_path / "plate").mkdir()
    for frame in range(1001, 1008):
        (tmp_path / "plate" / f"a.{frame}.exr").touch()
    plate = find(str(tmp_path / "plate"), subject="plate")
    matte = find(str(movie(tmp_path / "m.mp4", "mpeg4", 6)), subject="matte")
    fitted = aligned(matte, plate, FrameRange(1003, 1006))
    assert (fitted.frames, fitted.last_frame) == ((1001,), 1006)
    assert needed(fitted, FrameRange(1003, 1006), "refuse") == fitted
    with pytest.raises(RequestError, match=r"matte m\.mp4.*1001-1006"):
        needed(fitted, FrameRange(1003, 1007), "refuse")
