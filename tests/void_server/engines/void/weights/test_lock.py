import hashlib

import pytest

from bridge.errors import ServerError
from void_server.engines.void.weights import lock
from void_server.engines.void.weights.lock import Lock, LockedFile, LockedSource

COMMIT = "0" * 40


def held():
    file = LockedFile(3, "a" * 64)
    old = LockedFile(4, "b" * 64)
    return Lock(sources={"a/b": LockedSource(COMMIT, {"x.json": file}, {"y.json": old})})


def test_a_folder_without_a_lock_has_an_empty_one(tmp_path):
    assert lock.read(tmp_path) == Lock()


def test_a_lock_comes_back_as_it_was_written(tmp_path):
    lock.write(tmp_path, held())
    assert lock.read(tmp_path) == held()
    assert (tmp_path / lock.NAME).read_text().count("\n") > 5


def test_only_files_of_the_present_revision_are_compared_but_all_are_known(tmp_path):
    assert held().files == {"x.json": LockedFile(3, "a" * 64)}
    assert held().was_fetched("x.json", "a" * 64)
    assert held().was_fetched("y.json", "b" * 64)
    assert not held().was_fetched("y.json", "a" * 64)
    assert not held().was_fetched("z.json", "a" * 64)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"version": 2}',
        '{"sources": {"a/b": {"revision": "main"}}}',
        '{"sources": {"a/b": {"revision": "' + COMMIT + '", "files": {"x": {"size": -1}}}}}',
    ],
)
def test_a_lock_that_cannot_be_read_is_an_error_and_not_forgotten(tmp_path, text):
    (tmp_path / lock.NAME).write_text(text)
    with pytest.raises(ServerError, match=r"weights\.lock\.json: it is not a lock"):
        lock.read(tmp_path)


def test_a_digest_is_made_piece_by_piece(tmp_path):
    file = tmp_path / "f"
    data = bytes(range(256)) * 40_000
    file.write_bytes(data)
    counts = []
    assert lock.sha256(file, counts.append) == hashlib.sha256(data).hexdigest()
    assert sum(counts) == len(data)
    assert len(counts) > 1


def test_a_folder_has_no_digest(tmp_path):
    with pytest.raises(ServerError, match="cannot be read"):
        lock.sha256(tmp_path)
