"""The check must be able to fail: values are changed behind its back and must be found."""

import numpy as np
import OpenEXR
import pytest

from void_server.images.window import Window
from void_server.read_back import changed_outside

LAYERS = ("patch", "matte")


def rewrite(path, pixels):
    """Write the same file with other pixels, by another hand."""
    plain = {name: np.asarray(plane) for name, plane in pixels.items()}
    OpenEXR.File({"compression": OpenEXR.ZIP_COMPRESSION}, plain).write(str(path))


@pytest.mark.parametrize("codec", ["ZIP", "PIZ", "DWAA"])
def test_every_value_that_changed_is_counted(comps, codec):
    """K1."""
    _, picture = comps.plate(comps.noise(64, 64, "RGBA"), compression=codec)
    patch = comps.patch(Window(20, 20, 30, 30))
    out = comps.write(picture, patch, attributes={})
    assert changed_outside(out, picture, patch) == 0

    pixels = {name: plane.copy() for name, plane in comps.pixels(out).items()}
    pixels["R"][0, 0] += 1
    pixels["B"][63, 5] += 1
    pixels["A"][25, 25] += 1
    pixels["G"][25, 25] += 1  # in the hole: allowed
    rewrite(out, pixels)
    assert changed_outside(out, picture, patch) == 3

    del pixels["A"]
    rewrite(out, pixels)
    assert changed_outside(out, picture, patch) == 2 + 64 * 64


def test_layers_are_held_to_their_hole(comps):
    """K1: a pixel outside the alpha counts, as does a layer that is missing or a stranger."""
    _, picture = comps.plate(comps.noise(32, 32))
    patch = comps.patch(Window(10, 10, 19, 19))
    out = comps.write(picture, patch, layers=LAYERS)
    assert changed_outside(out, picture, patch, LAYERS) == 0
    assert changed_outside(out, picture, patch, ("patch",)) == 32 * 32
    assert changed_outside(out, picture, patch, (*LAYERS, "straight")) == 4 * 32 * 32

    pixels = {name: plane.copy() for name, plane in comps.pixels(out).items()}
    pixels["patch.G"][15, 15] = 9  # in the hole: allowed
    pixels["patch.G"][0, 0] = pixels["matte.A"][31, 31] = 1e-7
    rewrite(out, pixels)
    assert changed_outside(out, picture, patch, LAYERS) == 2


def test_a_file_in_another_place_is_another_file(comps):
    _, picture = comps.plate(comps.noise(8, 8))
    OpenEXR.File({}, comps.noise(4, 4)).write(str(comps.out))
    assert changed_outside(comps.out, picture, None) == 3 * 64


def test_without_the_patch_its_pixels_count(comps):
    _, picture = comps.plate(comps.noise(20, 30))
    patch = comps.patch(Window(3, 3, 9, 9), value=7.0)
    assert changed_outside(comps.write(picture, patch), picture, None) == 3 * 49
