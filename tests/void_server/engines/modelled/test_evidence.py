from __future__ import annotations

import numpy as np
import pytest

from void_server.engines.modelled import evidence


def test_model_space_is_shown_number_for_number():
    code = np.linspace(0, 1, 6 * 8 * 3, dtype=np.float32).reshape(6, 8, 3)
    shown = evidence.shown(code)
    assert shown.dtype == np.uint8
    assert np.abs(shown / 255.0 - code).max() <= 0.5 / 255 + 1e-6


@pytest.mark.parametrize(("value", "byte"), [(np.nan, 0), (np.inf, 255), (-np.inf, 0), (7, 255)])
def test_what_is_no_number_is_shown_as_black_or_white(value, byte):
    code = np.full((4, 4, 3), 0.5, np.float32)
    code[1, 1] = value
    assert (evidence.shown(code)[1, 1] == byte).all()


def test_each_level_has_an_outline_of_its_own_and_the_inside_is_left():
    levels = np.full((20, 40), 255, np.uint8)
    for left, level in ((2, 0), (14, 63), (26, 127)):
        levels[4:14, left : left + 10] = level
    shown = evidence.shown(np.full((20, 40, 3), 0.5, np.float32), levels)
    inks = {tuple(shown[4, left]) for left in (2, 14, 26)}
    assert len(inks) == 3
    assert (128, 128, 128) not in inks
    for left in (2, 14, 26):
        assert (shown[7:11, left + 3 : left + 7] == 128).all()
    assert (shown[17:] == 128).all()


def test_showing_changes_nothing_that_was_passed():
    code = np.full((4, 4, 3), 0.5, np.float32)
    evidence.shown(code, np.zeros((4, 4), np.uint8))
    assert (code == 0.5).all()


def test_real_pixels_are_white_and_invented_ones_black():
    share = np.array([[1.0, 0.0, 0.5, 1.0]], np.float32)
    hole = np.array([[True, True, True, False]])
    shown = evidence.real(share, hole)
    assert shown.shape == (1, 4, 3)
    assert shown[0, :, 0].tolist() == [255, 0, 128, 96]
