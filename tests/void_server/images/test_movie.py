from fractions import Fraction

import av
import numpy as np
import pytest

from bridge.errors import RequestError
from void_server.images.source import open_source

COUNT = 40
RED = (191, 26, 26)


def marker(number, size=(48, 64)):
    """A picture that says its own number: a grey of its own."""
    return np.full((*size, 3), 20 + 5 * number, np.uint8)


def read_back(studio, locate, path, first=1001):
    return open_source(studio.movie_sequence(path, first), locate)


def number_of(picture):
    return round((float(picture.channel("G")[24, 32]) / 257 - 20) / 5)


X264 = {"codec": "libx264", "pix_fmt": "yuv420p", "options": {"crf": "12", "g": "12", "bf": "3"}}
PRORES = {"codec": "prores_ks", "pix_fmt": "yuv422p10le", "options": {"profile": "3"}}


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        pytest.param("a.mp4", X264, id="h264-with-b-frames"),
        pytest.param("a.mov", PRORES, id="prores"),
        pytest.param("a.mxf", {"codec": "mpeg2video", "pix_fmt": "yuv420p",
                               "options": {"g": "12", "bf": "2", "b": "8M"}}, id="mpeg2-mxf"),
        pytest.param("a.mkv", {**X264, "options": {"crf": "12", "g": "100"}}, id="one-keyframe"),
    ],
)  # fmt: skip
def test_frame_n_is_frame_n_forwards_backwards_and_at_random(studio, locate, name, settings):
    path = studio.movie(name, [marker(n) for n in range(COUNT)], **settings)
    source = read_back(studio, locate, path)
    assert source.frames == tuple(range(1001, 1001 + COUNT))
    order = [*range(COUNT), *reversed(range(COUNT)), 0, 39, 17, 3, 38, 18, 19, 17]
    assert [number_of(source.read(1001 + n)) for n in order] == order
    source.close()


@pytest.mark.parametrize("count", [1, 4, 5])
def test_every_length_comes_back_whole(studio, locate, count):
    path = studio.movie("a.mp4", [marker(n) for n in range(count)], **X264)
    source = read_back(studio, locate, path, first=7)
    assert source.frames == tuple(range(7, 7 + count))
    assert [number_of(source.read(7 + n)) for n in range(count)] == list(range(count))


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        pytest.param({**PRORES, "name": "a.mov"}, 0.004, id="prores-422hq"),
        pytest.param({**X264, "name": "a.mp4"}, 0.02, id="h264"),
        pytest.param({"name": "a.mkv", "codec": "ffv1", "pix_fmt": "yuv444p10le"}, 0.004,
                     id="ffv1-10-bit"),
    ],
)  # fmt: skip
def test_untagged_hd_video_is_read_with_the_rec709_matrix(studio, locate, settings, error):
    frame = np.empty((720, 64, 3), np.uint8)
    frame[:] = RED
    settings = dict(settings)
    path = studio.movie(settings.pop("name"), [frame] * 2, matrix="ITU709", **settings)
    rgb = read_back(studio, locate, path).read(1001).rgb()
    assert rgb.dtype == np.uint16
    assert np.abs(rgb / 65535 - np.array(RED) / 255).max() <= error


def test_untagged_sd_video_is_read_with_the_rec601_matrix(studio, locate):
    frame = np.empty((480, 64, 3), np.uint8)
    frame[:] = RED
    path = studio.movie("a.mkv", [frame], codec="ffv1", pix_fmt="yuv444p10le", matrix="ITU601")
    rgb = read_back(studio, locate, path).read(1001).rgb()
    assert np.abs(rgb / 65535 - np.array(RED) / 255).max() <= 0.004


def test_a_tagged_matrix_wins_over_the_size(studio, locate):
    frame = np.empty((480, 64, 3), np.uint8)
    frame[:] = RED
    path = studio.movie(
        "a.mkv", [frame], codec="ffv1", pix_fmt="yuv444p10le", matrix="ITU709", colorspace=1
    )
    rgb = read_back(studio, locate, path).read(1001).rgb()
    assert np.abs(rgb / 65535 - np.array(RED) / 255).max() <= 0.004


