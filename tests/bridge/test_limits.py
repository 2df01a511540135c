import pytest

from bridge.limits import LARGEST_SEED, PROMPT_LIMIT, REACH_LIMIT, exceeded

SOUND = {"grow": 8.0, "feather": 6.0, "seed": 0, "prompt": ""}


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"grow": 0.0, "feather": 0.0},
        {"grow": REACH_LIMIT, "feather": REACH_LIMIT, "seed": LARGEST_SEED},
        {"prompt": "x" * PROMPT_LIMIT},
    ],
    ids=["defaults", "least", "most", "longest"],
)
def test_what_is_within_the_limits_is_no_problem(fields):
    assert exceeded("sh010", **(SOUND | fields)) == []


def test_everything_that_goes_too_far_is_said_with_its_value():
    wrong = {"grow": -3.0, "feather": float("inf"), "seed": -1, "prompt": "x" * (PROMPT_LIMIT + 1)}
    assert [str(error) for error in exceeded("sh010", **wrong)] == [
        "sh010: grow is out of range (expected 0-4096 pixels, got -3).",
        "sh010: feather is out of range (expected 0-4096 pixels, got inf).",
        f"sh010: the seed is out of range (expected 0-{LARGEST_SEED}, got -1).",
        "sh010: the prompt is too long (expected at most 10000 characters, got 10001).",
    ]
