import errno
import fcntl
import hashlib
import json
import os
import resource
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from bridge import manifest, write_once
from bridge.errors import ConnectionLost, RequestError, ServerError
from bridge.landing import Landing, begin, follow
from bridge.messages import JobStatus, Result, Status

JOB = "0123456789abcdef" * 2


class Shelf:
    """A source of results that lie in a folder, as on a server; counts what is downloaded."""

    def __init__(self, folder: Path, *, frames=range(1001, 1005), state="done", lost=False):
        self.folder = folder
        self.state = state
        self.lost = lost
        self.frames = list(frames)
        self.downloaded = []
        self.results = []
        folder.mkdir(exist_ok=True)
        for frame in self.frames:
            self.put("comp", frame, f"pixels of {frame}".encode() * 100)

    def put(self, kind, frame, content):
        file = self.folder / f"{kind}-{frame}"
        file.write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        self.results.append(Result(kind, frame, digest, len(content), str(file)))

    def put_sidecar(self, record):
        self.put("sidecar", None, json.dumps(record).encode())

    def pathless(self):
        self.results = [Result(r.kind, r.frame, r.sha256, r.size) for r in self.results]
        return self

    def watch(self, job, *, patience):
        for result in self.results:
            yield Status(self._status("running"), (result,))
        if self.lost:
            raise ConnectionLost("server", "it does not answer", code="server_down")
        yield Status(self._status(self.state), ())

    def download(self, result, target):
        self.downloaded.append(result)
        for file in self.folder.iterdir():
            content = file.read_bytes()
            if hashlib.sha256(content).hexdigest() == result.sha256:
                with write_once.hidden(target) as copy:
                    copy.write(content)
                return
        raise ServerError("result", "it is not there", code="no_such_file")

    def _status(self, state):
        return JobStatus(JOB, "sh010", state, "cleanplate", 1001, 1004)


@pytest.fixture
def shelf(tmp_path):
    made = Shelf(tmp_path / "server")
    made.put_sidecar({"engine": "cleanplate", "changed_outside": 0, "frames": [{"frame": 1001}]})
    return made


def opened(out, **options):
    return begin(out, **({"name": "sh010", "job": JOB, "padding": 4} | options))


def landed(out, source, **options):
    with opened(out, **options) as landing:
        follow(source, landing)
    return landing


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_job_lands_frame_by_frame_in_the_first_version(tmp_path, shelf):
    landing = landed(tmp_path / "out", shelf)
    assert landing.complete
    assert landing.finished == (1001, 1002, 1003, 1004)
    assert names(tmp_path / "out" / "sh010_void_v001") == [
        "sh010_void_v001.1001.exr",
        "sh010_void_v001.1002.exr",
        "sh010_void_v001.1003.exr",
        "sh010_void_v001.1004.exr",
        "sh010_void_v001.json",
    ]
    assert landing.version.picture("comp", 1003).read_bytes() == b"pixels of 1003" * 100


def test_the_sidecar_keeps_what_the_server_recorded_and_adds_what_landed(tmp_path, shelf):
    landing = landed(tmp_path, shelf)
    sidecar = json.loads(landing.version.sidecar.read_bytes())
    assert sidecar["engine"] == "cleanplate"
    assert sidecar["frames"] == [{"frame": 1001}]
    assert (sidecar["job"], sidecar["state"]) == (JOB, "done")
    assert sidecar["landing"] == {
        "name": "sh010",
        "version": "v001",
        "folder": str(tmp_path / "sh010_void_v001"),
        "padding": 4,
        "comp": "1001-1004",
        "patch": "",
        "straight": "",
        "degrained": "",
        "matte": "",
    }


def test_files_that_this_machine_can_read_are_not_downloaded(tmp_path, shelf):
    landed(tmp_path, shelf)
    assert shelf.downloaded == []


def test_files_without_a_path_are_downloaded(tmp_path, shelf):
    landing = landed(tmp_path, shelf.pathless())
    assert len(shelf.downloaded) == 5
    assert landing.version.picture("comp", 1001).read_bytes() == b"pixels of 1001" * 100


