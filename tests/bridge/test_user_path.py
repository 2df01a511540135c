import os
from pathlib import Path

import pytest

from bridge.errors import RequestError
from bridge.user_path import user_path


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("a/b.exr", "{here}/a/b.exr"),
        (".", "{here}"),
        ("sub/..", "{here}"),
        ("/no/such/file", "/no/such/file"),
        ("file/below", "{here}/file/below"),
        (Path("plate.%04d.exr"), "{here}/plate.%04d.exr"),
    ],
    ids=str,
)
def test_what_is_typed_is_made_absolute_whether_or_not_it_is_there(
    tmp_path, monkeypatch, typed, meant
):
    (tmp_path / "sub").mkdir()
    (tmp_path / "file").touch()
    monkeypatch.chdir(tmp_path)
    assert user_path(typed, subject="plate") == Path(meant.format(here=tmp_path))


def test_a_tilde_is_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert user_path("~/show", subject="plate") == tmp_path / "show"


@pytest.mark.parametrize(
    ("typed", "reason"),
    [("a" * 300, "too long"), ("~nouser/x", "home directory"), ("a\0b", "null")],
    ids=["too long", "no such user", "a NUL"],
)
def test_what_can_be_no_path_is_refused_with_its_reason(typed, reason):
    with pytest.raises(RequestError, match=f"--out: .*{reason}") as caught:
        user_path(typed, subject="--out")
    assert caught.value.code == "bad_path"


def test_a_loop_of_links_is_refused(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(RequestError, match="symbolic links"):
        user_path(tmp_path / "loop" / "x", subject="plate")


def test_a_folder_that_went_away_under_us_is_refused(tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(RequestError, match=os.strerror(2)):
        user_path("x", subject="plate")
