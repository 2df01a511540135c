import pytest

from ocio.standards import LINEAR_AP0, LINEAR_AP1, LINEAR_REC709, SRGB, interop_id, other_names


@pytest.mark.parametrize("names", [LINEAR_REC709, LINEAR_AP1, LINEAR_AP0, SRGB])
def test_every_name_of_a_space_leads_to_all_of_them_and_its_id(names):
    for name in names:
        assert other_names(name) == other_names(name.upper()) == names
        assert interop_id(["show", name]) == names[0]


def test_no_name_stands_for_two_spaces():
    every = [name.casefold() for names in (LINEAR_REC709, LINEAR_AP1, LINEAR_AP0, SRGB)
             for name in names]  # fmt: skip
    assert len(set(every)) == len(every)


@pytest.mark.parametrize("name", ["", "linear", "ARRI LogC4", "ACEScct", "raw"])
def test_a_name_of_no_standard_is_none(name):
    assert other_names(name) == ()
    assert interop_id([name]) == ""
