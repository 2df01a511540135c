"""Plates as they come: channels of other names, and log files that say nothing of their colour.

The acceptance list's N5 (channel names) and N7 (untagged DPX).
"""

import numpy as np
import OpenEXR
import pytest

from bridge.errors import RequestError
from void_server.composite import write_comp
from void_server.engines.engine import Fill
from void_server.footage import ShotFootage
from void_server.read_back import changed_outside

SIZE = (24, 32)


def footage_of(studio, locate, plate, **fields):
    shot = studio.shot(studio.sequence([plate]), studio.mattes(1), **fields)
    return ShotFootage(shot, locate=locate, grow=0.0, feather=0.0)


def flat(names):
    """Planes with a value of their own: 0.25 for the first name, then 0.5, 0.75 ..."""
    return {n: np.full(SIZE, (i + 1) / 4, np.float16) for i, n in enumerate(names)}


@pytest.mark.parametrize(
    ("names", "others"),
    [
        pytest.param(("R", "G", "B"), (), id="plain"),
        pytest.param(("R", "G", "B"), ("A", "Z", "beauty.R", "beauty.G", "beauty.B"), id="layers"),
        pytest.param(("red", "green", "blue"), ("alpha",), id="words"),
        pytest.param(("main.R", "main.G", "main.B"), ("main.A",), id="one-layer"),
        pytest.param(("rgba.red", "rgba.green", "rgba.blue"), ("depth.Z",), id="layer-of-words"),
    ],
)
def test_n5_a_picture_is_found_by_the_names_of_its_channels(studio, locate, names, others):
    # A file keeps its channels sorted, which makes them B, G, R.
    plate = studio.exr("plate.1001.exr", flat((*names, *others)))
    with footage_of(studio, locate, plate) as footage:
        footage.prepare()
        np.testing.assert_array_equal(footage.plate(1001)[0, 0], [0.25, 0.5, 0.75])
        rgb = np.full((*SIZE, 3), (4, 5, 6), np.float32)
        fill = Fill(frame=1001, top=0, left=0, rgb=rgb, seen=np.zeros(SIZE, np.uint16))
        picture, patch = footage.picture(1001), footage.patch(fill)
        out = studio.folder / "out.exr"
        write_comp(picture, patch, out, color=footage.color, attributes={})
        assert changed_outside(out, picture, patch) == 0
    channels = OpenEXR.File(str(out), separate_channels=True).channels()
    assert [channels[name].pixels[12, 12] for name in names] == [4, 5, 6]
    for index, name in enumerate(others, start=4):
        assert (channels[name].pixels == index / 4).all()


@pytest.mark.parametrize(
    ("names", "message"),
    [
        pytest.param(("Y",), r"no RGB picture in it \(expected R, G, B, got Y\)", id="luma"),
        pytest.param(("Y", "RY", "BY"), "no RGB picture in it", id="luma-chroma"),
        pytest.param(("R", "G"), r"got G, R\)", id="blue-missing"),
        pytest.param(("A", "Z"), r"got A, Z\)", id="rgb-missing"),
        pytest.param(("R", "main.G", "main.B"), "no RGB picture in it", id="torn-apart"),
        pytest.param(
            ("a.R", "a.G", "a.B", "b.R", "b.G", "b.B"), "several layers hold RGB", id="two-layers"
        ),
    ],
)
def test_n5_a_file_without_one_clear_picture_is_refused(studio, locate, names, message):
    plate = studio.exr("plate.1001.exr", flat(names))
    with pytest.raises(RequestError, match=message) as caught:
        footage_of(studio, locate, plate)
    assert caught.value.code == "channel"


@pytest.mark.parametrize("bits", [10, 12, 16])
def test_n7_an_untagged_dpx_asks_for_its_space_and_is_then_read_to_a_quantum(studio, locate, bits):
    codes = np.linspace(0.1, 0.9, SIZE[0] * SIZE[1] * 3).reshape(*SIZE, 3)
    pixels = np.round(codes * 65535).astype(np.uint16)
    plate = studio.still("plate.1001.dpx", pixels, oiio__BitsPerSample=bits)
    with pytest.raises(RequestError, match=r"may be log or video.*--colorspace") as caught:
        footage_of(studio, locate, plate)
    assert caught.value.code == "colorspace"
    with footage_of(studio, locate, plate, colorspace="ARRI LogC4") as footage:
        assert footage.color.linear == "ocio:lin_awg4_scene"
        back = footage.color.from_linear(footage.plate(1001).copy())
    # One quantum of the file, and what half light is worth in code.
    assert np.abs(back - codes).max() <= 1 / (2**bits - 1) + 2e-4
