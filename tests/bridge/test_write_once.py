import contextlib
import hashlib
import os

import pytest

from bridge.write_once import copied, hidden

CONTENT = b"pixels" * 1000


def sha256(content=CONTENT):
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def original(tmp_path):
    path = tmp_path / "original"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def target(tmp_path):
    (tmp_path / "out").mkdir()
    return tmp_path / "out" / "sh010.1001.exr"


def test_two_that_write_the_same_file_at_once_do_not_meet(target):
    with hidden(target) as first:
        first.write(b"first")
        with hidden(target) as second:
            second.write(b"second")
        assert target.read_bytes() == b"second"
    assert target.read_bytes() == b"first"
    assert list(target.parent.iterdir()) == [target]


def test_what_fails_leaves_nothing(target):
    with contextlib.suppress(KeyError), hidden(target) as file:
        file.write(b"half")
        raise KeyError
    assert list(target.parent.iterdir()) == []


@pytest.mark.parametrize("size", [None, len(CONTENT)])
def test_a_copy_is_the_file_that_was_announced(original, target, size):
    assert copied(original, target, sha256(), size=size)
    assert target.read_bytes() == CONTENT


def test_a_file_of_another_size_is_not_the_one_that_was_announced(original, target):
    assert not copied(original, target, sha256(), size=len(CONTENT) + 1)
    assert list(target.parent.iterdir()) == []


def test_of_a_file_that_grows_no_more_is_copied_than_was_announced(original, target, monkeypatch):
    real = os.fstat

    def then_grow(descriptor):
        found = real(descriptor)
        with original.open("ab") as file:
            file.write(CONTENT)
        return found

    monkeypatch.setattr(os, "fstat", then_grow)
    assert copied(original, target, sha256(), size=None)
    assert target.read_bytes() == CONTENT


def a_pipe(folder):
    os.mkfifo(folder / "pipe")
    return folder / "pipe"


@pytest.mark.parametrize(
    "place",
    [
        lambda folder: "/dev/zero",
        a_pipe,
        lambda folder: folder,
        lambda folder: folder / "gone",
        lambda folder: "nul\0byte",
        lambda folder: "x" * 5000,
    ],
    ids=["device", "pipe", "folder", "nothing", "no name", "too long"],
)
@pytest.mark.parametrize("size", [None, 0])
def test_only_a_regular_file_is_copied(place, size, target, tmp_path):
    assert not copied(type(target)(place(tmp_path)), target, sha256(b""), size=size)
    assert list(target.parent.iterdir()) == []
