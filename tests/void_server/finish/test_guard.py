from __future__ import annotations

import numpy as np
import pytest

from void_server.finish.clean import cleaned
from void_server.finish.color_fit import ColorFit, no_change
from void_server.finish.guard import LARGEST_RESIDUAL, Faults, complaint, explains


def fit(gain=1.0, offset=0.0, residual=0.002) -> ColorFit:
    matrix = np.eye(3, 4, dtype=np.float32) * np.float32(gain)
    matrix[:, 3] = offset
    return ColorFit(matrix, "3x4", residual, 500)


@pytest.mark.parametrize(
    ("found", "told"),
    [
        pytest.param(fit(), "", id="nothing"),
        pytest.param(fit(1.24, 0.059), "", id="just a shift"),
        pytest.param(fit(1.3), "gain 1.30, expected 0.8 to 1.25", id="gain"),
        pytest.param(fit(0.75), "gain 0.75, expected 0.8 to 1.25", id="dark"),
        pytest.param(fit(1.0, -0.08), "offset -0.080, expected at most 0.06", id="offset"),
    ],
)
def test_what_cannot_be_a_shift_of_color_is_named(found, told):
    assert complaint(found) == told


def test_a_fit_that_leaves_much_explains_nothing():
    assert explains(fit(residual=LARGEST_RESIDUAL))
    assert not explains(fit(residual=LARGEST_RESIDUAL * 1.01))


def test_a_sound_shot_has_no_warnings():
    faults = Faults()
    faults.add(1001, cleaned(np.full((4, 4, 3), 0.5, np.float32)))
    faults.compare([1001, 1002], [0.01, None])
    assert faults.warnings(no_change()) == ()


def test_frames_are_named_and_many_are_counted():
    faults = Faults()
    faults.compare(range(1001, 1008), [0.2] * 7)
    (told,) = faults.warnings(no_change())
    assert "the model changed the background" in told
    assert told.endswith("7 frames (1001, 1002, 1003, 1004, ...)")


def test_a_lost_picture_is_not_called_broken_too():
    faults = Faults()
    faults.add(7, cleaned(np.full((4, 4, 3), np.nan, np.float32)))
    (told,) = faults.warnings(no_change())
    assert "frame 7" in told
    assert faults.pixels == 16
