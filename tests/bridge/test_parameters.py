import pytest

from bridge.messages import ParameterInfo
from bridge.parameters import expected, fitted


def info(default, **rest):
    return ParameterInfo(name="p", label="P", help="", default=default, **rest)


REFINE = info("auto", choices=("auto", "on", "off"))


@pytest.mark.parametrize(
    ("described", "value", "wanted"),
    [
        (info(True), "off", False),
        (info(False), "TRUE", True),
        (info(True), False, False),
        (REFINE, True, "on"),
        (REFINE, False, "off"),
        (REFINE, "auto", "auto"),
        (info("auto"), 0.5, "0.5"),
        (info("auto"), 4, "4"),
        (info(1.0), 2, 2),
        (info(1, minimum=0), 0, 0),
    ],
)
def test_a_value_becomes_what_the_engine_takes(described, value, wanted):
    found = fitted(described, value)
    assert found == wanted
    assert type(found) is type(wanted)


@pytest.mark.parametrize(
    ("described", "value"),
    [
        (info(True), "maybe"),
        (info(True), 1),
        (info("a", choices=("a", "b")), True),
        (info("a", choices=("a", "b")), "c"),
        (REFINE, 1.0),
        (info("auto"), float("nan")),
        (info(1.0), "2"),
        (info(1.0), True),
        (info(1), 1.5),
        (info(1, maximum=4), 5),
        (info(1.0), float("inf")),
    ],
)
def test_what_does_not_fit_is_nothing(described, value):
    assert fitted(described, value) is None


@pytest.mark.parametrize(
    ("described", "words"),
    [
        (info(True), "true or false"),
        (REFINE, "one of auto, on, off"),
        (info("auto"), "text"),
        (info(1.0), "a number"),
        (info(1, minimum=1), "a whole number from 1"),
        (info(0.5, minimum=0.0, maximum=1.0), "a number from 0 to 1"),
    ],
)
def test_what_a_parameter_takes_is_said_in_words(described, words):
    assert expected(described) == words
