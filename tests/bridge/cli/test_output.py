import pytest

from bridge.cli.output import wanted
from bridge.errors import RequestError
from bridge.sequence import PICTURE_KINDS


@pytest.mark.parametrize(
    ("text", "layers", "expected"),
    [
        ("", False, ("comp",)),
        ("comp", False, ("comp",)),
        ("patch", False, ("patch",)),
        ("both", False, ("comp", "patch")),
        ("patch,comp", False, ("comp", "patch")),
        ("Matte, straight ,matte", False, ("straight", "matte")),
        ("all", False, PICTURE_KINDS),
        ("all,comp", False, PICTURE_KINDS),
        ("", True, PICTURE_KINDS),
        ("degrained", True, ("comp", "degrained")),
        ("both", True, ("comp", "patch")),
    ],
)
def test_kinds_are_understood_in_any_order_and_listed_in_one(text, layers, expected):
    """The order is part of the job's identity, so it must not depend on who types."""
    assert wanted(text, layers=layers) == expected


@pytest.mark.parametrize(
    ("text", "layers"), [("ptach", False), ("comp,", True), ("comp", True), ("comp;patch", False)]
)
def test_what_cannot_be_meant_is_refused_with_the_way_out(text, layers):
    with pytest.raises(RequestError) as caught:
        wanted(text, layers=layers)
    assert caught.value.code == "bad_output"
    assert "--output" in caught.value.hint
