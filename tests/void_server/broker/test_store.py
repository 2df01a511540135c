import hashlib
import sqlite3
import tempfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bridge.errors import ErrorRecord, ServerError
from bridge.messages import Result
from bridge.shot import Matte, Request, Sequence, Shot, SourceFile, job_id
from void_server.broker.schedule import Waiting
from void_server.broker.store import Store

ERROR = ErrorRecord("server", "worker_died", "worker", "it died")


def request(name: str = "sh010", seed: int = 0) -> Request:
    def file(kind: str) -> SourceFile:
        return SourceFile(f"{kind}.exr", 5, hashlib.sha256(kind.encode()).hexdigest())

    plate = Sequence("plate.%04d.exr", "stills", (file(f"plate {name}"),), (1001,))
    matte = Sequence("matte.%04d.exr", "stills", (file("matte"),), (1001,))
    return Request(Shot(name, plate, (Matte("remove", matte),), 1001, 1003), seed=seed)


def result(frame: int | None, content: str = "") -> Result:
    digest = hashlib.sha256(f"{frame} {content}".encode()).hexdigest()
    return Result("sidecar" if frame is None else "comp", frame, digest, 7, f"/cas/{digest}")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "jobs.sqlite"


@pytest.fixture
def store(file: Path):
    store = Store(file)
    yield store
    store.close()


def submitted(store: Store, user: str = "anna", **fields) -> str:
    asked = request(**fields)
    store.submit(job_id(asked), asked, user=user, state="queued")
    return job_id(asked)


def state_of(store: Store, job: str) -> str:
    status = store.status(job)
    assert status is not None
    return status.state


def test_a_submitted_job_waits_with_what_was_asked(store):
    job = submitted(store)
    status = store.status(job)
    assert (status.name, status.state, status.first_frame, status.last_frame) == (
        "sh010",
        "queued",
        1001,
        1003,
    )
    assert store.request(job) == request()
    assert store.waiting() == [Waiting(job, "auto", "anna")]


def test_the_same_request_twice_is_one_job_in_one_place(store):
    first, second = submitted(store), submitted(store, seed=2)
    submitted(store)
    assert [item.job for item in store.waiting()] == [first, second]


def test_submitting_a_running_job_changes_nothing(store):
    job = submitted(store)
    store.begin(job)
    submitted(store)
    assert state_of(store, job) == "running"


@pytest.mark.parametrize("final", ["failed", "cancelled"])
def test_a_final_job_begins_again_at_the_end_of_the_queue_with_its_frames(store, final):
    job, other = submitted(store), submitted(store, seed=2)
    attempt = store.begin(job)
    store.deliver(job, attempt, 1001, [result(1001)])
    store.end(job, attempt, final, seconds=1.0, error=ERROR)
    submitted(store)
    assert [item.job for item in store.waiting()] == [other, job]
    status = store.status(job)
    assert status.finished == 1
    assert status.error is None


def test_paths_of_a_second_submission_replace_those_of_the_first(store):
    job = submitted(store)
    moved = msgspec.convert(msgspec.to_builtins(request()), Request)
    plate = moved.shot.plate
    files = tuple(msgspec.structs.replace(f, path="/elsewhere/plate.exr") for f in plate.files)
    plate = msgspec.structs.replace(plate, files=files)
    moved = msgspec.structs.replace(moved, shot=msgspec.structs.replace(moved.shot, plate=plate))
    assert job_id(moved) == job
    store.submit(job, moved, user="anna", state="queued")
    assert store.request(job).shot.plate.files[0].path == "/elsewhere/plate.exr"


def test_a_frame_is_committed_once(store):
    job = submitted(store)
    attempt = store.begin(job)
    assert store.deliver(job, attempt, 1001, [result(1001, "first")])
    assert not store.deliver(job, attempt, 1001, [result(1001, "second")])
    assert [r for _, r in store.results(job)] == [result(1001, "first")]


def test_a_late_delivery_of_an_old_attempt_is_dropped(store):
    job = submitted(store)
    old = store.begin(job)
    store.requeue(job, old, seconds=0.0, died=True)
    new = store.begin(job)
    assert not store.deliver(job, old, 1001, [result(1001, "late")])
    assert store.deliver(job, new, 1001, [result(1001, "new")])
    assert [r for _, r in store.results(job)] == [result(1001, "new")]


def test_an_old_attempt_cannot_end_the_job(store):
    job = submitted(store)
    old = store.begin(job)
    store.requeue(job, old, seconds=0.0)
    store.begin(job)
    assert not store.end(job, old, "done", seconds=0.0)
    assert state_of(store, job) == "running"