def test_ten_bits_stay_ten_bits(studio, locate):
    codes = np.linspace(64, 940, 256).astype(np.uint16)[None, :].repeat(16, axis=0)
    frame = av.VideoFrame(256, 16, "yuv444p10le")
    for index, plane in enumerate(frame.planes):
        values = codes if index == 0 else np.full_like(codes, 512)
        padded = np.zeros((16, plane.line_size // 2), np.uint16)
        padded[:, :256] = values
        plane.update(padded.tobytes())
    path = studio.movie("a.mkv", [frame], codec="ffv1", pix_fmt="yuv444p10le")
    picture = read_back(studio, locate, path).read(1001)
    expected = (codes[0] - 64) / 876
    np.testing.assert_allclose(picture.channel("G")[8] / 65535, expected, atol=1e-5)
    np.testing.assert_allclose(picture.channel("Y")[8] / 65535, expected, atol=1e-5)
    assert len(np.unique(picture.channel("Y"))) == 256


def grey_frame(levels, format_, luma):
    frame = av.VideoFrame(levels.shape[1], levels.shape[0], format_)
    for index, plane in enumerate(frame.planes):
        values = np.full((plane.height, plane.line_size), 128, np.uint8)
        if index == 0:
            values[:, : levels.shape[1]] = luma
        plane.update(values.tobytes())
    return frame


@pytest.mark.parametrize(
    ("format_", "settings", "luma"),
    [
        pytest.param("yuv444p", {}, (16, 70, 125, 235), id="444-untagged"),
        pytest.param("yuv420p", {"color_range": 1}, (16, 70, 125, 235), id="420-tagged-video"),
        pytest.param("yuv444p", {"color_range": 2}, (0, 63, 127, 255), id="444-tagged-full"),
    ],
)
def test_quadmask_levels_decode_exactly(studio, locate, format_, settings, luma):
    index = np.arange(64).reshape(1, 64).repeat(32, axis=0) // 16
    levels = np.array([0, 63, 127, 255])[index]
    frame = grey_frame(levels, format_, np.array(luma)[index])
    path = studio.movie(
        "quadmask_0.mp4", [frame], codec="libx264", pix_fmt=format_, options={"qp": "0"}, **settings
    )
    got = read_back(studio, locate, path).read(1001).channel("Y")
    np.testing.assert_array_equal(np.rint(got / 257), levels)


def test_alpha_of_prores_4444_is_a_channel(studio, locate):
    rgba = np.zeros((32, 64, 4), np.uint8)
    rgba[..., :3] = 100
    rgba[:, 32:, 3] = 255
    frame = av.VideoFrame.from_ndarray(rgba, format="rgba").reformat(format="yuva444p10le")
    path = studio.movie(
        "a.mov", [frame], codec="prores_ks", pix_fmt="yuva444p10le", options={"profile": "4"}
    )
    source = read_back(studio, locate, path)
    assert "A" in source.channels
    alpha = source.read(1001).channel("A")
    assert (alpha[0, 0], alpha[0, 63]) == (0, 65535)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        pytest.param({}, None, id="none"),
        pytest.param({"color_primaries": 1, "color_trc": 1}, "srgb_rec709_scene", id="709"),
        pytest.param({"color_primaries": 1, "color_trc": 13}, "srgb_rec709_scene", id="srgb"),
        pytest.param({"color_primaries": 9, "color_trc": 16}, "pq_rec2020_display", id="pq"),
        pytest.param(
            {"color_primaries": 9, "color_trc": 14}, "video primaries 9, transfer 14", id="2020"
        ),
    ],
)
def test_colour_tags_become_names(studio, locate, tags, expected):
    path = studio.movie("a.mp4", [marker(0)], **X264, **tags)
    source = read_back(studio, locate, path)
    assert source.colorspace == expected
    assert source.untagged == "display"


def test_rate_and_timecode_travel_with_the_frame(studio, locate):
    path = studio.folder / "a.mov"
    rate = Fraction(24000, 1001)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("prores_ks", rate=rate)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv422p10le"
        container.metadata["timecode"] = "01:00:00:20"
        for number in range(8):
            frame = av.VideoFrame.from_ndarray(marker(number), format="rgb24")
            frame.pts, frame.time_base = number, 1 / rate
            container.mux(stream.encode(frame.reformat(format="yuv422p10le")))
        container.mux(stream.encode())
    picture = read_back(studio, locate, path).read(1006)
    assert picture.rate == rate
    assert picture.timecode == "01:00:01:01"


def test_a_frame_beyond_the_end_is_named(studio, locate):
    source = read_back(studio, locate, studio.movie("a.mp4", [marker(0)] * 3, **X264))
    with pytest.raises(RequestError, match=r"a.mp4: there is no frame 1004 \(it has 1001-1003\)"):
        source.read(1004)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7])
def test_a_movie_cut_short_is_named(studio, locate, share):
    frames = [np.random.default_rng(n).integers(0, 255, (48, 64, 3)).astype(np.uint8)
              for n in range(12)]  # fmt: skip
    path = studio.movie("cut.mp4", frames, **X264)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(RequestError, match=r"cut\.mp4: the movie is damaged"):
        read_back(studio, locate, path)


def test_a_streamable_movie_cut_short_ends_early_or_is_named(studio, locate):
    frames = [np.random.default_rng(n).integers(0, 255, (48, 64, 3)).astype(np.uint8)
              for n in range(12)]  # fmt: skip
    path = studio.movie("cut.mkv", frames, **PRORES)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * 0.6)])
    source = read_back(studio, locate, path)
    assert 1 < len(source.frames) < 12
    source.read(source.frames[-2])
    with pytest.raises(RequestError, match=r"cut\.mkv: there is no frame 1012"):
        source.read(1012)


def test_a_movie_without_pictures_is_refused(studio, locate):
    path = studio.folder / "sound.mov"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=48000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 480), np.int16), layout="mono")
        frame.sample_rate = 48000
        container.mux(stream.encode(frame))
    with pytest.raises(RequestError, match="there is no picture in it"):
        read_back(studio, locate, path)


def test_a_changed_movie_is_named(studio, locate):
    path = studio.movie("a.mp4", [marker(0)], **X264)
    sequence = studio.movie_sequence(path)
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(RequestError, match="changed since it was submitted"):
        open_source(sequence, locate)
