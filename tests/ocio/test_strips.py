import numpy as np
import pytest

from ocio.strips import Bench, strips

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("width", [1, 3])
@pytest.mark.parametrize(
    "picture",
    [
        pytest.param(np.zeros((0, 3), np.float32), id="empty"),
        pytest.param(RNG.random((2, 30_000), np.float32), id="wider-than-a-strip"),
        pytest.param(np.arange(9, dtype=np.float32), id="a-row"),
        pytest.param(RNG.random((90, 80, 3), np.float32), id="more-than-one"),
        pytest.param(RNG.random((90, 80, 3), np.float32)[5:70, 3:61], id="cut"),
        pytest.param(RNG.random((3, 90, 80), np.float32).transpose(1, 2, 0),
                     id="planes"),
        pytest.param(RNG.random((2, 30, 41, 3), np.float32)[:, ::2], id="steps"),
    ],
)  # fmt: skip
def test_every_number_comes_by_once_and_in_place(picture, width):
    out, count = np.full(picture.shape, -1, np.float32), 0
    for part, into in strips(picture, out, width=width):
        assert part.flags.c_contiguous
        assert part.shape == into.shape
        assert part.shape[1] == width
        assert part.size <= 12288
        into[...] = part * 2
        count += part.size
    assert count == picture.size
    np.testing.assert_array_equal(out, picture * 2)


def test_a_bench_lends_three_arrays_that_do_not_overlap():
    strip = np.zeros((4096, 3), np.float32)
    lent = Bench().like(strip)
    for number, array in enumerate(lent):
        array[...] = number
    assert [array.mean() for array in lent] == [0, 1, 2]
    assert all(array.shape == strip.shape for array in lent)
