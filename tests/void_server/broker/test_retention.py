import hashlib
import time
from pathlib import Path

import pytest

from bridge.errors import RequestError, ServerError
from bridge.messages import Purged, Result
from bridge.shot import job_id, source_files
from void_server.broker.results import Results
from void_server.broker.retention import Retention
from void_server.broker.store import Store
from void_server.spool.spool import Spool
from void_server.worker.worker_link import Delivered


class Shelf:
    """A store, a spool and what keeps them small."""

    def __init__(self, folder, limit: int, keep: float = 0.0) -> None:
        self.store = Store(folder / "jobs.sqlite")
        self.spool = Spool(folder / "spool", limit)
        self.results = Results(self.store, self.spool, folder / "results")
        self.busy = set()
        self.retention = Retention(
            store=self.store,
            spool=self.spool,
            results=self.results,
            limit=limit,
            keep=keep,
            busy=lambda: frozenset(self.busy),
        )

    def enter(self, request, user: str = "anna") -> str:
        job = job_id(request)
        self.store.submit(job, request, user=user, state="queued")
        return job

    def finish(self, job: str, content: bytes) -> str:
        """Run a job that makes one file of 1000 bytes."""
        attempt = self.store.begin(job)
        digest = hashlib.sha256(content * 1000).hexdigest()
        folder = self.results.folder(job)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "f.exr").write_bytes(content * 1000)
        result = Result("comp", 1001, digest, 1000, str(folder / "f.exr"))
        assert self.results.commit(Delivered(job, attempt, 1001, (result,)))
        self.store.end(job, attempt, "done", seconds=0.0)
        return digest

    def upload(self, request) -> None:
        for digest, file in source_files(request.shot).items():
            self.spool.write(digest, file.size, 0, Path(file.path).read_bytes())

    def close(self) -> None:
        self.spool.close()
        self.store.close()


@pytest.fixture
def shelf(tmp_path):
    shelves = []

    def make(limit: int = 1 << 20, **named) -> Shelf:
        shelves.append(Shelf(tmp_path, limit, **named))
        return shelves[-1]

    yield make
    for shelf in shelves:
        shelf.close()


def test_a_purged_job_takes_its_uploads_and_results_along(shelf, request_for):
    s = shelf()
    asked = request_for(last=1001)
    s.upload(asked)
    job = s.enter(asked)
    s.finish(job, b"a")
    before = s.spool.used_bytes
    assert s.retention.purge_job(job, "anna") == Purged(1, before)
    assert s.spool.used_bytes == 0
    assert list(s.spool.digests()) == []
    assert not s.results.folder(job).exists()


def test_files_that_another_job_needs_stay(shelf, request_for):
    s = shelf()
    asked = request_for(last=1001)
    s.upload(asked)
    first, second = s.enter(asked), s.enter(request_for(last=1001, seed=2))
    digest = s.finish(first, b"a")
    assert s.finish(second, b"a") == digest
    assert s.retention.purge_job(first, "anna").bytes == 0
    assert set(s.spool.digests()) == {digest, *source_files(asked.shot)}
    s.retention.purge_job(second, "anna")
    assert list(s.spool.digests()) == []


def test_a_job_of_two_users_stays_until_both_have_forgotten_it(shelf, request_for):
    s = shelf()
    job = s.enter(request_for(), "anna")
    s.enter(request_for(), "ben")
    s.finish(job, b"a")
    assert s.retention.purge_job(job, "anna") == Purged(1, 0)
    assert s.retention.purge_job(job, "ben") == Purged(1, 1000)


def test_what_is_not_over_or_still_held_by_a_worker_is_not_purged(shelf, request_for):
    s = shelf()
    job = s.enter(request_for())
    with pytest.raises(RequestError, match="got queued"):
        s.retention.purge_job(job, "anna")
    s.store.cancel(job, seconds=0.0)
    s.busy.add(job)
    with pytest.raises(RequestError) as refused:
        s.retention.purge_job(job, "anna")
    assert refused.value.code == "not_final"
    assert s.retention.purge_before(time.time() + 60, "anna") == Purged(0, 0)
    s.busy.clear()
    assert s.retention.purge_before(time.time() + 60, "anna") == Purged(1, 0)


def test_room_is_made_by_forgetting_the_oldest_and_no_more(shelf, request_for):
    s = shelf(limit=3500)
    jobs = [s.enter(request_for(seed=n)) for n in range(3)]
    for n, job in enumerate(jobs):
        s.finish(job, b"%d" % n)
    s.retention.make_room(500)
    assert all(s.store.status(job) for job in jobs)
    s.retention.make_room(501)
    assert [s.store.status(job) is not None for job in jobs] == [False, True, True]


def test_the_job_that_is_about_to_begin_again_is_spared(shelf, request_for):
    s = shelf(limit=2500)
    jobs = [s.enter(request_for(seed=n)) for n in range(2)]
    for n, job in enumerate(jobs):
        s.finish(job, b"%d" % n)
    s.retention.make_room(1000, sparing=jobs[0])
    assert s.store.status(jobs[0]) is not None
    assert s.store.status(jobs[1]) is None


def test_without_enough_that_may_go_the_room_is_refused(shelf, request_for):
    s = shelf(limit=1500, keep=60.0)
    s.finish(s.enter(request_for()), b"a")
    with pytest.raises(ServerError) as refused:
        s.retention.make_room(501)
    assert refused.value.code == "spool_full"
    assert "expected 501 bytes below its limit of 1.5 KiB, got 500 bytes" in refused.value.text
    s.retention.trim()  # says so in the log, and goes on


def test_files_that_no_job_refers_to_are_swept_away(shelf, request_for):
    s = shelf()
    digest = s.finish(s.enter(request_for()), b"a")
    stray = hashlib.sha256(b"stray").hexdigest()
    s.spool.write(stray, 5, 0, b"stray")
    assert s.retention.sweep_orphans() == 5
    assert list(s.spool.digests()) == [digest]


def test_a_delivery_that_comes_too_late_leaves_no_file(shelf, request_for):
    s = shelf()
    job = s.enter(request_for())
    s.finish(job, b"a")
    folder = s.results.folder(job)
    (folder / "late.exr").write_bytes(b"late")
    digest = hashlib.sha256(b"late").hexdigest()
    late = Result("comp", 1002, digest, 4, str(folder / "late.exr"))
    assert not s.results.commit(Delivered(job, 1, 1002, (late,)))
    assert s.spool.offset(digest) == 0
    assert list(folder.iterdir()) == []


def test_a_file_that_a_worker_only_claims_to_have_written_is_an_error(shelf, request_for):
    s = shelf()
    job = s.enter(request_for())
    attempt = s.store.begin(job)
    nowhere = Result("comp", 1001, "ab" * 32, 4, str(s.results.folder(job) / "none.exr"))
    with pytest.raises(ServerError):
        s.results.commit(Delivered(job, attempt, 1001, (nowhere,)))
    assert s.store.results(job) == []
