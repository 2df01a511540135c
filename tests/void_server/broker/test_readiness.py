import time

import pytest

from bridge.shot import job_id, source_files
from void_server.broker.readiness import Readiness
from void_server.broker.sources import Found, Sources
from void_server.broker.store import Store
from void_server.spool.spool import Spool


class Desk:
    """A store and a spool as a server finds them when it starts."""

    def __init__(self, folder, roots) -> None:
        self.store = Store(folder / "jobs.sqlite")
        self.spool = Spool(folder / "spool", 1 << 20)
        self.sources = Sources(self.spool, roots)
        self.readiness = Readiness(self.store, self.sources)

    def enter(self, request, state: str) -> str:
        job = job_id(request)
        self.store.submit(job, request, user="", state=state)
        return job

    def turn_until(self, condition) -> list:
        refused = []
        deadline = time.monotonic() + 5.0
        while not condition(refused):
            assert time.monotonic() < deadline
            refused += self.readiness.turn()
        return refused

    def close(self) -> None:
        self.spool.close()
        self.store.close()


@pytest.fixture
def desk(tmp_path, shot_files):
    desks = []

    def make(roots=None) -> Desk:
        desks.append(Desk(tmp_path, [shot_files.resolve()] if roots is None else roots))
        return desks[-1]

    yield make
    for desk in desks:
        desk.close()


def test_a_job_is_queued_when_its_last_file_has_arrived(desk, request_for):
    d = desk(roots=[])
    asked = request_for(last=1001)
    job = d.enter(asked, "uploading")
    d.readiness.know(job, d.sources.find(asked))
    contents = [b"matte 1001", b"plate 1001"]  # in any order
    for content, state in zip(contents, ["uploading", "queued"], strict=True):
        digest = next(
            k for k, f in source_files(asked.shot).items() if f.name[:5] == content[:5].decode()
        )
        d.spool.write(digest, len(content), 0, content)
        d.readiness.turn()
        assert d.store.status(job).state == state
    assert d.readiness.files(job) == {k: str(d.spool.path(k)) for k in source_files(asked.shot)}


def test_after_a_restart_files_are_looked_for_again(desk, request_for):
    d = desk()
    asked = request_for(last=1002)
    job = d.enter(asked, "queued")
    assert d.readiness.files(job) is None
    d.turn_until(lambda _: d.readiness.files(job) is not None)
    assert d.readiness.files(job) == {k: f.path for k, f in source_files(asked.shot).items()}


def test_a_queued_job_whose_files_are_gone_after_a_restart_waits_for_their_upload(
    desk, request_for, shot_files
):
    d = desk()
    job = d.enter(request_for(last=1002), "queued")
    (shot_files / "plate.1001.exr").unlink()
    d.turn_until(lambda _: d.store.status(job).state == "uploading")
    assert d.readiness.files(job) is None


def test_an_uploading_job_whose_files_appear_by_path_after_a_restart_is_queued(desk, request_for):
    d = desk()
    job = d.enter(request_for(last=1002), "uploading")
    d.turn_until(lambda _: d.store.status(job).state == "queued")


def test_a_job_whose_paths_the_new_server_may_not_read_is_refused(desk, request_for, tmp_path):
    d = desk(roots=[tmp_path / "elsewhere"])
    job = d.enter(request_for(last=1002), "queued")
    ((refused, error),) = d.turn_until(bool)
    assert (refused, error.code) == (job, "outside_roots")


def test_what_is_known_of_a_job_that_is_over_is_forgotten(desk, request_for):
    d = desk()
    d.readiness.know("job", Found({"digest": "/plate.exr"}))
    assert d.readiness.files("job") == {"digest": "/plate.exr"}
    d.readiness.forget("job")
    assert d.readiness.files("job") is None