def test_another_file_at_the_servers_path_is_not_taken_for_the_result(tmp_path, shelf):
    shelf.put("comp", 1001, b"right")
    right = shelf.results.pop()
    misleading = Result("comp", 1001, right.sha256, right.size, shelf.results[1].path)
    shelf.results[0] = misleading
    landing = landed(tmp_path, shelf)
    assert shelf.downloaded == [misleading]
    assert landing.version.picture("comp", 1001).read_bytes() == b"right"


@pytest.mark.parametrize("kind", ["patch", "straight", "degrained", "matte"])
def test_every_kind_lands_beside_the_comp(tmp_path, shelf, kind):
    for frame in shelf.frames:
        shelf.put(kind, frame, f"{kind} {frame}".encode())
    landing = landed(tmp_path, shelf)
    assert landing.version.picture(kind, 1002).name == f"sh010_void_v001_{kind}.1002.exr"
    assert landing.version.picture(kind, 1002).read_bytes() == f"{kind} 1002".encode()
    there = manifest.read(landing.version).landing.frames()
    assert {name for name, frames in there.items() if frames} == {"comp", kind}
    assert there[kind] == {1001, 1002, 1003, 1004}


def test_a_job_may_land_no_comp_at_all(tmp_path):
    shelf = Shelf(tmp_path / "server")
    shelf.results = []
    for frame in shelf.frames:
        shelf.put("degrained", frame, f"{frame}".encode())
    shelf.put_sidecar({})
    landing = landed(tmp_path / "out", shelf)
    assert landing.complete
    assert landing.finished == (1001, 1002, 1003, 1004)
    assert opened(tmp_path / "out").complete


def test_a_kind_that_was_deleted_whole_makes_the_job_incomplete(tmp_path, shelf):
    for frame in shelf.frames:
        shelf.put("matte", frame, f"matte {frame}".encode())
    version = landed(tmp_path, shelf).version
    for frame in shelf.frames:
        version.picture("matte", frame).unlink()
    assert not opened(tmp_path).complete
    assert landed(tmp_path, shelf).complete
    assert version.picture("matte", 1004).read_bytes() == b"matte 1004"


def test_the_plates_padding_is_kept(tmp_path, shelf):
    landing = landed(tmp_path, shelf, padding=6)
    assert landing.version.picture("comp", 1001).name == "sh010_void_v001.001001.exr"
    assert opened(tmp_path, padding=4).version.padding == 6


def test_a_finished_job_is_there_already(tmp_path, shelf):
    first = landed(tmp_path, shelf)
    again = opened(tmp_path)
    assert again.complete
    assert again.version == first.version
    assert again.finished == first.finished


def test_a_new_version_of_a_finished_job_is_made_when_asked_for(tmp_path, shelf):
    landed(tmp_path, shelf)
    assert landed(tmp_path, shelf, new_version=True).version.label == "v002"


def test_another_job_of_the_same_shot_gets_the_next_version(tmp_path, shelf):
    landed(tmp_path, shelf)
    assert opened(tmp_path, job="f" * 32).version.label == "v002"


def test_a_finished_job_whose_frame_was_deleted_is_not_complete(tmp_path, shelf):
    landing = landed(tmp_path, shelf)
    landing.version.picture("comp", 1002).unlink()
    again = opened(tmp_path)
    assert not again.complete
    assert again.finished == (1001, 1003, 1004)
    assert landed(tmp_path, shelf).complete


def test_when_the_server_goes_away_finished_frames_stay_and_a_rerun_resumes(tmp_path, shelf):
    sidecar = shelf.results.pop()
    later = [shelf.results.pop(), shelf.results.pop()]
    shelf.lost = True
    with pytest.raises(ConnectionLost):
        landed(tmp_path, shelf)
    partial = manifest.read(opened(tmp_path).version)
    assert (partial.state, partial.landing.comp) == ("partial", "1001-1002")

    before = (tmp_path / "sh010_void_v001" / "sh010_void_v001.1001.exr").stat().st_mtime_ns
    shelf.lost = False
    shelf.results += [*later, sidecar]
    resumed = landed(tmp_path, shelf)
    assert resumed.complete
    assert resumed.version.label == "v001"
    assert resumed.version.picture("comp", 1001).stat().st_mtime_ns == before


def test_a_cancelled_job_keeps_its_frames(tmp_path, shelf):
    shelf.results = shelf.results[:2]
    shelf.state = "cancelled"
    landing = landed(tmp_path, shelf)
    assert not landing.complete
    assert manifest.read(landing.version).landing.comp == "1001-1002"


