from __future__ import annotations

import numpy as np
import pytest

from void_server.engines.standin.levels import levels


def planes(remove, affected):
    masks = np.zeros((2, 8, 16), np.bool_)
    for mask, (rows, columns) in zip(masks, (remove, affected), strict=True):
        mask[rows, columns] = True
    return masks


NOTHING = slice(0, 0), slice(0, 0)


def test_each_level_stands_for_its_planes():
    remove, affected = planes((slice(0, 8), slice(0, 8)), (slice(0, 8), slice(4, 12)))
    assert levels(remove, affected, (2, 4)).tolist() == [[0, 63, 127, 255]] * 2


@pytest.mark.parametrize(("rows", "level"), [(1, 255), (2, 0), (4, 0)])
def test_a_cell_belongs_to_what_covers_half_of_it(rows, level):
    remove, affected = planes((slice(0, rows), slice(0, 16)), NOTHING)
    found = levels(remove, affected, (2, 4))
    assert found.dtype == np.uint8
    assert (found[0] == level).all()
    assert (found[1] == 255).all()
