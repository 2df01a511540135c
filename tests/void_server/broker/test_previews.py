import contextlib
import hashlib

import msgspec
import pytest

from bridge.errors import RequestError
from bridge.messages import PREVIEW_LIMIT, Preview
from bridge.shot import job_id, source_files
from void_server.broker.previews import Previews
from void_server.broker.results import Results
from void_server.broker.store import Store
from void_server.spool.spool import Spool


class Shelf:
    """A store and a spool, and the previews between them."""

    def __init__(self, folder) -> None:
        self.store = Store(folder / "jobs.sqlite")
        self.spool = Spool(folder / "spool", 1 << 30)
        self.results = Results(self.store, self.spool, folder / "results")
        self.previews = Previews(self.store, self.spool, self.results)

    def made(self, job: str, content: bytes, name: str = "preview.1.png") -> Preview:
        folder = self.results.folder(job)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        return Preview(1001, 1, digest, len(content), str(folder / name))

    def take(self, job: str, content: bytes) -> str:
        preview = self.made(job, content)
        self.previews.take(job, preview)
        return preview.sha256

    def close(self) -> None:
        self.spool.close()
        self.store.close()


@pytest.fixture
def shelf(tmp_path):
    with contextlib.closing(Shelf(tmp_path)) as shelf:
        yield shelf


def test_only_the_newest_of_a_job_is_kept_and_the_workers_file_goes(shelf):
    shelf.take("a", b"one")
    two = shelf.take("a", b"two")
    assert list(shelf.spool.digests()) == [two]
    assert shelf.previews.of("a").path == str(shelf.spool.path(two))
    assert list(shelf.results.folder("a").iterdir()) == []


def test_the_same_picture_again_stays(shelf):
    one = shelf.take("a", b"one")
    assert shelf.take("a", b"one") == one
    assert shelf.spool.path(one).read_bytes() == b"one"


def test_two_jobs_may_show_the_same_picture(shelf):
    one = shelf.take("a", b"one")
    shelf.take("b", b"one")
    shelf.previews.forget("a")
    assert shelf.spool.path(one).read_bytes() == b"one"
    shelf.previews.forget("b")
    assert list(shelf.spool.digests()) == []


def test_a_picture_that_is_somebodys_source_is_not_removed(shelf, request_for):
    request = request_for()
    shelf.store.submit(job_id(request), request, user="anna", state="queued")
    digest, file = next(iter(source_files(request.shot).items()))
    content = (shelf.results.folder("a").parent.parent / "footage" / file.name).read_bytes()
    assert shelf.take("a", content) == digest
    shelf.previews.forget("a")
    assert shelf.spool.path(digest).read_bytes() == content


def test_forgetting_what_never_was_is_nothing(shelf):
    shelf.previews.forget("a")
    assert shelf.previews.of("a") is None


def test_a_file_from_outside_the_jobs_folder_is_not_taken_and_stays(shelf, tmp_path):
    (tmp_path / "other.png").write_bytes(b"one")
    preview = shelf.made("a", b"one")
    shelf.previews.take("a", msgspec.structs.replace(preview, path=str(tmp_path / "other.png")))
    assert shelf.previews.of("a") is None
    assert (tmp_path / "other.png").exists()


def test_one_that_is_too_large_is_not_taken(shelf):
    preview = shelf.made("a", b"one")
    shelf.previews.take("a", msgspec.structs.replace(preview, size=PREVIEW_LIMIT + 1))
    assert shelf.previews.of("a") is None


def test_one_whose_file_is_not_there_leaves_the_one_before(shelf):
    one = shelf.take("a", b"one")
    gone = shelf.made("a", b"two")
    (shelf.results.folder("a") / "preview.1.png").unlink()
    shelf.previews.take("a", gone)
    assert shelf.previews.of("a").sha256 == one
    with pytest.raises(RequestError):
        shelf.spool.path(gone.sha256)
