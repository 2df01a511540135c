import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import RequestError
from bridge.like import AUTO, read, same_again

SIDECAR = {
    "job": "ab",
    "engine": "void",
    "prompt": "An empty wall.",
    "seed": 7,
    "grow": 12.0,
    "feather": 4.0,
    "output": ["comp"],
    "parameters": {"quality": "best", "exposure": "auto", "peak": "8.0", "curve": "auto", "cfg": 3},
    "engine_facts": {"exposure": -0.75, "peak": 16.0, "curve": "shaper", "memory": "lean"},
    "frames": [],
}


def test_what_the_engine_chose_becomes_a_parameter():
    fields = same_again(SIDECAR)
    assert fields == {
        "engine": "void",
        "prompt": "An empty wall.",
        "seed": 7,
        "grow": 12.0,
        "feather": 4.0,
        "parameters": {
            "quality": "best",
            "exposure": "-0.75",
            "peak": "8.0",  # asked for, not left to the engine
            "curve": "shaper",
            "cfg": 3,
        },
    }


def test_a_choice_that_was_not_noted_is_left_to_the_engine():
    fields = same_again(SIDECAR | {"engine_facts": {}})
    assert fields["parameters"]["exposure"] == AUTO


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_taken_over_to_its_last_bit(value):
    facts = {"exposure": value}
    text = same_again(SIDECAR | {"engine_facts": facts})["parameters"]["exposure"]
    assert float(text) == value


@pytest.mark.parametrize(("fact", "text"), [(True, "true"), (False, "false"), (4, "4")])
def test_other_facts_are_written_as_they_are_typed(fact, text):
    assert same_again(SIDECAR | {"engine_facts": {"peak": 1, "curve": fact}})["parameters"][
        "curve"
    ] == text  # fmt: skip


def test_what_is_no_sidecar_is_refused():
    with pytest.raises(msgspec.ValidationError):
        same_again({"job": "ab", "state": "partial"})


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "sh010_void_v003"
    made.mkdir()
    (made / "sh010_void_v003.json").write_text(json.dumps(SIDECAR))
    return made


def test_a_version_folder_stands_for_its_sidecar(folder):
    assert read(folder) == read(folder / "sh010_void_v003.json") == same_again(SIDECAR)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"not json", "does not say how a result was made", id="no JSON"),
        pytest.param(b"[]", "does not say how a result was made", id="no object"),
        pytest.param(b'{"job": "ab", "state": "partial"}', "result that is finished", id="partial"),
        pytest.param(b"\xff\xfe", "does not say", id="no text"),
    ],
)
def test_a_file_that_says_nothing_is_named(tmp_path, content, message):
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(RequestError, match=message) as caught:
        read(tmp_path / "a.json")
    assert caught.value.code == "like"


def test_a_folder_without_a_sidecar_says_what_is_meant(tmp_path):
    with pytest.raises(RequestError, match=r"cannot be read.*Pass a version folder"):
        read(tmp_path)


@pytest.mark.parametrize("typed", [".", "plates/.."], ids=["here", "above"])
def test_the_folder_that_one_is_in_stands_for_its_sidecar(folder, monkeypatch, typed):
    (folder / "plates").mkdir()
    monkeypatch.chdir(folder)
    assert read(Path(typed)) == same_again(SIDECAR)
