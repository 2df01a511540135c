"""K1, E2: outside the alpha not one bit of a frame changes, whatever the file is like."""

import itertools

import numpy as np
import OpenEXR
import pytest

from void_server.images.window import Window
from void_server.read_back import changed_outside

LAYERS = ("comp", "patch", "straight", "degrained", "matte")
both_ways = pytest.mark.parametrize("layers", [(), LAYERS], ids=["plain", "layers"])


def only_rgb_in(hole, changed, *, part=0, names="RGB"):
    """Nothing but the hole of three channels may differ, and nearly all of it does."""
    for (index, name), mask in changed.items():
        ours = index == part and name in names
        assert not (mask & ~hole).any() if ours else not mask.any(), (index, name)
        if ours:
            assert (mask & hole).sum() > 0.9 * hole.sum()


@both_ways
@pytest.mark.parametrize("codec", ["NO", "RLE", "ZIPS", "ZIP", "PIZ"])
def test_every_bit_pattern_outside_the_alpha_is_kept(comps, codec, layers):
    """K1."""
    source, picture = comps.plate(comps.nasty(), compression=codec)
    box = Window(100, 90, 180, 170)
    alpha = np.zeros(box.shape, np.float32)
    alpha[10:60, 5:70] = np.linspace(0.01, 1, 65, dtype=np.float32)
    patch = comps.patch(box, alpha=alpha)
    out = comps.write(picture, patch, layers=layers)
    hole = np.zeros((256, 256), bool)
    hole[90:171, 100:181] = alpha > 0
    only_rgb_in(hole, comps.changed(source, out))
    assert changed_outside(out, picture, patch, layers) == 0
    assert comps.header(out)["compression"].name == f"{codec}_COMPRESSION"


@both_ways
@pytest.mark.parametrize(
    ("floats", "codec"), [(False, "PXR24"), (True, "ZIP")], ids=["half", "with-float"]
)
def test_pxr24_is_kept_where_it_keeps_every_bit(comps, floats, codec, layers):
    """K1: it cuts float channels to 24 bits, so a part with some comes back as zip."""
    channels = comps.nasty()
    if not floats:
        del channels["depth.Z"]
    source, picture = comps.plate(channels, compression="PXR24")
    patch = comps.patch(Window(10, 10, 40, 40))
    out = comps.write(picture, patch, layers=layers)
    hole = np.zeros((256, 256), bool)
    hole[10:41, 10:41] = True
    only_rgb_in(hole, comps.changed(source, out))
    assert comps.header(out)["compression"].name == f"{codec}_COMPRESSION"
    assert changed_outside(out, picture, patch, layers) == 0


@both_ways
def test_an_empty_hole_returns_the_frame_whole(comps, layers):
    """K1."""
    source, picture = comps.plate(comps.nasty())
    out = comps.write(picture, None, layers=layers)
    assert not any(mask.any() for mask in comps.changed(source, out).values())
    assert changed_outside(out, picture, None, layers) == 0


@both_ways
def test_rows_stored_from_the_bottom_up_are_kept(comps, layers):
    source, picture = comps.plate(comps.noise(77, 40), lineOrder=OpenEXR.DECREASING_Y)
    patch = comps.patch(Window(5, 30, 20, 50))
    out = comps.write(picture, patch, layers=layers)
    hole = np.zeros((77, 40), bool)
    hole[30:51, 5:21] = True
    only_rgb_in(hole, comps.changed(source, out))
    assert comps.header(out)["lineOrder"] == OpenEXR.DECREASING_Y
    assert (comps.pixels(out)["R"][30:51, 5:21] == np.float16(0.25)).all()


@both_ways
@pytest.mark.parametrize("codec", ["ZIP", "NO", "PIZ"])
def test_a_tiled_file_keeps_its_tiles_and_bits(comps, codec, layers):
    """E2."""
    tiles = OpenEXR.TileDescription()
    tiles.xSize = tiles.ySize = 32
    header = {
        "compression": getattr(OpenEXR, f"{codec}_COMPRESSION"), "type": OpenEXR.tiledimage,
        "tiles": tiles, "cameraTransform": np.eye(4, dtype=np.float32), "owner": "Zoë",
    }  # fmt: skip
    source = comps.folder / "tiled.exr"
    OpenEXR.File(header, comps.noise(70, 90, "RGBA")).write(str(source))
    picture = comps.read(source)
    patch = comps.patch(Window(10, 10, 50, 40))
    out = comps.write(picture, patch, layers=layers)
    hole = np.zeros((70, 90), bool)
    hole[10:41, 10:51] = True
    only_rgb_in(hole, comps.changed(source, out))
    assert changed_outside(out, picture, patch, layers) == 0
    (before,), (after,) = comps.attributes(source), comps.attributes(out)
    del before["channels"], after["channels"]
    assert after == before


@both_ways
def test_all_parts_of_a_stereo_file_come_back(comps, layers):
    """E2."""
    parts = [
        comps.studio.part(comps.noise(50, 60), name="left", view="left", owner="l"),
        comps.studio.part(comps.noise(50, 60), name="right", view="right", compression="PIZ"),
        comps.studio.part(comps.noise(50, 60, "Z", np.float32), name="depth", compression="ZIPS"),
    ]
    source = comps.studio.exr_parts("stereo.exr", parts)
    picture = comps.read(source)
    patch = comps.patch(Window(20, 20, 39, 29))
    out = comps.write(picture, patch, layers=layers)
    hole = np.zeros((50, 60), bool)
    hole[20:30, 20:40] = True
    only_rgb_in(hole, comps.changed(source, out))
    assert changed_outside(out, picture, patch, layers) == 0
    for before, after in zip(comps.attributes(source), comps.attributes(out), strict=True):
        del before["channels"], after["channels"]
        assert after == before


