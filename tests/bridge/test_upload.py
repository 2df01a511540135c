import hashlib
import os
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.errors import RequestError, ServerError
from bridge.shot import SourceFile
from bridge.upload import FAILURES, Upload

CHUNK = 100
CREDIT = 4


def upload_of(*files, **how) -> Upload:
    return Upload(files, chunk=CHUNK, credit=CREDIT, **how)


class Desk:
    """What a server does with chunks, in a dictionary."""

    def __init__(self) -> None:
        self.arrived: dict[str, bytes] = {}
        self.whole: set[str] = set()

    def have(self) -> dict[str, int]:
        return {name: self.offset(name) for name in self.arrived}

    def offset(self, sha256: str) -> int:
        return -1 if sha256 in self.whole else len(self.arrived.get(sha256, b""))

    def put(self, put, payload) -> int:
        assert zlib.crc32(payload) == put.crc32
        content = self.arrived.setdefault(put.sha256, b"")
        if put.sha256 not in self.whole and put.offset == len(content):
            self.arrived[put.sha256] = content + payload
        if len(self.arrived[put.sha256]) == put.size:
            self.whole.add(put.sha256)
        return self.offset(put.sha256)


def run(upload: Upload, desk: Desk) -> list:
    """Everything goes well; the chunks that were sent."""
    sent = []
    upload.resume(desk.have())
    while not upload.done:
        while chunk := upload.next():
            sent.append(chunk)
            upload.stored(chunk[0], desk.put(*chunk))
    return sent


def test_files_are_sent_in_order_in_chunks(make_file):
    files = [make_file("plate.1001.exr", 250), make_file("plate.1002.exr", 100)]
    desk = Desk()
    sent = run(upload_of(*files), desk)
    assert [(put.offset, len(payload)) for put, payload in sent] == [
        (0, 100),
        (100, 100),
        (200, 50),
        (0, 100),
    ]
    assert [desk.arrived[source.sha256] for source, _ in files] == [
        path.read_bytes() for _, path in files
    ]


def test_an_empty_file_is_one_empty_chunk(make_file):
    [(put, payload)] = run(upload_of(make_file("empty", 0)), Desk())
    assert (put.size, put.offset, payload) == (0, 0, b"")


def test_nothing_is_sent_of_what_the_server_has(make_file):
    file = make_file("plate.1001.exr", 250)
    desk = Desk()
    run(upload_of(file), desk)
    assert run(upload_of(file), desk) == []


def test_the_same_file_twice_is_sent_once(make_file):
    file = make_file("plate.1001.exr", 250)
    assert len(run(upload_of(file, file), Desk())) == 3


def test_no_more_than_the_credit_is_under_way(make_file):
    upload = upload_of(make_file("plate.1001.exr", 1000))
    upload.resume({})
    sent = [upload.next() for _ in range(CREDIT)]
    assert upload.next() is None
    upload.stored(sent[0][0], 100)
    assert upload.next()[0].offset == CREDIT * CHUNK
    assert upload.next() is None
    upload.close()


def test_after_a_damaged_chunk_it_goes_on_from_what_is_safe(make_file):
    upload = upload_of(make_file("plate.1001.exr", 1000))
    upload.resume({})
    first, second, third, fourth = (upload.next()[0] for _ in range(CREDIT))
    upload.stored(first, 100)
    upload.damaged()
    upload.stored(third, 100)
    assert upload.next() is None
    upload.stored(fourth, 100)
    assert upload.next()[0].offset == second.offset
    upload.close()


def test_progress_is_what_is_safe_and_never_falls(make_file):
    told = []
    files = [make_file("plate.1001.exr", 250), make_file("plate.1002.exr", 100)]
    upload = upload_of(*files, progress=told.append)
    desk = Desk()
    desk.put(*_first_chunk(files[0]))
    run(upload, desk)
    assert told == [100, 200, 250, 350]
    assert upload.arrived == 350


def _first_chunk(file):
    upload = upload_of(file)
    upload.resume({})
    chunk = upload.next()
    upload.close()
    return chunk


