"""Text that can be no path, wherever one may be typed: a line with a reason, no traceback."""

import pytest

REMOVE = ("remove", "plate", "--matte", "roto", "--out", "out")
TYPED = ["a" * 300, "~nouser/x"]


@pytest.fixture(params=TYPED, ids=["too long", "no such user"])
def typed(request, shot):
    """The bad text, beside a shot that is sound."""
    return request.param


@pytest.mark.parametrize(
    ("arguments", "subject"),
    [
        (("remove", "{}", "--matte", "roto"), "plate"),
        (("remove", "plate", "--matte", "{}"), "matte"),
        (("remove", "plate", "--matte", "roto", "--keep", "{}"), "keep matte"),
        (("remove", "plate", "--matte", "roto", "--out", "{}"), "--out"),
        ((*REMOVE, "--ocio", "{}"), "OCIO config (--ocio)"),
        ((*REMOVE, "--like", "{}"), "--like"),
        ((*REMOVE, "--weights", "{}"), "--weights"),
        ((*REMOVE, "--preview", "{}"), "--preview"),
        (("report", "{}"), "JOB"),
        (("report", "plate", "--out", "{}"), "--out"),
    ],
    ids=lambda value: " ".join(value[-2:]) if isinstance(value, tuple) else "",
)
def test_what_is_typed_as_a_path_and_is_none_is_refused(void, typed, tmp_path, arguments, subject):
    line, error = void.refused(*(argument.format(typed) for argument in arguments))
    assert (error["code"], error["subject"]) == ("bad_path", subject)
    assert typed in line
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("variable", ["OCIO", "VOID_OCIO", "VOID_DATA_DIR", "VOID_KEYS_DIR"])
def test_so_are_variables_of_the_environment(void, typed, monkeypatch, variable):
    monkeypatch.setenv(variable, typed)
    line, error = void.refused(*REMOVE)
    assert error["code"] == "bad_path"
    assert variable in line


def test_so_is_the_folder_of_keys(void, typed):
    void("keys", "show", "--keys", typed, code=2)
    assert void.said.startswith("--keys: ")


def test_so_is_the_folder_that_fetch_writes_to(void, typed, tmp_path):
    void.serve("--roots", tmp_path)
    job = void("remove", *REMOVE[1:-2], "--detach").strip()
    assert void.refused("fetch", job, "--out", typed)[1]["subject"] == "--out"
