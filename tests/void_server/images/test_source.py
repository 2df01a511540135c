import numpy as np
import pytest

from bridge.errors import RequestError
from void_server.images.exr_source import ExrSequence
from void_server.images.movie import MovieSource
from void_server.images.source import open_source
from void_server.images.stills import StillsSource
from void_server.images.window import Window

RGB = {name: np.ones((4, 6), np.float16) for name in "RGB"}


def test_the_reader_follows_from_kind_content_and_name(studio, locate):
    exr = studio.exr("p.exr", RGB)
    png = studio.still("p.png", np.zeros((4, 6, 3), np.uint8))
    movie = studio.movie("p.mkv", [np.zeros((16, 16, 3), np.uint8)], codec="ffv1", pix_fmt="bgr0")
    assert isinstance(open_source(studio.sequence([exr]), locate), ExrSequence)
    assert isinstance(open_source(studio.sequence([png]), locate), StillsSource)
    assert isinstance(open_source(studio.movie_sequence(movie), locate), MovieSource)


def test_an_exr_under_another_name_is_still_an_exr(studio, locate):
    path = studio.exr("plate.1001", RGB)
    assert isinstance(open_source(studio.sequence([path]), locate), ExrSequence)


def test_something_else_under_an_exr_name_is_refused(studio, locate):
    path = studio.still("p.png", np.zeros((4, 6, 3), np.uint8))
    renamed = path.rename(path.with_name("plate.1001.exr"))
    with pytest.raises(RequestError, match=r"plate\.1001\.exr: it is not an EXR file"):
        open_source(studio.sequence([renamed]), locate)


def test_exr_frames_are_found_by_number_and_their_windows_without_decoding(studio, locate):
    paths = [
        studio.exr(f"p.{n}.exr", RGB, data=(n, 0, n + 5, 3), display=(0, 0, 9, 9)) for n in (1, 5)
    ]
    source = open_source(studio.sequence(paths, frames=(1, 5)), locate)
    assert source.frames == (1, 5)
    assert source.facts(5).data_window == Window(5, 0, 10, 3)
    assert source.facts(5).display_window == Window(0, 0, 9, 9)
    assert source.read(5).data_window == Window(5, 0, 10, 3)
    with pytest.raises(RequestError, match="frame 2: it is not in the sequence"):
        source.read(2)


@pytest.mark.parametrize("codec", ["NO", "PIZ", "ZIP"])
def test_one_flipped_bit_in_the_pixels_is_found_before_decoding(studio, locate, codec):
    rng = np.random.default_rng(1)
    noise = {n: rng.random((64, 64), np.float32).astype(np.float16) for n in "RGB"}
    path = studio.exr("plate.1033.exr", noise, compression=codec)
    sequence = studio.sequence([path])
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(bytes(data))
    with pytest.raises(RequestError, match=r"plate\.1033\.exr: the file has changed") as caught:
        open_source(sequence, locate).read(1001)
    assert caught.value.code == "changed"


def test_a_file_that_went_away_is_named(studio, locate):
    path = studio.exr("plate.1001.exr", RGB)
    source = open_source(studio.sequence([path]), locate)
    path.unlink()
    with pytest.raises(RequestError, match=r"plate\.1001\.exr: the file cannot be read"):
        source.read(1001)
