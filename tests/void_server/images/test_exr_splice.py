"""The chunk copy itself; that results keep every bit is tested with the composite."""

import numpy as np
import pytest

from void_server.images import exr
from void_server.images.exr_header import parse_header
from void_server.images.exr_layout import Attribute
from void_server.images.exr_splice import (
    chunk_contents,
    chunk_rows,
    find_chunks,
    spliced,
    with_channels,
)

MINE = {"void/job": Attribute("string", b"abc")}


def loaded(path):
    data = path.read_bytes()
    return data, parse_header(data, path.name)


def noise(height=70, width=40):
    rng = np.random.default_rng(3)
    return {name: rng.random((height, width), np.float32).astype(np.float16) for name in "RGB"}


@pytest.mark.parametrize(
    ("codec", "rows"), [("NO", 1), ("RLE", 1), ("ZIPS", 1), ("ZIP", 16), ("PIZ", 32), ("PXR24", 16)]
)
def test_chunks_are_found_for_every_kept_codec(studio, codec, rows):
    data, header = loaded(studio.exr("a.exr", noise(), compression=codec))
    chunks = find_chunks(data, header)
    assert chunk_rows(header.parts[0]) == rows
    assert len(chunks) == -(-70 // rows)
    assert sum(chunk.size for chunk in chunks) == len(data) - header.end - 8 * len(chunks)


def test_a_copy_differs_in_our_attributes_only(studio):
    data, header = loaded(studio.exr("a.exr", noise(), comments="kept"))
    copy = spliced(data, header, main=0, attributes=MINE, packed={}, drop_prefix="void/")
    again = parse_header(copy, "copy.exr")
    assert dict(again.parts[0].attributes) == {**header.parts[0].attributes, **MINE}
    assert chunk_contents(copy, again) == chunk_contents(data, header)


def test_attributes_of_an_earlier_run_are_replaced(studio):
    data, header = loaded(studio.exr("a.exr", noise(), void__job="old", void__gone="x"))
    copy = spliced(data, header, main=0, attributes=MINE, packed={}, drop_prefix="void/")
    part = parse_header(copy, "copy.exr").parts[0]
    assert part.text("void/job") == "abc"
    assert "void/gone" not in part.attributes


def test_a_name_beyond_31_bytes_sets_the_long_name_flag(studio):
    data, header = loaded(studio.exr("a.exr", noise()))
    name = "void/" + "n" * 40
    copy = spliced(
        data, header, main=0, attributes={name: Attribute("string", b"v")}, packed={},
        drop_prefix="void/",
    )  # fmt: skip
    picture = exr.decode(copy, parse_header(copy, "c"), frame=1, subject="c")
    assert picture.exr.header.version & 0x400
    np.testing.assert_array_equal(picture.channel("R"), noise()["R"])


def test_an_unusable_chunk_table_is_not_relied_on(studio):
    data, header = loaded(studio.exr("a.exr", noise()))
    broken = bytearray(data)
    broken[header.end : header.end + 8] = (len(data) + 5).to_bytes(8, "little")
    assert find_chunks(bytes(broken), header) is None
    assert spliced(
        bytes(broken), header, main=0, attributes={}, packed={}, drop_prefix="void/"
    ) is None  # fmt: skip


def test_new_channels_take_their_place_among_the_old_ones(studio):
    channels = {n: np.zeros((4, 4), np.float16) for n in ("B", "R", "Z", "id")}
    _, header = loaded(studio.exr("a.exr", channels))
    listed = header.parts[0].attributes["channels"]
    longer = with_channels(listed, {"patch.R": 1, "A": 2, "a": 0})
    names = [name for name, _ in iter_channels(longer.value)]
    assert names == [b"A", b"B", b"R", b"Z", b"a", b"id", b"patch.R"]
    kept = dict(iter_channels(listed.value))
    assert kept.items() <= dict(iter_channels(longer.value)).items()


def iter_channels(value):
    """(name, everything else) of each entry of a channel list."""
    while value[0]:
        name, _, rest = value.partition(b"\0")
        yield name, rest[:16]
        value = rest[16:]


@pytest.mark.parametrize("codec", ["NO", "RLE", "ZIPS", "ZIP", "PIZ", "PXR24"])
def test_added_channels_are_read_by_the_library(studio, codec):
    """With their type, whatever the others' types are; the rest of the file is as it was."""
    import OpenEXR

    path = studio.exr("a.exr", noise(), compression=codec, comments="kept")
    data, header = loaded(path)
    picture = exr.decode(data, header, frame=1, subject="a")
    rng = np.random.default_rng(4)
    layers = {
        "id.N": rng.integers(0, 2**32, (70, 40), np.uint32),
        "Aa": rng.random((70, 40), np.float32).astype(np.float16),
    }
    path.write_bytes(
        exr.encode_over(picture, {}, {}, rows=range(0), drop_prefix="void/", layers=layers)
    )
    file = OpenEXR.File(str(path), separate_channels=True)
    assert file.header()["comments"] == "kept"
    for name, plane in (noise() | layers).items():
        np.testing.assert_array_equal(file.channels()[name].pixels, plane)
        assert file.channels()[name].pixels.dtype == plane.dtype
