import hashlib

import pytest

from bridge.errors import RequestError
from bridge.shot import source_files
from void_server.broker.sources import Found, Sources
from void_server.spool.spool import Spool


@pytest.fixture
def spool(tmp_path):
    spool = Spool(tmp_path / "spool", 1 << 20)
    yield spool
    spool.close()


def upload(spool: Spool, content: bytes) -> str:
    digest = hashlib.sha256(content).hexdigest()
    spool.write(digest, len(content), 0, content)
    return digest


def test_files_under_the_roots_are_found_where_the_client_says(spool, request_for, shot_files):
    asked = request_for(last=1002)
    found = Sources(spool, [shot_files.resolve()]).find(asked)
    assert found.missing == ()
    assert found.files == {d: file.path for d, file in source_files(asked.shot).items()}


def test_without_roots_no_path_is_looked_at(spool, request_for):
    asked = request_for(last=1002)
    sources = Sources(spool, [])
    assert not sources.shares_paths
    assert sources.find(asked) == Found({}, tuple(source_files(asked.shot)))


def test_an_upload_is_preferred_to_a_path(spool, request_for, shot_files):
    digest = upload(spool, b"plate 1001")
    found = Sources(spool, [shot_files.resolve()]).find(request_for(last=1001))
    assert found.files[digest] == str(spool.path(digest))


def test_a_file_that_was_uploaded_before_its_path_was_forbidden_is_taken(
    spool, request_for, tmp_path
):
    upload(spool, b"plate 1001")
    upload(spool, b"matte 1001")
    assert Sources(spool, [tmp_path / "elsewhere"]).find(request_for(last=1001)).missing == ()


def test_what_is_neither_here_nor_there_is_missing_in_the_order_of_the_shot(
    spool, request_for, shot_files
):
    asked = request_for(last=1003)
    (shot_files / "plate.1002.exr").unlink()
    (shot_files / "matte.1001.exr").write_bytes(b"another size")
    found = Sources(spool, [shot_files.resolve()]).find(asked)
    digests = [hashlib.sha256(c).hexdigest() for c in (b"plate 1002", b"matte 1001")]
    assert list(found.missing) == digests


def test_a_search_ends_in_what_it_found_or_why_not(spool, request_for, shot_files, tmp_path):
    asked = request_for(last=1001)
    assert Sources(spool, [shot_files.resolve()]).search(asked).result(5.0).missing == ()
    with pytest.raises(RequestError, match="not under a folder"):
        Sources(spool, [tmp_path / "elsewhere"]).search(asked).result(5.0)
