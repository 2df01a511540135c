import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from void_server.packed import pack, unpack


@given(arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, max_side=40)))
def test_a_mask_comes_back_as_it_was(mask):
    back = unpack(pack(mask), mask.shape)
    assert back.dtype == np.bool_
    np.testing.assert_array_equal(back, mask)


@given(st.integers(1, 50), st.integers(1, 50))
def test_nothing_takes_no_room(height, width):
    assert pack(np.zeros((height, width), np.bool_)) == b""


def test_a_matte_in_4k_takes_a_few_kilobytes():
    mask = np.zeros((2160, 4096), np.bool_)
    mask[400:1700, 900:2400] = True
    assert len(pack(mask)) < 16_000
