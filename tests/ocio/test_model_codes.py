import numpy as np
import pytest

from bridge.errors import RequestError
from ocio.model_codes import from_codes, to_codes
from ocio.model_space import ModelSpace


@pytest.mark.parametrize(("low", "high", "allowed"), [(0.01, 64, 2e-4), (0.001, 0.01, 1e-3)])
def test_c5_sixteen_bits_cost_next_to_nothing(low, high, allowed):
    space = ModelSpace(0.0, 64.0)
    light = np.geomspace(low, high, 50_000).astype(np.float32)
    back = space.decode(from_codes(to_codes(space.encode(light))))
    assert np.abs(back / light - 1).max() <= allowed


def test_all_codes_come_back_as_they_were():
    codes = np.arange(65536, dtype=np.uint16)
    np.testing.assert_array_equal(to_codes(from_codes(codes)), codes)


def test_what_is_outside_is_cut():
    assert to_codes(np.array([-0.1, 1.2], np.float32)).tolist() == [0, 65535]


@pytest.mark.parametrize("kind", [np.float16, np.uint8, np.float64])
def test_c6_other_kinds_of_numbers_are_refused_on_the_way_out(kind):
    with pytest.raises(RequestError, match="of a wrong kind for model space") as caught:
        to_codes(np.zeros((2, 2, 3), kind), subject="sh010.1001")
    assert (caught.value.subject, caught.value.code) == ("sh010.1001", "model_codes")


@pytest.mark.parametrize("kind", [np.float16, np.uint8, np.float32])
def test_c6_other_kinds_of_numbers_are_refused_on_the_way_in(kind):
    with pytest.raises(RequestError, match="expected uint16"):
        from_codes(np.zeros((2, 2, 3), kind))