def test_a_done_job_takes_no_more_results(store):
    job = submitted(store)
    attempt = store.begin(job)
    store.end(job, attempt, "done", seconds=0.0)
    assert not store.deliver(job, attempt, 1001, [result(1001)])


def test_the_frame_in_hand_of_a_cancelled_job_is_kept(store):
    job = submitted(store)
    attempt = store.begin(job)
    store.cancel(job, seconds=0.0)
    assert store.deliver(job, attempt, 1001, [result(1001)])


def test_all_files_of_a_frame_are_committed_together(store):
    job = submitted(store)
    attempt = store.begin(job)
    patch = msgspec.structs.replace(result(1001, "patch"), kind="patch")
    store.deliver(job, attempt, 1001, [result(1001), patch])
    status = store.status(job)
    assert (status.finished, status.sequence) == (1, 2)


def test_results_are_told_from_a_number_on(store):
    job = submitted(store)
    attempt = store.begin(job)
    for frame in (1001, 1002, 1003, None):
        store.deliver(job, attempt, frame, [result(frame)])
    assert [r.frame for _, r in store.results(job, since=2)] == [1003, None]
    assert [r.frame for _, r in store.results(job, since=1, limit=2)] == [1002, 1003]


def test_a_new_attempt_writes_a_new_sidecar_under_a_new_number(store):
    job = submitted(store)
    first = store.begin(job)
    store.deliver(job, first, None, [result(None, "first")])
    store.requeue(job, first, seconds=0.0)
    second = store.begin(job)
    assert store.results(job) == []
    assert store.deliver(job, second, None, [result(None, "second")])
    assert store.results(job, since=1) == [(2, result(None, "second"))]


def test_after_a_restart_running_jobs_wait_again_with_their_frames(file):
    store = Store(file)
    job, other = submitted(store), submitted(store, seed=2)
    attempt = store.begin(job)
    store.deliver(job, attempt, 1001, [result(1001)])
    store._connection.close()  # as a kill does: nothing is tidied up
    store = Store(file)
    assert store.recover() == 1
    assert [item.job for item in store.waiting()] == [job, other]
    assert store.status(job).finished == 1
    assert store.begin(job) == attempt + 1
    store.close()


def test_time_spent_adds_up_over_attempts(store):
    job = submitted(store)
    attempt = store.begin(job)
    store.requeue(job, attempt, seconds=2.5)
    attempt = store.begin(job)
    store.end(job, attempt, "done", seconds=1.5, warnings=("held 1002",))
    status = store.status(job)
    assert (status.seconds, status.warnings, status.attempt) == (4.0, ("held 1002",), 2)


def test_deaths_are_counted_until_the_job_is_submitted_again(store):
    job = submitted(store)
    for expected in (1, 2):
        store.requeue(job, store.begin(job), seconds=0.0, died=True)
        assert store.deaths(job) == expected
    store.cancel(job, seconds=0.0)
    submitted(store)
    assert store.deaths(job) == 0


def test_lost_frames_can_be_delivered_again(store):
    job = submitted(store)
    attempt = store.begin(job)
    for frame in (1001, 1002):
        store.deliver(job, attempt, frame, [result(frame)])
    store.forget_results(job, {1001})
    assert store.status(job).finished == 1
    assert store.deliver(job, attempt, 1001, [result(1001)])
    assert [number for number, _ in store.results(job)] == [2, 3]


def test_each_user_sees_the_jobs_of_her_own(store):
    job = submitted(store, user="anna")
    submitted(store, user="ben", seed=2)
    assert [status.job for status in store.statuses("anna", 10)] == [job]
    assert store.owns(job, "anna")
    assert not store.owns(job, "ben")
    assert store.unfinished("anna") == 1


def test_two_users_with_the_same_request_share_the_job(store):
    job = submitted(store, user="anna")
    submitted(store, user="ben")
    assert store.others_own(job, "anna")
    store.disown(job, "anna")
    assert not store.owns(job, "anna")
    assert not store.others_own(job, "ben")


def test_forgetting_a_job_tells_the_files_that_no_other_job_needs(store):
    job, other = submitted(store, name="sh010"), submitted(store, name="sh020")
    store.deliver(job, store.begin(job), 1001, [result(1001)])
    only = set(store.files_of_only(job))
    store.forget(job)
    plate = request("sh010").shot.plate.files[0].sha256
    matte = request().shot.mattes[0].sequence.files[0].sha256
    assert only == {plate, result(1001).sha256}
    assert store.refers_to(matte)
    assert store.status(job) is None
    assert store.status(other) is not None
    assert store.results(job) == []


