import hashlib
import os
import shutil
import threading
import time
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bridge.errors import RequestError, ServerError
from bridge.partial import Partial
from void_server.spool.spool import Spool

LIMIT = 1 << 20
CONTENT = bytes(range(256)) * 40


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


DIGEST = sha256(CONTENT)


@pytest.fixture
def spool(tmp_path: Path):
    spool = Spool(tmp_path, LIMIT)
    yield spool
    spool.close()


def store(spool: Spool, content: bytes) -> str:
    digest = sha256(content)
    assert spool.write(digest, len(content), 0, content) == -1
    return digest


def test_a_file_is_whole_when_its_last_chunk_is_there(spool):
    assert spool.offset(DIGEST) == 0
    assert spool.write(DIGEST, len(CONTENT), 0, CONTENT[:100]) == 100
    assert spool.offset(DIGEST) == 100
    assert spool.write(DIGEST, len(CONTENT), 100, CONTENT[100:]) == -1
    assert spool.offset(DIGEST) == -1
    assert spool.path(DIGEST).read_bytes() == CONTENT
    assert list(spool.digests()) == [DIGEST]


def test_an_empty_file_is_a_file(spool):
    assert spool.path(store(spool, b"")).read_bytes() == b""


def test_a_chunk_at_another_offset_is_left_out_and_the_right_one_told(spool):
    spool.write(DIGEST, len(CONTENT), 0, CONTENT[:100])
    assert spool.write(DIGEST, len(CONTENT), 50, CONTENT[50:100]) == 100
    assert spool.write(DIGEST, len(CONTENT), 200, CONTENT[200:]) == 100
    assert spool.write(DIGEST, len(CONTENT), 100, CONTENT[100:]) == -1


@pytest.mark.parametrize("arrived", range(0, len(CONTENT) + 1, 512))
def test_an_upload_goes_on_after_a_restart_from_any_byte(arrived, tmp_path):
    before = Spool(tmp_path, LIMIT)
    before.append(DIGEST, len(CONTENT), 0, CONTENT[:arrived])
    before.close()
    after = Spool(tmp_path, LIMIT)
    assert after.offset(DIGEST) == arrived
    assert after.write(DIGEST, len(CONTENT), arrived, CONTENT[arrived:]) == -1
    assert after.path(DIGEST).read_bytes() == CONTENT
    after.close()


def test_a_file_of_another_digest_is_thrown_away(spool):
    with pytest.raises(RequestError, match="is another file") as caught:
        spool.write(DIGEST, len(CONTENT), 0, bytes(len(CONTENT)))
    assert caught.value.code == "wrong_digest"
    assert spool.offset(DIGEST) == 0
    assert spool.used_bytes == 0
    assert store(spool, CONTENT) == DIGEST


def test_a_partial_file_that_was_damaged_on_disk_is_noticed(tmp_path):
    before = Spool(tmp_path, LIMIT)
    before.append(DIGEST, len(CONTENT), 0, CONTENT[:1000])
    before.close()
    (tmp_path / "incoming" / f"{DIGEST}.part").write_bytes(bytes(1000))
    after = Spool(tmp_path, LIMIT)
    with pytest.raises(RequestError, match="is another file"):
        after.write(DIGEST, len(CONTENT), 1000, CONTENT[1000:])
    after.close()


@pytest.mark.parametrize(
    "digest",
    ["", "abc", DIGEST.upper(), DIGEST + "0", "../" * 20 + "abcd", "/" + "0" * 63, "0" * 63 + "\n"],
)
def test_what_is_no_digest_never_reaches_the_disk(digest, spool):
    for call in (
        lambda: spool.offset(digest),
        lambda: spool.path(digest),
        lambda: spool.write(digest, 1, 0, b"x"),
        lambda: spool.remove(digest),
        lambda: spool.adopt(digest, Path("/dev/null")),
    ):
        with pytest.raises(RequestError) as caught:
            call()
        assert caught.value.code == "bad_digest"


@pytest.mark.parametrize(
    ("size", "offset", "code"),
    [
        pytest.param(2**62, 0, "too_large", id="exabytes"),
        pytest.param(-1, 0, "too_large", id="negative size"),
        pytest.param(10, -1, "bad_offset", id="negative offset"),
        pytest.param(10, 8, "bad_offset", id="beyond the end"),
        pytest.param(10, 2**62, "bad_offset", id="far beyond the end"),
    ],
)
def test_impossible_numbers_are_refused_before_anything_is_stored(size, offset, code, spool):
    with pytest.raises(RequestError) as caught:
        spool.write(DIGEST, size, offset, b"abc")
    assert caught.value.code == code
    assert spool.used_bytes == 0


def test_a_limit_for_single_files_holds(tmp_path):
    spool = Spool(tmp_path, LIMIT, file_limit=1000)
    with pytest.raises(RequestError, match=r"expected at most 1000 bytes, got 10\.0 KiB"):
        spool.write(DIGEST, len(CONTENT), 0, b"")
    spool.close()


