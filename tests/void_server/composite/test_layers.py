"""The kinds of pictures as layers of the comp."""

import numpy as np
import pytest

from bridge.errors import RequestError
from ocio.convert import ColorConfig
from void_server.images.window import Window
from void_server.layers import refuse_unfit
from void_server.patch_file import write_patch_file
from void_server.plate import plate_color

ALL = ("comp", "patch", "straight", "degrained", "matte")
ONES = {n: np.ones((40, 60), np.float16) for n in "RGB"}
BOX = Window(30, 20, 39, 23)


def test_the_layers_are_named_as_hosts_read_them(comps):
    _, picture = comps.plate({**ONES, "depth.Z": np.ones((40, 60), np.float32)})
    got = comps.pixels(comps.write(picture, comps.patch(BOX), layers=ALL))
    rgba = [f"{layer}.{c}" for layer in ("patch", "straight", "degrained") for c in "RGBA"]
    assert set(got) == {*"RGB", "depth.Z", "confidence.Y", "matte.A", *rgba}


@pytest.mark.parametrize("kind", ALL[1:])
def test_only_what_was_asked_for_becomes_a_layer(comps, kind):
    _, picture = comps.plate(ONES)
    got = comps.pixels(comps.write(picture, comps.patch(BOX), layers=(kind,)))
    assert {name.partition(".")[0] for name in got} - {"confidence"} == {*"RGB", kind}


@pytest.mark.parametrize("kind", ALL[1:])
def test_a_layer_holds_what_the_sequence_would(comps, kind):
    _, picture = comps.plate(ONES)
    alpha = np.linspace(0, 1, 10, dtype=np.float32)[None, :].repeat(4, axis=0)
    patch = comps.patch(BOX, value=3.0, alpha=alpha, degrained=2.0)
    got = comps.pixels(comps.write(picture, patch, layers=(kind,)))
    alone = comps.folder / "alone.exr"
    write_patch_file(kind, picture, patch, alone, color=comps.plain, attributes={})
    lies = np.s_[:, :] if kind == "matte" else np.s_[20:24, 30:40]
    for name, plane in comps.pixels(alone).items():
        layer = name if "." in name else f"{kind}.{name}"
        if kind == "matte" and name != "A":
            continue
        np.testing.assert_array_equal(got[layer][lies], plane)
        got[layer][lies] = 0
        assert not got[layer].any()


def test_a_frame_without_a_hole_has_the_layers_too(comps):
    """A sequence whose channels come and go is refused by hosts."""
    _, picture = comps.plate(ONES)
    filled = comps.pixels(comps.write(picture, comps.patch(BOX), layers=ALL))
    empty = comps.pixels(comps.write(picture, None, layers=ALL))
    assert {n: p.dtype for n, p in empty.items()} == {n: p.dtype for n, p in filled.items()}
    assert not any(plane.any() for name, plane in empty.items() if "." in name)


def test_in_a_view_that_is_not_the_default_a_layer_names_it(comps):
    """Source of the order: OpenEXR multi-view convention, layer.view.channel."""
    names = ["left.R", "left.G", "left.B"]
    _, picture = comps.plate(comps.noise(40, 60, names), multiView=["right", "left"])
    got = comps.pixels(comps.write(picture, comps.patch(BOX), layers=("patch", "matte")))
    layers = {"patch.left.R", "patch.left.G", "patch.left.B", "patch.left.A"}
    assert set(got) == {*names, *layers, "confidence.left.Y", "matte.left.A"}


@pytest.mark.parametrize(
    ("channel", "kinds", "fits"),
    [
        pytest.param("patch.R", ("patch",), False, id="same-channel"),
        pytest.param("Matte.r", ("matte",), False, id="same-layer-in-other-case"),
        pytest.param("confidence.Y", ("patch",), False, id="confidence"),
        pytest.param("patch.R", ("matte",), True, id="not-asked-for"),
        pytest.param("matte.shadow.A", ("matte",), True, id="deeper-layer"),
        pytest.param("depth.Z", ALL, True, id="another-layer"),
    ],
)
def test_a_layer_of_the_plate_is_never_mixed_with_ours(comps, channel, kinds, fits):
    _, picture = comps.plate({**ONES, channel: np.ones((40, 60), np.float16)})
    if fits:
        refuse_unfit(picture, comps.plain, kinds)
        return
    with pytest.raises(RequestError, match="layers of its own") as caught:
        comps.write(picture, comps.patch(BOX), layers=kinds)
    assert caught.value.code == "layers"
    assert "Leave --layers out" in caught.value.hint
    assert not comps.out.exists()


def test_a_result_with_layers_cannot_get_them_twice(comps):
    _, picture = comps.plate(ONES)
    again = comps.read(comps.write(picture, comps.patch(BOX), layers=ALL))
    with pytest.raises(RequestError, match="confidence, degrained, matte, patch, straight"):
        comps.write(again, comps.patch(BOX), layers=ALL)


def test_two_colour_spaces_do_not_share_a_file(comps):
    color = plate_color(
        tag=None, wanted="ARRI LogC4", untagged="linear", config=ColorConfig(), subject="plate"
    )
    _, picture = comps.plate(ONES)
    with pytest.raises(RequestError, match="one colour space in a file") as caught:
        refuse_unfit(picture, color, ("patch",))
    assert caught.value.code == "layers"


def test_layers_of_nothing_but_the_box_cost_little_room(comps):
    _, picture = comps.plate(comps.noise(400, 600))
    plain = comps.write(picture, comps.patch(BOX)).stat().st_size
    assert comps.write(picture, comps.patch(BOX), layers=ALL).stat().st_size < 1.05 * plain