def test_expendable_jobs_are_final_and_come_oldest_first(store):
    ended = [submitted(store, seed=seed) for seed in (1, 2)]
    submitted(store, seed=3)
    for job in ended:
        store.end(job, store.begin(job), "done", seconds=0.0)
    assert store.expendable(before=2e9 * 2) == ended
    assert store.expendable(before=0.0) == []
    assert store.expendable(before=2e9 * 2, user="ben") == []


def test_a_full_disk_is_said_and_nothing_is_half_written(store):
    job = submitted(store)
    attempt = store.begin(job)
    (pages,) = store._connection.execute("PRAGMA page_count").fetchone()
    store._connection.execute(f"PRAGMA max_page_count = {pages}")
    delivered = 0
    with pytest.raises(ServerError) as full:  # noqa: PT012 - the page that is one too many
        for frame in range(1001, 9999):
            store.deliver(job, attempt, frame, [result(frame)])
            delivered += 1
    assert full.value.code == "disk_full"
    status = store.status(job)
    assert (status.finished, status.sequence) == (delivered, delivered)
    store._connection.execute("PRAGMA max_page_count = 100000")
    assert store.deliver(job, attempt, 9999, [result(9999)])


def test_a_file_that_is_no_database_is_named(file):
    file.write_bytes(b"not a database, but long enough to be looked at" * 100)
    with pytest.raises(ServerError, match=r"jobs\.sqlite: it cannot be used") as refused:
        Store(file)
    assert refused.value.code == "store"


def test_a_database_of_another_version_is_left_alone(file):
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(ServerError, match="expected 1, got 99"):
        Store(file)


def test_nobody_else_can_open_the_database(store, file):
    submitted(store)
    other = sqlite3.connect(file, timeout=0.0)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("SELECT * FROM jobs")
    other.close()


def test_after_closing_everything_is_in_one_file(file):
    store = Store(file)
    submitted(store)
    store.close()
    assert [path.name for path in file.parent.iterdir()] == [file.name]


class StoreMachine(RuleBasedStateMachine):
    """One job against a model of what must never happen: a frame lost, doubled or overwritten."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.file = Path(self.folder.name) / "jobs.sqlite"
        self.store = Store(self.file)
        self.job = submitted(self.store)
        self.attempt = 0
        self.committed: dict[int, Result] = {}

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()

    @property
    def state(self) -> str:
        return state_of(self.store, self.job)

    @precondition(lambda self: self.state == "queued")
    @rule()
    def begin(self) -> None:
        assert self.store.begin(self.job) == self.attempt + 1
        self.attempt += 1

    @precondition(lambda self: self.attempt)
    @rule(
        frame=st.integers(1001, 1003),
        age=st.integers(0, 2),
        content=st.sampled_from(["one", "other"]),
    )
    def deliver(self, frame: int, age: int, content: str) -> None:
        fits = age == 0 and frame not in self.committed and self.state != "done"
        took = self.store.deliver(self.job, self.attempt - age, frame, [result(frame, content)])
        assert took == fits
        if took:
            self.committed[frame] = result(frame, content)

    @rule(age=st.integers(0, 1), died=st.booleans())
    def requeue(self, age: int, died: bool) -> None:
        fits = age == 0 and self.state == "running"
        took = self.store.requeue(self.job, self.attempt - age, seconds=0.0, died=died)
        assert took == fits

    @rule(age=st.integers(0, 1), state=st.sampled_from(["done", "failed", "cancelled"]))
    def end(self, age: int, state: str) -> None:
        fits = age == 0 and self.state == "running"
        assert self.store.end(self.job, self.attempt - age, state, seconds=0.0) == fits

    @rule()
    def cancel(self) -> None:
        self.store.cancel(self.job, seconds=0.0)

    @precondition(lambda self: self.state in ("failed", "cancelled"))
    @rule()
    def submit_again(self) -> None:
        assert submitted(self.store) == self.job

    @rule()
    def restart(self) -> None:
        running = self.state == "running"
        self.store._connection.close()
        self.store = Store(self.file)
        assert self.store.recover() == running

    @invariant()
    def every_committed_frame_is_there_once_and_unchanged(self) -> None:
        results = [r for _, r in self.store.results(self.job)]
        assert {r.frame: r for r in results} == self.committed
        assert len(results) == len(self.committed)


StoreMachine.TestCase.settings = hypothesis_settings(
    max_examples=20, stateful_step_count=15, deadline=None
)
TestStoreMachine = StoreMachine.TestCase