def test_bytes_that_never_arrive_are_given_up(make_file):
    upload = upload_of(make_file("plate.1001.exr", 250))
    upload.resume({})

    def fail():
        for _ in range(100):
            if upload.next() is None:
                while upload.under_way:
                    upload.damaged()

    with pytest.raises(ServerError, match=f"failed {FAILURES + 1} times"):
        fail()
    upload.close()


def test_progress_in_between_makes_patience_new(make_file):
    file = make_file("plate.1001.exr", 100 * CHUNK)
    upload = upload_of(file)
    desk = Desk()
    upload.resume({})
    while not upload.done:
        while chunk := upload.next():
            upload.stored(chunk[0], desk.put(*chunk))
            if chunk := upload.next():
                upload.damaged()
    assert desk.arrived[file[0].sha256] == file[1].read_bytes()


def test_a_wrong_digest_is_tried_again_once_and_then_blamed_on_the_file(make_file):
    upload = upload_of(make_file("plate.1001.exr", 50))
    upload.resume({})
    upload.wrong(upload.next()[0])
    again, _ = upload.next()
    assert again.offset == 0
    with pytest.raises(RequestError, match="changed since the shot was read") as caught:
        upload.wrong(again)
    assert caught.value.code == "file_changed"
    upload.close()


def test_a_file_of_another_size_is_refused_before_it_is_sent(make_file):
    source, path = make_file("plate.1001.exr", 250)
    path.write_bytes(b"shorter")
    upload = upload_of((source, path))
    upload.resume({})
    with pytest.raises(RequestError, match="has changed") as caught:
        upload.next()
    assert str(path) in caught.value.subject


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda path: path.write_bytes(bytes(10)), id="truncated"),
        pytest.param(lambda path: path.write_bytes(bytes(250)), id="rewritten"),
        pytest.param(lambda path: os.utime(path, (1, 1)), id="touched"),
    ],
)
def test_a_file_that_changes_while_it_is_sent_is_noticed(change, make_file):
    source, path = make_file("plate.1001.exr", 250)
    upload = upload_of((source, path))
    upload.resume({})
    upload.next()
    change(path)
    with pytest.raises(RequestError, match="has changed"):
        upload.next()


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    upload = upload_of((SourceFile("gone.exr", 10, "0" * 64), tmp_path / "gone.exr"))
    upload.resume({})
    with pytest.raises(RequestError, match=r"gone\.exr: it cannot be read \(No such file"):
        upload.next()


def test_no_files_are_done_at_once():
    assert upload_of().done


@settings(deadline=None, max_examples=60)
@given(data=st.data(), sizes=st.lists(st.integers(0, 700), min_size=1, max_size=3))
def test_whatever_is_lost_or_damaged_the_files_arrive(data, sizes, tmp_path_factory):
    folder: Path = tmp_path_factory.mktemp("files")
    files = []
    for number, size in enumerate(sizes):
        path = folder / f"{number}"
        path.write_bytes(os.urandom(size))
        files.append(
            (SourceFile(path.name, size, hashlib.sha256(path.read_bytes()).hexdigest()), path)
        )
    upload, desk = upload_of(*files), Desk()
    sent: list = []
    troubles = data.draw(st.lists(st.sampled_from(["damage", "drop"]), max_size=6))
    upload.resume(desk.have())
    while not upload.done:
        while chunk := upload.next():
            sent.append(chunk)
        if not sent:
            continue
        trouble = troubles.pop() if troubles and data.draw(st.booleans()) else "none"
        if trouble == "drop":
            for chunk in sent[: data.draw(st.integers(0, len(sent)))]:
                desk.put(*chunk)
            sent.clear()
            upload.resume(desk.have())
            continue
        chunk = sent.pop(0)
        if trouble == "damage":
            upload.damaged()
        else:
            upload.stored(chunk[0], desk.put(*chunk))
    assert all(desk.arrived[source.sha256] == path.read_bytes() for source, path in files)
