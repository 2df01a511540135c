from dataclasses import replace

import numpy as np
import pytest

from bridge.errors import ServerError
from void_server.engines.engine import Fill
from void_server.images.window import Window
from void_server.patch import Patch

CANVAS = Window(-5, 2, 14, 11)
HOLE = Window(-3, 4, 0, 6)
ALPHA = np.ones((3, 4), np.float32)


def fill_of(top, left, shape, value=1.0, degrained=None):
    return Fill(
        frame=7,
        top=top,
        left=left,
        rgb=np.full((*shape, 3), value, np.float32),
        seen=np.ones(shape, np.uint16),
        degrained=None if degrained is None else np.full((*shape, 3), degrained, np.float32),
    )


def patch_of(fill):
    return Patch.of(fill, canvas=CANVAS, hole_box=HOLE, alpha=ALPHA)


def test_a_fill_becomes_a_patch_in_pixel_coordinates():
    patch = patch_of(fill_of(1, 1, (8, 8), degrained=0.5))
    assert patch.box == HOLE
    assert patch.rgb.shape == patch.degrained.shape == (3, 4, 3)
    assert (patch.degrained == 0.5).all()
    assert patch_of(fill_of(1, 1, (8, 8))).degrained is None


@pytest.mark.parametrize(
    ("fill", "message"),
    [
        pytest.param(fill_of(0, 0, (3, 3)), "does not cover the hole", id="too-small"),
        pytest.param(fill_of(8, 15, (2, 2)), "does not cover the hole", id="elsewhere"),
        pytest.param(fill_of(0, 0, (10, 20), np.nan), "NaN or Inf", id="nan"),
        pytest.param(fill_of(0, 0, (10, 20), np.inf), "NaN or Inf", id="inf"),
        pytest.param(fill_of(0, 0, (10, 20), 1.0, np.nan), "NaN or Inf", id="degrained-nan"),
        pytest.param(
            replace(fill_of(0, 0, (10, 20)), degrained=np.zeros((9, 20, 3), np.float32)),
            "another size",
            id="degrained-size",
        ),
    ],
)
def test_an_unusable_fill_is_the_engines_fault(fill, message):
    """K3."""
    with pytest.raises(ServerError, match=message) as caught:
        patch_of(fill)
    assert caught.value.subject == "frame 7"


def test_nan_outside_the_hole_does_not_matter():
    fill = fill_of(0, 0, (10, 20), degrained=1.0)
    fill.rgb[0, 0] = fill.degrained[0, 0] = np.nan
    patch_of(fill)


def test_the_hole_is_found_in_any_window():
    alpha = np.zeros((3, 4), np.float32)
    alpha[1, 2] = alpha[2, 3] = 0.5
    patch = replace(patch_of(fill_of(0, 0, (10, 20))), alpha=alpha)
    box, mask = patch.hole_in(Window(-5, 2, 14, 11))
    assert box == Window(4, 3, 5, 4)
    assert mask.tolist() == [[True, False], [False, True]]
    assert patch.hole_in(Window(-5, 2, -1, 11))[0] == Window(4, 3, 4, 3)
    assert patch.hole_in(Window(-5, 2, -2, 11)) is None
    assert patch.hole_in(Window(50, 50, 60, 60)) is None