@both_ways
def test_both_views_of_a_single_part_come_back(comps, layers):
    """E2."""
    channels = comps.noise(30, 40, ["R", "G", "B", "right.R", "right.G", "right.B"])
    source, picture = comps.plate(channels, multiView=["left", "right"])
    patch = comps.patch(Window(5, 5, 14, 14))
    out = comps.write(picture, patch, layers=layers)
    hole = np.zeros((30, 40), bool)
    hole[5:15, 5:15] = True
    only_rgb_in(hole, comps.changed(source, out))
    assert changed_outside(out, picture, patch, layers) == 0
    assert list(comps.header(out)["multiView"]) == ["left", "right"]


@both_ways
def test_the_other_view_of_a_single_part_is_worked_on_alone(comps, layers):
    """E2."""
    channels = comps.noise(30, 40, ["R", "G", "B", "right.R", "right.G", "right.B"])
    source, _ = comps.plate(channels, multiView=["left", "right"])
    picture = comps.read(source, view="right")
    patch = comps.patch(Window(5, 5, 14, 14))
    out = comps.write(picture, patch, layers=layers)
    hole = np.zeros((30, 40), bool)
    hole[5:15, 5:15] = True
    only_rgb_in(hole, comps.changed(source, out), names=("right.R", "right.G", "right.B"))
    assert changed_outside(out, picture, patch, layers) == 0
    assert ("patch.right.A" in comps.pixels(out)) == bool(layers)


@both_ways
def test_the_other_part_of_a_stereo_file_is_worked_on_alone(comps, layers):
    """E2, E3: its windows need not be those of the first."""
    parts = [
        comps.studio.part(comps.noise(50, 60), name="left", view="left"),
        comps.studio.part(comps.noise(52, 64), (-2, -1, 61, 50), (0, 0, 59, 49), name="right",
                          view="right"),
    ]  # fmt: skip
    source = comps.studio.exr_parts("stereo.exr", parts)
    picture = comps.read(source, view="right")
    patch = comps.patch(Window(20, 20, 39, 29))
    out = comps.write(picture, patch, layers=layers)
    hole = np.zeros((52, 64), bool)
    hole[21:31, 22:42] = True
    changed = comps.changed(source, out)
    assert not any(mask.any() for (part, _), mask in changed.items() if part == 0)
    only_rgb_in(hole, {key: mask for key, mask in changed.items() if key[0]}, part=1)
    assert changed_outside(out, picture, patch, layers) == 0
    assert ("patch.A" in comps.pixels(out, 1)) == bool(layers)


@both_ways
@pytest.mark.parametrize("codec", ["ZIPS", "ZIP", "PIZ"])
def test_cryptomatte_and_ids_keep_their_bits_beside_half(comps, codec, layers):
    """E2: hashes stored as float are mostly NaN and denormals to anyone who looks at them."""
    rng = np.random.default_rng(3)
    channels = comps.noise(40, 50, "RGBA") | comps.noise(40, 50, ["Z"], np.float32)
    for rank, name in itertools.product(("00", "01"), "rgba"):
        bits = rng.integers(0, 2**32, (40, 50), np.uint32)
        channels[f"CryptoObject{rank}.{name}"] = bits.view(np.float32)
    channels["object_id"] = rng.integers(0, 2**32, (40, 50), np.uint32)
    manifest = {"cryptomatte/9a7e0f1/name": "CryptoObject", "cryptomatte/9a7e0f1/manifest": "{}"}
    source, picture = comps.plate(channels, compression=codec, **manifest)
    patch = comps.patch(Window(5, 5, 30, 30))
    out = comps.write(picture, patch, layers=layers)
    hole = np.zeros((40, 50), bool)
    hole[5:31, 5:31] = True
    only_rgb_in(hole, comps.changed(source, out))
    assert comps.header(out)["cryptomatte/9a7e0f1/manifest"] == "{}"
    assert changed_outside(out, picture, patch, layers) == 0


@both_ways
@pytest.mark.parametrize(
    "size",
    [(1, 1), (1, 7), (9, 1), (1, 20000), (1079, 1997)],
    ids=["1x1", "7x1", "1x9", "20000x1", "1997x1079"],
)
def test_odd_sizes_are_composited(comps, size, layers):
    """N3."""
    layers = layers[-1:]
    source, picture = comps.plate(comps.noise(*size))
    patch = comps.patch(Window.of_size(1, 1, left=size[1] // 2, top=size[0] // 2))
    out = comps.write(picture, patch, layers=layers)
    hole = np.zeros(size, bool)
    hole[size[0] // 2, size[1] // 2] = True
    only_rgb_in(hole, comps.changed(source, out))
    assert changed_outside(out, picture, patch, layers) == 0


@pytest.mark.parametrize("codec", ["DWAA", "DWAB", "B44", "B44A"])
def test_a_codec_that_loses_bits_becomes_zip(comps, codec):
    _, picture = comps.plate(comps.noise(64, 64), compression=codec)
    patch = comps.patch(Window(3, 3, 20, 20))
    out = comps.write(picture, patch)
    assert comps.header(out)["compression"] == OpenEXR.ZIP_COMPRESSION
    assert changed_outside(out, picture, patch) == 0


def test_a_lossy_frame_without_a_hole_is_not_packed_again(comps):
    source, picture = comps.plate(comps.noise(64, 64), compression="DWAA")
    out = comps.write(picture, None)
    assert comps.header(out)["compression"] == OpenEXR.DWAA_COMPRESSION
    assert not any(mask.any() for mask in comps.changed(source, out).values())