def test_a_version_number_without_a_frame_is_given_back(tmp_path, shelf):
    shelf.results = []
    shelf.lost = True
    with pytest.raises(ConnectionLost):
        landed(tmp_path / "out", shelf)
    assert names(tmp_path / "out") == []


def test_frames_that_a_done_job_lacks_are_named(tmp_path, shelf):
    del shelf.results[1:3]
    with pytest.raises(ServerError, match="2 of 4 frames; missing: 1002-1003") as caught:
        landed(tmp_path, shelf)
    assert caught.value.code == "frames_missing"
    assert not opened(tmp_path).complete


def test_a_frame_that_somebody_painted_on_is_never_written_over(tmp_path, shelf):
    landing = landed(tmp_path, shelf)
    painted = landing.version.picture("comp", 1003)
    painted.write_bytes(b"paint")
    landing.version.picture("comp", 1004).unlink()
    with pytest.raises(RequestError) as caught:
        landed(tmp_path, shelf)
    assert caught.value.code == "would_overwrite"
    assert painted.read_bytes() == b"paint"


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"job": "' + JOB + '"}',
        '{"job": "' + JOB + '", "state": "done", "landing": {"name": "sh010", '
        '"version": "v001", "folder": "", "padding": 4, "comp": "1001 to 1004"}}',
        '{"job": "' + JOB + '", "state": "done", "landing": {"name": "sh010", '
        '"version": "v001", "folder": "", "padding": -1, "comp": "1001"}}',
    ],
    ids=["no JSON", "no object", "no landing", "no frames", "no padding"],
)
def test_a_sidecar_that_is_not_ours_belongs_to_no_job(tmp_path, content):
    folder = tmp_path / "sh010_void_v001"
    folder.mkdir()
    (folder / "sh010_void_v001.json").write_text(content)
    assert opened(tmp_path).version.label == "v002"


def test_what_the_server_recorded_outlives_a_rerun_that_finds_no_server(tmp_path, shelf):
    landing = landed(tmp_path, shelf)
    landing.version.picture("comp", 1002).unlink()
    shelf.results = []
    shelf.lost = True
    with pytest.raises(ConnectionLost):
        landed(tmp_path, shelf)
    sidecar = json.loads(landing.version.sidecar.read_bytes())
    assert (sidecar["state"], sidecar["engine"]) == ("partial", "cleanplate")
    assert sidecar["landing"]["comp"] == "1001, 1003-1004"


def test_no_hidden_file_outlives_a_finished_job(tmp_path, shelf):
    folder = opened(tmp_path).version.folder
    (folder / ".sh010_void_v001.1001.exr.99.part").write_bytes(b"half")
    landed(tmp_path, shelf)
    assert not [name for name in names(folder) if name.startswith(".")]


def test_a_sidecar_that_is_not_json_is_the_servers_fault(tmp_path, shelf):
    shelf.results.pop()
    shelf.put("sidecar", None, b"{")
    with pytest.raises(ServerError) as caught:
        landed(tmp_path, shelf)
    assert caught.value.code == "bad_sidecar"


def test_an_illegal_name_is_refused_with_a_better_one(tmp_path):
    with pytest.raises(RequestError, match="Call it sh_010") as caught:
        opened(tmp_path, name="../up/sh 010")
    assert caught.value.code == "bad_name"


@pytest.mark.parametrize("padding", [-1, 0, 21, 10**9])
def test_a_padding_that_is_none_is_refused_before_a_version_is_made(tmp_path, padding):
    with pytest.raises(ServerError, match=f"expected 1-20, got {padding}") as caught:
        opened(tmp_path / "out", padding=padding)
    assert caught.value.code == "bad_result"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("below", [Path(), Path("deeper/down")], ids=["itself", "below it"])
def test_a_file_in_place_of_the_folder_is_refused(tmp_path, below):
    file = tmp_path / "out"
    file.write_text("not a folder")
    with pytest.raises(RequestError) as caught:
        opened(file / below)
    assert caught.value.code == "not_writable"
    assert str(file) in str(caught.value)


