import struct
from fractions import Fraction

import numpy as np
import OpenEXR
import OpenImageIO as oiio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.errors import RequestError
from void_server.images import exr_header, exr_layout
from void_server.images.exr_header import parse_header, read_header
from void_server.images.window import Window

GREY = {"Y": np.zeros((4, 4), np.float16)}


def handmade(width, height, *, compression=3, channels=b"", version=2, tiles=b""):
    """The head of a file that claims a size, and nothing behind it."""
    channels = channels or b"Y\0" + struct.pack("<iB3xii", 1, 0, 1, 1)
    box = struct.pack("<4i", 0, 0, width - 1, height - 1)
    attributes = [
        (b"channels", b"chlist", channels + b"\0"),
        (b"compression", b"compression", bytes([compression])),
        (b"dataWindow", b"box2i", box),
        (b"displayWindow", b"box2i", box),
    ]
    if tiles:
        attributes.append((b"tiles", b"tiledesc", tiles))
    body = b"".join(
        name + b"\0" + kind + b"\0" + struct.pack("<i", len(value)) + value
        for name, kind, value in attributes
    )
    return exr_layout.MAGIC + struct.pack("<I", version) + body + b"\0"


def test_the_header_tells_windows_aspect_rate_and_tags(studio):
    path = studio.exr(
        "a.exr",
        {name: np.zeros((10, 20), np.float16) for name in "RGB"},
        data=(-4, 3, 15, 12),
        display=(0, 0, 15, 15),
        pixelAspectRatio=2.0,
        framesPerSecond=Fraction(24000, 1001),
        colorInteropID="lin_ap1_scene",
    )
    part = read_header(path, "a.exr").parts[0]
    assert part.data_window == Window(-4, 3, 15, 12)
    assert part.display_window == Window(0, 0, 15, 15)
    assert part.pixel_aspect == 2.0
    assert part.rate == Fraction(24000, 1001)
    assert part.text("colorInteropID") == "lin_ap1_scene"
    assert part.compression == "zip"
    assert list(part.channels) == ["B", "G", "R"]


def test_a_header_longer_than_the_first_read_is_read_whole(studio):
    path = studio.exr("long.exr", GREY, comments="x" * 300_000)
    assert len(read_header(path, "long.exr").parts[0].text("comments")) == 300_000


def test_a_deep_file_is_refused_from_its_header(tmp_path):
    path = tmp_path / "deep.exr"
    spec = oiio.ImageSpec(4, 4, 2, "float")
    spec.channelnames = ("A", "Z")
    spec.deep = True
    deep = oiio.DeepData()
    deep.init(16, 2, [oiio.FLOAT, oiio.FLOAT], ["A", "Z"])
    deep.set_samples(3, 2)
    out = oiio.ImageOutput.create(str(path))
    assert out.open(str(path), spec)
    assert out.write_deep_image(deep)
    out.close()
    with pytest.raises(RequestError, match="deep EXR") as caught:
        read_header(path, "plate.1001.exr")
    assert caught.value.code == "deep"
    assert "DeepToImage" in caught.value.hint


@pytest.mark.parametrize(
    "size", [pytest.param((65500, 65500), id="65k"), pytest.param((200_000, 200_000), id="200k")]
)
def test_a_small_file_that_claims_a_huge_picture_is_refused(size):
    with pytest.raises(RequestError, match=r"more than we decode|too short for its size"):
        parse_header(handmade(*size), "bomb.exr")


@pytest.mark.parametrize("compression", [0, 2, 3, 4, 8], ids=["none", "zips", "zip", "piz", "dwaa"])
def test_a_file_too_short_for_its_declared_size_is_refused(compression):
    with pytest.raises(RequestError, match="too short for its size"):
        parse_header(handmade(4096, 2160, compression=compression), "short.exr")


def test_too_many_channels_are_refused():
    channels = b"".join(
        b"c%d\0" % i + struct.pack("<iB3xii", 1, 0, 1, 1)
        for i in range(exr_header.MAX_CHANNELS + 1)
    )
    with pytest.raises(RequestError, match="1025 channels"):
        parse_header(handmade(2, 2, channels=channels), "many.exr")


def test_mip_mapped_textures_are_refused():
    tiles = struct.pack("<IIB", 32, 32, 1)
    with pytest.raises(RequestError, match="mip-mapped"):
        parse_header(handmade(64, 64, tiles=tiles, version=2 | exr_layout.TILED), "tex.exr")


@pytest.mark.parametrize("length", [0, 3, 4, 8, 10, 60, 250])
def test_a_header_cut_short_is_named(studio, length):
    path = studio.exr("plate.1001.exr", GREY)
    whole = path.read_bytes()
    path.write_bytes(whole[:length])
    with pytest.raises(RequestError, match=r"plate\.1001\.exr: the EXR file is damaged"):
        read_header(path, path.name)


def test_another_kind_of_file_is_named_as_such(tmp_path):
    path = tmp_path / "plate.1001.exr"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    with pytest.raises(RequestError, match="it is not an EXR file"):
        read_header(path, path.name)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(RequestError, match=r"cannot be read \(No such file"):
        read_header(tmp_path / "gone.exr", "gone.exr")


def test_every_part_of_a_multipart_file_is_read(studio):
    parts = [studio.part(GREY, name="one"), studio.part(GREY, name="two")]
    header = read_header(studio.exr_parts("m.exr", parts), "m.exr")
    assert header.multipart
    assert [part.text("name") for part in header.parts] == ["one", "two"]


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    path = tmp_path_factory.mktemp("fuzz") / "a.exr"
    OpenEXR.File({"compression": OpenEXR.ZIP_COMPRESSION, "comments": "x"}, GREY).write(str(path))
    return path.read_bytes()


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_damaged_header_is_parsed_or_refused_and_nothing_else(sound, data):
    damaged = bytearray(sound)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(sound) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(sound)))
    subjects = []
    try:
        header = parse_header(bytes(damaged[:cut]), "fuzz.exr")
        assert sum(part.decoded_bytes for part in header.parts) <= exr_header.MAX_DECODED
    except RequestError as error:
        subjects.append(error.subject)
    assert subjects in ([], ["fuzz.exr"])
