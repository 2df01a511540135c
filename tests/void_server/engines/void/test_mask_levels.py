from __future__ import annotations

import numpy as np
import pytest

from void_server.engines.void.mask_levels import grid_levels


def _square() -> tuple[np.ndarray, np.ndarray]:
    remove, affected = np.zeros((2, 64, 96), np.bool_)
    remove[16:32, 32:64] = True
    affected[40:64, :32] = True
    return remove, affected


def test_each_level_stays_at_its_place() -> None:
    levels = grid_levels("clean")(*_square(), (32, 48))
    assert levels.dtype == np.uint8
    assert levels[12, 24] == 0
    assert levels[26, 8] == 127
    assert levels[2, 2] == 255


def test_the_references_reduction_averages_levels_and_grows_nothing() -> None:
    assert (grid_levels("reference")(*_square(), (32, 48)) == 0).sum() == 8 * 16
    assert (grid_levels("clean")(*_square(), (32, 48)) == 0).sum() > 8 * 16


@pytest.mark.parametrize("column", [100, 101, 102])
def test_a_wire_thinner_than_a_model_pixel_is_removed_everywhere(column: int) -> None:
    remove, affected = np.zeros((2, 768, 1344), np.bool_)
    remove[:, column] = True
    assert (grid_levels("clean")(remove, affected, (384, 672)) == 0).any(axis=1).all()