@contextmanager
def files_no_larger_than(size):
    """Writing more fails with EFBIG, much as on a full disk; Python ignores the signal."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("with_path", [True, False], ids=["copied", "downloaded"])
def test_a_full_disk_keeps_finished_frames_and_a_rerun_resumes(tmp_path, with_path):
    shelf = Shelf(tmp_path / "server", frames=[1001, 1002])
    shelf.put("comp", 1003, b"x" * 200_000)
    shelf.put("comp", 1004, b"last")
    shelf.put_sidecar({})
    source = shelf if with_path else shelf.pathless()
    with files_no_larger_than(100_000), pytest.raises(RequestError) as caught:
        landed(tmp_path / "out", source)
    assert caught.value.code == "disk_full"
    assert caught.value.exit_code == 2
    folder = tmp_path / "out" / "sh010_void_v001"
    assert opened(tmp_path / "out").finished == (1001, 1002)
    assert not [name for name in names(folder) if name.startswith(".")]
    assert landed(tmp_path / "out", source).finished == (1001, 1002, 1003, 1004)
    assert names(tmp_path / "out") == ["sh010_void_v001"]


# --- what a server may say of a file ---------------------------------------------------------


def a_device(folder):
    return Path("/dev/zero")


def a_pipe(folder):
    os.mkfifo(folder / "pipe")
    return folder / "pipe"


@pytest.mark.parametrize("place", [a_device, a_pipe])
def test_nothing_but_a_file_is_read_at_the_servers_path(tmp_path, shelf, place):
    right = shelf.results[1]
    path = str(place(tmp_path))
    shelf.results[1] = Result(right.kind, right.frame, right.sha256, right.size, path)
    assert landed(tmp_path / "out", shelf).complete
    assert len(shelf.downloaded) == 1


@pytest.mark.parametrize("digest", ["", "../../x", "A" * 64, "0" * 63])
def test_a_digest_that_is_none_is_refused(tmp_path, shelf, digest):
    right = shelf.results[1]
    shelf.results[1] = Result(right.kind, right.frame, digest, right.size)
    with pytest.raises(ServerError) as caught:
        landed(tmp_path, shelf)
    assert caught.value.code == "bad_result"
    assert shelf.downloaded == []


def test_a_size_that_is_none_is_refused(tmp_path, shelf):
    right = shelf.results[1]
    shelf.results[1] = Result(right.kind, right.frame, right.sha256, -1)
    with pytest.raises(ServerError, match="got -1 bytes") as caught:
        landed(tmp_path, shelf)
    assert caught.value.code == "bad_result"


# --- one at a time ---------------------------------------------------------------------------


@pytest.fixture
def no_locks(monkeypatch):
    """A file system that knows none."""

    def refuse(file, operation):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)


def test_while_somebody_brings_frames_nobody_else_does(tmp_path, shelf):
    with opened(tmp_path) as landing:
        with pytest.raises(RequestError, match="somebody else brings these frames here") as caught:
            landed(tmp_path, shelf)
        assert caught.value.code == "in_use"
        assert caught.value.subject == "sh010_void_v001"
        follow(shelf, landing)
    assert landed(tmp_path, shelf).complete
    assert names(tmp_path) == ["server", "sh010_void_v001"]


@pytest.mark.parametrize("lost", [False, True])
def test_however_it_ends_another_may_go_on(tmp_path, shelf, lost):
    shelf.results = shelf.results[:2]
    shelf.lost = lost
    with pytest.raises((ConnectionLost, ServerError)):
        landed(tmp_path, shelf)
    assert names(tmp_path) == ["server", "sh010_void_v001"]
    with opened(tmp_path):
        assert ".sh010_void_v001.lock" in names(tmp_path)


def test_two_versions_do_not_wait_for_each_other(tmp_path, shelf):
    with opened(tmp_path):
        assert landed(tmp_path, shelf, new_version=True).version.label == "v002"


def test_a_job_that_is_there_already_is_there_while_somebody_mends_it(tmp_path, shelf):
    landed(tmp_path, shelf)
    with opened(tmp_path) as mending, opened(tmp_path) as again:
        assert mending.complete
        assert again.complete


def test_what_another_has_finished_meanwhile_is_not_taken_back(tmp_path, shelf):
    before = opened(tmp_path)
    landed(tmp_path, shelf)
    shelf.lost = True
    shelf.results = []
    with pytest.raises(ConnectionLost), before:
        follow(shelf, before)
    assert before.complete
    assert opened(tmp_path).complete


def test_a_version_that_another_has_given_back_meanwhile_is_made_again(tmp_path, shelf):
    before = opened(tmp_path / "out")
    opened(tmp_path / "out").leave()
    assert names(tmp_path / "out") == []
    (tmp_path / "out").rmdir()
    with before:
        follow(shelf, before)
    assert opened(tmp_path / "out").complete


def test_a_version_that_another_job_has_got_meanwhile_is_left_to_it(tmp_path, shelf):
    before = opened(tmp_path)
    opened(tmp_path).leave()
    other = opened(tmp_path, job="f" * 32)
    assert other.version == before.version
    with pytest.raises(RequestError) as caught, before:
        follow(shelf, before)
    assert caught.value.code == "in_use"
    assert manifest.read(other.version).job == "f" * 32


@pytest.mark.parametrize("locks", [True, False])
def test_nobody_sweeps_what_another_may_be_writing(tmp_path, shelf, request, locks):
    if not locks:
        request.getfixturevalue("no_locks")
    landing = opened(tmp_path)
    others = landing.version.folder / ".sh010_void_v001.1001.exr.99.part"
    others.write_bytes(b"half")
    if locks:
        landing.leave()
    else:
        assert landed(tmp_path, shelf).complete
    assert others.exists()


@pytest.mark.parametrize("with_path", [True, False], ids=["copied", "downloaded"])
def test_without_locks_two_at_once_do_no_harm(tmp_path, shelf, no_locks, with_path):
    source = shelf if with_path else shelf.pathless()
    landings = [opened(tmp_path / "out"), opened(tmp_path / "out")]
    ready, complete = threading.Barrier(2), []

    def work(landing):
        with landing:
            ready.wait()
            follow(source, landing)
        complete.append(landing.complete)

    threads = [threading.Thread(target=work, args=(landing,)) for landing in landings]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert complete == [True, True]
    version = landings[0].version
    for frame in shelf.frames:
        assert version.picture("comp", frame).read_bytes() == f"pixels of {frame}".encode() * 100
    assert len(names(version.folder)) == 5


# --- the report page -------------------------------------------------------------------------


def test_the_page_lands_beside_the_sidecar_and_strips_stay_with_the_server(tmp_path, shelf):
    shelf.put("report", None, b"<!doctype html>")
    shelf.put("strip", 1001, b"\x89PNG")
    landing = landed(tmp_path, shelf)
    assert landing.complete
    assert landing.finished == (1001, 1002, 1003, 1004)
    assert landing.version.page.name == "sh010_void_v001.html"
    assert landing.version.page.read_bytes() == b"<!doctype html>"
    assert not [name for name in names(landing.version.folder) if name.endswith(".png")]


def test_a_job_of_an_older_server_is_complete_without_a_page(tmp_path, shelf):
    assert landed(tmp_path, shelf).complete
    assert not opened(tmp_path).version.page.exists()
    assert opened(tmp_path).complete


def test_a_page_that_was_made_anew_takes_the_place_of_the_one_before(tmp_path, shelf):
    shelf.put("report", None, b"first")
    landing = landed(tmp_path, shelf)
    landing.version.picture("comp", 1002).unlink()
    shelf.results.pop()
    shelf.put("report", None, b"second")
    assert landed(tmp_path, shelf).complete
    assert landing.version.page.read_bytes() == b"second"


@pytest.mark.parametrize("spoil", ["lost", "no page"])
def test_a_complete_job_stays_complete_when_its_page_is_gone_for_good(tmp_path, shelf, spoil):
    version = landed(tmp_path, shelf).version
    shelf.lost = spoil == "lost"
    landing = opened(tmp_path)
    landing.mend(shelf)
    assert landing.complete
    assert not version.page.exists()


def test_a_disk_that_is_full_from_the_start_keeps_no_empty_version(tmp_path, monkeypatch):
    def refuse(self, state):
        raise RequestError("disk", "there is no room", code="disk_full")

    monkeypatch.setattr(Landing, "write_sidecar", refuse)
    with pytest.raises(RequestError, match="no room"):
        begin(tmp_path, name="sh010", job="0" * 32, padding=4)
    assert list(tmp_path.iterdir()) == []
