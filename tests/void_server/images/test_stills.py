import numpy as np
import pytest

from bridge.errors import RequestError
from void_server.images.source import open_source
from void_server.images.stills import StillsSource
from void_server.images.window import Window


def ramp(kind, height=20, width=30, channels=3):
    top = np.iinfo(kind).max if np.issubdtype(kind, np.integer) else 2.0
    values = np.linspace(0, top, height * width * channels)
    return values.astype(kind).reshape(height, width, channels)


def source_of(studio, locate, *paths):
    return open_source(studio.sequence(paths, label="plate.%04d"), locate)


@pytest.mark.parametrize(
    ("name", "kind", "quantum", "attributes"),
    [
        pytest.param("a.png", np.uint8, 0, {}, id="png8"),
        pytest.param("a.png", np.uint16, 0, {}, id="png16"),
        pytest.param("a.tif", np.uint8, 0, {}, id="tiff8"),
        pytest.param("a.tif", np.uint16, 0, {}, id="tiff16"),
        pytest.param("a.tif", np.float32, 0, {}, id="tiff-float"),
        pytest.param("a.dpx", np.uint16, 64, {"oiio__BitsPerSample": 10}, id="dpx10"),
        pytest.param("a.dpx", np.uint16, 16, {"oiio__BitsPerSample": 12}, id="dpx12"),
        pytest.param("a.dpx", np.uint16, 0, {"oiio__BitsPerSample": 16}, id="dpx16"),
        pytest.param("a.jpg", np.uint8, 12, {}, id="jpg"),
    ],
)
def test_code_values_are_read_in_their_own_type(studio, locate, name, kind, quantum, attributes):
    pixels = ramp(kind)
    source = source_of(studio, locate, studio.still(name, pixels, **attributes))
    picture = source.read(1001)
    assert picture.rgb().dtype == kind
    assert np.abs(picture.rgb().astype(float) - pixels).max() <= quantum
    assert picture.data_window == picture.display_window == Window(0, 0, 29, 19)


@pytest.mark.parametrize(
    ("name", "kind", "colorspace", "untagged"),
    [
        ("a.png", np.uint8, "srgb_rec709_scene", "display"),
        ("a.jpg", np.uint8, "srgb_rec709_scene", "display"),
        ("a.tif", np.uint16, None, "display"),
        ("a.tif", np.float32, None, "linear"),
        ("a.dpx", np.uint16, None, "ask"),
    ],
)
def test_what_a_format_says_of_colour_is_passed_on(
    studio, locate, name, kind, colorspace, untagged
):
    source = source_of(studio, locate, studio.still(name, ramp(kind)))
    assert (source.colorspace, source.untagged) == (colorspace, untagged)


def test_alpha_is_taken_as_it_is_stored(studio, locate):
    pixels = np.zeros((4, 4, 4), np.uint8)
    pixels[...] = (200, 100, 50, 128)
    picture = source_of(studio, locate, studio.still("a.png", pixels)).read(1001)
    # The writer may divide by alpha; the reader must not multiply it in again.
    assert picture.channels == ("A", "B", "G", "R")
    assert picture.channel("A")[0, 0] == 128


def test_a_grey_file_has_one_channel(studio, locate):
    source = source_of(studio, locate, studio.still("a.png", ramp(np.uint8, channels=1)))
    assert source.channels == ("Y",)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.6])
@pytest.mark.parametrize("name", ["plate.1001.png", "plate.1001.dpx", "plate.1001.tif"])
def test_a_truncated_still_is_named(studio, locate, name, share, capfd):
    rng = np.random.default_rng(1)
    path = studio.still(name, rng.integers(0, 65535, (80, 90, 3)).astype(np.uint16))
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(RequestError, match=f"{name}: the file is damaged") as caught:
        source_of(studio, locate, path).read(1001)
    assert caught.value.code == "corrupt"
    capfd.readouterr()


def test_a_changed_file_is_named(studio, locate):
    path = studio.still("plate.1001.png", ramp(np.uint8))
    source = source_of(studio, locate, path)
    studio.still("plate.1001.png", ramp(np.uint8)[::-1])
    with pytest.raises(RequestError, match=r"plate\.1001\.png.*changed since it was submitted"):
        source.read(1001)


def test_a_kind_that_is_not_read_is_named_with_those_that_are(studio, locate):
    path = studio.folder / "plate.1001.gif"
    path.write_bytes(b"GIF89a" + bytes(64))
    with pytest.raises(RequestError, match=r"do not read this kind of file \(expected EXR, .dpx"):
        source_of(studio, locate, path)


def test_frames_are_found_by_number(studio, locate):
    paths = [
        studio.still(f"p.{n}.png", np.full((2, 2, 3), n - 1000, np.uint8)) for n in (1001, 1002)
    ]
    source = StillsSource(studio.sequence(paths, frames=(1001, 1002)), locate)
    assert source.frames == (1001, 1002)
    assert source.read(1002).channel("G")[0, 0] == 2
    assert source.facts(1001).data_window == Window(0, 0, 1, 1)