def test_a_size_that_changes_in_the_middle_is_refused(spool):
    spool.write(DIGEST, len(CONTENT), 0, CONTENT[:100])
    with pytest.raises(RequestError) as caught:
        spool.write(DIGEST, len(CONTENT) - 1, 100, CONTENT[100:200])
    assert caught.value.code == "bad_size"
    assert spool.offset(DIGEST) == 100


def test_what_does_not_fit_is_refused_with_its_first_chunk(spool):
    store(spool, bytes(LIMIT // 2))
    with pytest.raises(ServerError, match=r"file of 768\.0 KiB .* got 512\.0 KiB") as caught:
        spool.write(DIGEST, 3 * LIMIT // 4, 0, b"a")
    assert caught.value.code == "spool_full"
    assert "void purge" in caught.value.hint
    assert spool.used_bytes == LIMIT // 2


def test_room_that_was_promised_is_not_promised_again(spool):
    spool.write("0" * 64, LIMIT // 2, 0, b"a")
    assert spool.used_bytes == LIMIT // 2
    with pytest.raises(ServerError):
        spool.write("1" * 64, 3 * LIMIT // 4, 0, b"a")
    spool.remove("0" * 64)
    assert spool.used_bytes == 0
    assert spool.write("1" * 64, 3 * LIMIT // 4, 0, b"a") == 1


def test_more_than_the_disk_has_is_refused(tmp_path):
    spool = Spool(tmp_path, 1 << 60, file_limit=1 << 60)
    with pytest.raises(ServerError, match="below the disk") as caught:
        spool.write(DIGEST, shutil.disk_usage(tmp_path).total * 2, 0, b"a")
    assert caught.value.code == "spool_full"
    spool.close()


def test_what_is_there_counts_after_a_restart(tmp_path):
    before = Spool(tmp_path, LIMIT)
    store(before, CONTENT)
    before.append("0" * 64, 1000, 0, bytes(300))
    before.close()
    assert Spool(tmp_path, LIMIT).used_bytes == len(CONTENT) + 300


def test_a_file_that_is_not_whole_has_no_path(spool):
    spool.append(DIGEST, len(CONTENT), 0, CONTENT)
    with pytest.raises(RequestError) as caught:
        spool.path(DIGEST)
    assert caught.value.code == "not_here"
    assert spool.finish(DIGEST) == -1
    assert spool.path(DIGEST).exists()


def test_removing_frees_what_it_says(spool):
    store(spool, CONTENT)
    assert spool.remove(DIGEST) == len(CONTENT)
    assert spool.remove(DIGEST) == 0
    assert spool.used_bytes == 0
    assert spool.offset(DIGEST) == 0


def test_a_result_is_adopted_without_copying(spool, tmp_path):
    result = tmp_path / "result.exr"
    result.write_bytes(CONTENT)
    spool.adopt(DIGEST, result)
    spool.adopt(DIGEST, result)
    assert spool.path(DIGEST).samefile(result)
    assert spool.used_bytes == len(CONTENT)
    result.unlink()
    assert spool.path(DIGEST).read_bytes() == CONTENT


def test_a_result_is_copied_where_links_do_not_reach(spool, tmp_path, monkeypatch):
    result = tmp_path / "result.exr"
    result.write_bytes(CONTENT)

    def across_disks(*paths):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", across_disks)
    spool.adopt(DIGEST, result)
    assert not spool.path(DIGEST).samefile(result)
    assert spool.path(DIGEST).read_bytes() == CONTENT


def test_a_result_that_is_not_there_is_an_error(spool, tmp_path):
    with pytest.raises(ServerError, match=r"result gone\.exr"):
        spool.adopt(DIGEST, tmp_path / "gone.exr")
    assert spool.offset(DIGEST) == 0


def test_uploads_that_nobody_continues_are_swept(spool, tmp_path):
    spool.append(DIGEST, len(CONTENT), 0, CONTENT[:100])
    spool.append("0" * 64, 1000, 0, bytes(300))
    part = tmp_path / "incoming" / f"{DIGEST}.part"
    (tmp_path / "incoming" / "notes.part").write_bytes(b"not ours")
    long_ago = time.time() - 10_000
    os.utime(part, (long_ago, long_ago))
    assert spool.sweep(older_than=5_000) == 100
    assert spool.offset(DIGEST) == 0
    assert spool.offset("0" * 64) == 300


def test_half_copied_results_are_swept_at_the_start(tmp_path):
    Spool(tmp_path, LIMIT).close()
    leftover = tmp_path / "incoming" / f"{DIGEST}.tmp"
    leftover.write_bytes(b"half")
    assert Spool(tmp_path, LIMIT).used_bytes == 0
    assert not leftover.exists()


def test_more_uploads_than_open_files_are_no_problem(spool):
    contents = [f"{number}".encode() * 10 for number in range(1000, 1100)]
    for content in contents:
        assert spool.append(sha256(content), len(content), 0, content[:10]) == 10
    for content in contents:
        assert spool.write(sha256(content), len(content), 10, content[10:]) == -1


def test_removing_while_it_is_digested_is_no_error(spool):
    spool.append(DIGEST, len(CONTENT), 0, CONTENT)
    spool.remove(DIGEST)
    spool.catch_up(DIGEST)
    assert spool.finish(DIGEST) == 0


def test_a_last_chunk_that_came_twice_is_one_file(spool, monkeypatch):
    settle = Partial.settle

    def after_another_was_faster(arrival):
        monkeypatch.setattr(Partial, "settle", settle)
        assert spool.finish(DIGEST) == -1
        return settle(arrival)

    spool.append(DIGEST, len(CONTENT), 0, CONTENT)
    monkeypatch.setattr(Partial, "settle", after_another_was_faster)
    assert spool.finish(DIGEST) == -1
    assert spool.path(DIGEST).read_bytes() == CONTENT


def test_one_thread_appends_while_another_digests(tmp_path):
    content = os.urandom(8 << 20)
    digest = sha256(content)
    spool = Spool(tmp_path, 1 << 30)
    over = threading.Event()

    def follow():
        while not over.is_set():
            spool.catch_up(digest)

    thread = threading.Thread(target=follow)
    thread.start()
    for offset in range(0, len(content), 1 << 16):
        spool.append(digest, len(content), offset, content[offset : offset + (1 << 16)])
    assert spool.finish(digest) == -1
    over.set()
    thread.join()
    assert spool.path(digest).read_bytes() == content
    spool.close()


class Uploads(RuleBasedStateMachine):
    """Chunks in any order, with any damage: the bytes end up right, or not at all."""

    contents = (b"", b"a", b"plate" * 30, os.urandom(700))

    @initialize(folder=st.uuids())
    def start(self, folder):
        self.root = Path(os.environ["SPOOL_TEST_FOLDER"]) / str(folder)
        self.spool = Spool(self.root, 100_000)
        self.arrived = dict.fromkeys(map(sha256, self.contents), 0)
        self.spoiled = set()

    @rule(content=st.sampled_from(contents), length=st.integers(0, 400))
    def next_chunk(self, content, length):
        self._put(content, max(0, self.arrived[sha256(content)]), length)

    @rule(content=st.sampled_from(contents), offset=st.integers(0, 700), length=st.integers(0, 400))
    def any_chunk(self, content, offset, length):
        self._put(content, min(offset, len(content)), length)

    @rule(content=st.sampled_from(contents), length=st.integers(1, 400))
    def wrong_bytes(self, content, length):
        offset = max(0, self.arrived[sha256(content)])
        chunk = bytes(byte ^ 0xFF for byte in content[offset : offset + length])
        self._put(content, offset, length, chunk)

    @rule(content=st.sampled_from(contents))
    def remove(self, content):
        digest = sha256(content)
        self.spool.remove(digest)
        self.arrived[digest] = 0
        self.spoiled.discard(digest)

    @rule()
    def restart(self):
        self.spool.close()
        self.spool = Spool(self.root, 100_000)

    @rule(content=st.sampled_from(contents))
    def catch_up(self, content):
        self.spool.catch_up(sha256(content))

    @invariant()
    def what_is_whole_is_right_and_the_rest_is_where_it_was(self):
        for content in self.contents if hasattr(self, "spool") else ():
            digest = sha256(content)
            assert self.spool.offset(digest) == self.arrived[digest]
            if self.arrived[digest] == -1:
                assert self.spool.path(digest).read_bytes() == content

    @invariant()
    def the_account_matches_the_disk(self):
        if hasattr(self, "spool"):
            promised = sum(
                len(content) - self.arrived[sha256(content)]
                for content in self.contents
                if sha256(content) in self.spool._open
            )
            files = [file for file in self.root.rglob("*") if file.is_file()]
            on_disk = sum(file.stat().st_size for file in files)
            assert self.spool.used_bytes == on_disk + promised

    def teardown(self):
        if hasattr(self, "spool"):
            self.spool.close()
            shutil.rmtree(self.root)

    def _put(self, content, offset, length, chunk=None):
        digest = sha256(content)
        arrived = self.arrived[digest]
        real = content[offset : offset + length]
        chunk = real if chunk is None else chunk
        if arrived != -1 and offset == arrived:
            if chunk != real:
                self.spoiled.add(digest)
            arrived += len(chunk)
        if arrived == len(content) and digest in self.spoiled:
            with pytest.raises(RequestError, match="is another file"):
                self.spool.write(digest, len(content), offset, chunk)
            self.spoiled.discard(digest)
            self.arrived[digest] = 0
            return
        answer = self.spool.write(digest, len(content), offset, chunk)
        if arrived == len(content):
            arrived = -1
        assert answer == arrived
        self.arrived[digest] = arrived


@pytest.fixture(autouse=True)
def _folder_for_uploads(tmp_path, monkeypatch):
    monkeypatch.setenv("SPOOL_TEST_FOLDER", str(tmp_path))


class TestUploads(Uploads.TestCase):
    settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
