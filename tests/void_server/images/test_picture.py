import numpy as np
import pytest

from bridge.errors import RequestError
from void_server.images.picture import Picture, find_rgb
from void_server.images.window import Window


@pytest.mark.parametrize(
    ("channels", "expected"),
    [
        pytest.param(("R", "G", "B"), ("R", "G", "B"), id="plain"),
        pytest.param(("B", "G", "R", "A"), ("R", "G", "B"), id="any-order"),
        pytest.param(("red", "green", "blue"), ("red", "green", "blue"), id="words"),
        pytest.param(("Red", "Green", "Blue"), ("Red", "Green", "Blue"), id="capital-words"),
        pytest.param(("r", "g", "b"), ("r", "g", "b"), id="small-letters"),
        pytest.param(("main.R", "main.G", "main.B"), ("main.R", "main.G", "main.B"), id="layer"),
        pytest.param(
            ("R", "G", "B", "diffuse.R", "diffuse.G", "diffuse.B"), ("R", "G", "B"), id="with-aovs"
        ),
        pytest.param(("Z", "R", "G", "B", "N.X", "N.Y"), ("R", "G", "B"), id="with-data"),
        pytest.param(
            ("rgba.red", "rgba.green", "rgba.blue"), ("rgba.red", "rgba.green", "rgba.blue"),
            id="layer-of-words",
        ),
    ],
)  # fmt: skip
def test_rgb_is_found_by_name(channels, expected):
    assert find_rgb(channels, "plate") == expected


@pytest.mark.parametrize(
    ("channels", "message"),
    [
        pytest.param(("Y",), r"no RGB picture in it \(expected R, G, B, got Y\)", id="luminance"),
        pytest.param(("Y", "RY", "BY"), "no RGB picture", id="luma-chroma"),
        pytest.param(("R", "G"), "no RGB picture", id="blue-missing"),
        pytest.param((), "got none", id="nothing"),
        pytest.param(
            ("a.R", "a.G", "a.B", "b.R", "b.G", "b.B"), r"several layers hold RGB.*got a, b",
            id="two-layers",
        ),
    ],
)  # fmt: skip
def test_a_picture_without_clear_rgb_is_refused(channels, message):
    with pytest.raises(RequestError, match=message) as caught:
        find_rgb(channels, "sh010 plate")
    assert str(caught.value).startswith("sh010 plate:")


def test_a_long_channel_list_is_cut_in_messages():
    with pytest.raises(RequestError, match="c11, and 8 more"):
        find_rgb([f"c{i:02}" for i in range(20)], "plate")


def test_a_channel_that_is_not_there_is_named_with_those_that_are():
    window = Window.of_size(2, 1)
    picture = Picture(
        frame=1,
        subject="roto.0001.exr",
        data_window=window,
        display_window=window,
        pixel_aspect=1.0,
        planes={"A": np.zeros((1, 2), np.float16)},
    )
    with pytest.raises(RequestError, match=r"roto.0001.exr: there is no channel 'mask'.*A"):
        picture.channel("mask")
