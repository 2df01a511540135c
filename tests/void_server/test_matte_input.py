import numpy as np
import pytest

from bridge.errors import RequestError
from bridge.shot import Matte
from void_server.images.source import open_source
from void_server.images.window import Window
from void_server.matte_input import MatteInput, alpha_channel

DISPLAY = Window(0, 0, 31, 23)


def opened(studio, locate, sequence, *, role="remove", channel="", display=DISPLAY, frames=(1001,)):
    return MatteInput(
        Matte(role, sequence, channel),
        open_source(sequence, locate),
        frames=frames,
        missing="refuse",
        display=display,
        subject=f"sh010 {role} matte",
    )


def masks(matte, canvas=DISPLAY, frame=1001):
    """(remove, affected, keep) on the canvas."""
    found = {name: np.zeros(canvas.shape, bool) for name in ("remove", "affected", "keep")}
    matte.add(frame, canvas, **found)
    return tuple(found.values())


@pytest.mark.parametrize(
    ("channels", "wanted", "found"),
    [
        pytest.param(("A", "B", "G", "R"), "", "A", id="alpha"),
        pytest.param(("R", "G", "B", "a"), "", "a", id="small"),
        pytest.param(("R", "G", "B", "alpha"), "", "alpha", id="word"),
        pytest.param(("roto.A", "R", "G", "B"), "", "roto.A", id="only-layer-alpha"),
        pytest.param(("mask",), "", "mask", id="only-channel"),
        pytest.param(("Y", "R", "G", "B"), "", "Y", id="movie-luma"),
        pytest.param(("A", "R", "G", "B"), "R", "R", id="asked"),
        pytest.param(("A", "roto.A", "key.A"), "roto", "roto.A", id="asked-by-layer"),
        pytest.param(("A", "Mask.alpha"), "mask.ALPHA", "Mask.alpha", id="asked-in-other-case"),
    ],
)
def test_the_matte_channel_is_found_by_name(channels, wanted, found):
    assert alpha_channel(channels, wanted, "m") == found


@pytest.mark.parametrize(
    ("channels", "wanted", "message"),
    [
        pytest.param(("R", "G", "B"), "", r"no alpha channel \(it has R, G, B\)", id="rgb"),
        pytest.param(("roto.A", "key.A"), "", "no alpha channel", id="two-layers"),
        pytest.param(("A",), "roto", r"no channel 'roto' \(it has A\)", id="asked-for-another"),
    ],
)
def test_a_matte_without_clear_alpha_is_refused_with_its_channels(channels, wanted, message):
    with pytest.raises(RequestError, match=message) as caught:
        alpha_channel(channels, wanted, "sh010 remove matte")
    assert caught.value.code == "matte_alpha"
    assert "--matte-channel" in caught.value.hint


def test_channels_are_looked_up_by_name_and_not_by_place(studio, locate):
    planes = {
        "remove.A": np.zeros((24, 32), np.float16),
        "affected.A": np.ones((24, 32), np.float16),
        "quad.Y": np.full((24, 32), 127 / 255, np.float16),
    }
    sequence = studio.sequence([studio.exr("q.exr", planes)])
    assert not masks(opened(studio, locate, sequence, channel="remove.A"))[0].any()
    assert masks(opened(studio, locate, sequence, channel="affected.A"))[0].all()
    assert masks(opened(studio, locate, sequence, role="quadmask"))[1].all()


@pytest.mark.parametrize(
    ("role", "value", "remove", "affected", "keep"),
    [
        ("remove", 0.01, True, False, False),
        ("affected", 0.4, False, False, False),
        ("affected", 0.5, False, True, False),
        ("keep", 0.01, False, False, True),
        ("keep", 0.003, False, False, False),
        ("quadmask", 63 / 255, True, True, False),
        ("quadmask", 0.0, True, False, False),
        ("quadmask", 1.0, False, False, False),
    ],
)
def test_each_role_has_its_threshold_and_target(
    studio, locate, role, value, remove, affected, keep
):
    sequence = studio.sequence([studio.exr("m.exr", {"A": np.full((24, 32), value, np.float32)})])
    found = masks(opened(studio, locate, sequence, role=role))
    assert [mask.all() for mask in found] == [remove, affected, keep]
    assert [mask.any() for mask in found] == [remove, affected, keep]


def test_a_matte_with_a_data_window_of_its_own_is_placed(studio, locate):
    path = studio.exr(
        "m.exr", {"A": np.ones((4, 6), np.float16)}, data=(10, 5, 15, 8), display=(0, 0, 31, 23)
    )
    matte, _affected, _keep = masks(opened(studio, locate, studio.sequence([path])))
    expected = np.zeros(DISPLAY.shape, bool)
    expected[5:9, 10:16] = True
    np.testing.assert_array_equal(matte, expected)


def test_a_matte_is_placed_by_the_display_origin_of_the_plate(studio, locate):
    """A PNG roto of a plate whose display window does not begin at 0."""
    pixels = np.zeros((24, 32, 4), np.uint8)
    pixels[3, 7, 3] = 255
    sequence = studio.sequence([studio.still("m.png", pixels)])
    display = Window.of_size(32, 24, left=100, top=-40)
    matte, _affected, _keep = masks(
        opened(studio, locate, sequence, display=display), canvas=display.grown(2)
    )
    assert np.argwhere(matte).tolist() == [[5, 9]]


def test_a_matte_that_lies_elsewhere_adds_nothing(studio, locate):
    path = studio.exr(
        "m.exr", {"A": np.ones((4, 6), np.float16)}, data=(90, 50, 95, 53), display=(0, 0, 31, 23)
    )
    assert not masks(opened(studio, locate, studio.sequence([path])))[0].any()


def test_a_matte_of_another_size_is_refused_with_both_sizes(studio, locate):
    sequence = studio.sequence([studio.exr("m.exr", {"A": np.ones((12, 16), np.float16)})])
    with pytest.raises(RequestError, match=r"expected 32x24, got 16x12 on frame 1001") as caught:
        opened(studio, locate, sequence)
    assert caught.value.code == "matte_size"


def test_a_matte_that_does_not_cover_the_range_is_refused(studio, locate):
    with pytest.raises(RequestError, match=r"frames 1003-1005 are missing in roto") as caught:
        opened(studio, locate, studio.mattes(2), frames=range(1001, 1006))
    assert caught.value.subject == "sh010 remove matte"


def test_a_quadmask_movie_is_read_as_levels(studio, locate):
    levels = np.full((32, 64), 255, np.uint8)
    levels[:, :16], levels[:, 16:32], levels[:, 32:48] = 0, 63, 127
    rgb = np.repeat(levels[:, :, None], 3, axis=2)
    path = studio.movie("quadmask_0.mp4", [rgb], codec="libx264", pix_fmt="yuv444p",
                        options={"qp": "0"}, matrix="ITU709")  # fmt: skip
    matte = opened(studio, locate, studio.movie_sequence(path), role="quadmask",
                   display=Window(0, 0, 63, 31))  # fmt: skip
    remove, affected, _keep = masks(matte, canvas=Window(0, 0, 63, 31))
    np.testing.assert_array_equal(remove, levels < 127)
    np.testing.assert_array_equal(affected, (levels == 63) | (levels == 127))
