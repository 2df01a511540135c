import contextlib
import hashlib
import os
import resource
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.download import FAILURES, Download
from bridge.errors import RequestError, ServerError
from bridge.messages import Chunk, Result

CHUNK = 100
CREDIT = 4
CONTENT = os.urandom(1050)


def result_of(content: bytes) -> Result:
    return Result("comp", 1001, hashlib.sha256(content).hexdigest(), len(content))


RESULT = result_of(CONTENT)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "sh010_void_v001.1001.exr"


def download_to(target: Path, result: Result = RESULT, **how) -> Download:
    return Download(result, target, chunk=CHUNK, credit=CREDIT, **how)


def chunk_at(offset: int, content: bytes = CONTENT) -> tuple[Chunk, bytes]:
    payload = content[offset : offset + CHUNK]
    digest = hashlib.sha256(content).hexdigest()
    return Chunk(digest, len(content), offset, zlib.crc32(payload)), payload


def run(download: Download, content: bytes = CONTENT) -> list[int]:
    """Everything goes well; the offsets that were asked for."""
    asked = []
    download.resume()
    with contextlib.closing(download):
        while not download.kept:
            while get := download.next():
                asked.append(get.offset)
                download.took(*chunk_at(get.offset, content))
            if download.done:
                download.keep()
    return asked


def test_a_file_arrives_whole_and_leaves_nothing_beside_it(target):
    assert run(download_to(target)) == list(range(0, len(CONTENT), CHUNK))
    assert target.read_bytes() == CONTENT
    assert list(target.parent.iterdir()) == [target]


def test_an_empty_file_needs_no_chunk(target):
    assert run(download_to(target, result_of(b""))) == []
    assert target.read_bytes() == b""


def test_the_name_appears_only_when_all_is_there(target):
    download = download_to(target)
    download.resume()
    download.took(*chunk_at(download.next().offset))
    [part] = target.parent.iterdir()
    assert part.name.startswith(".")
    assert part.suffix == ".part"
    download.close()


@pytest.mark.parametrize("chunks", range(11))
def test_a_download_is_continued_from_what_is_there(chunks, target):
    first = download_to(target)
    first.resume()
    for _ in range(chunks):
        first.took(*chunk_at(first.next().offset))
    first.close()
    assert run(download_to(target)) == list(range(chunks * CHUNK, len(CONTENT), CHUNK))
    assert target.read_bytes() == CONTENT


def test_a_part_of_another_file_is_not_continued(target):
    other = download_to(target, result_of(bytes(1050)))
    other.resume()
    other.took(*chunk_at(other.next().offset, bytes(1050)))
    other.close()
    assert run(download_to(target))[0] == 0
    assert target.read_bytes() == CONTENT


def test_two_that_fetch_the_same_file_at_once_do_not_meet(target):
    downloads = [download_to(target), download_to(target)]
    for offset in range(0, len(CONTENT), CHUNK):
        for download in downloads:
            assert download.next().offset == offset
            download.took(*chunk_at(offset))
    for download in downloads:
        download.keep()
        download.close()
        assert target.read_bytes() == CONTENT
    assert list(target.parent.iterdir()) == [target]


def test_what_was_left_is_continued_by_one_of_two(target):
    left = download_to(target)
    left.took(*chunk_at(left.next().offset))
    left.close()
    first, second = download_to(target), download_to(target)
    assert (first.arrived, second.arrived) == (CHUNK, 0)
    assert run(second)[0] == 0
    assert run(first)[0] == CHUNK
    assert target.read_bytes() == CONTENT
    assert list(target.parent.iterdir()) == [target]


def test_a_part_that_was_damaged_on_disk_is_fetched_anew(target):
    first = download_to(target)
    first.resume()
    first.took(*chunk_at(first.next().offset))
    first.close()
    [part] = target.parent.iterdir()
    part.write_bytes(bytes(CHUNK))
    assert run(download_to(target)) == [*range(100, 1050, 100), *range(0, 1050, 100)]
    assert target.read_bytes() == CONTENT


def test_a_file_that_is_wrong_at_the_server_is_not_kept(target):
    wrong = bytes(1050)
    with pytest.raises(ServerError, match="is another file") as caught:
        run(download_to(target), wrong)
    assert caught.value.code == "wrong_digest"
    assert not target.exists()


def test_no_more_than_the_credit_is_under_way(target):
    download = download_to(target)
    download.resume()
    assert [download.next().offset for _ in range(CREDIT)] == [0, 100, 200, 300]
    assert download.next() is None
    download.took(*chunk_at(0))
    assert download.next().offset == 400
    download.close()


def damaged(offset):
    chunk, payload = chunk_at(offset)
    return chunk, bytes([payload[0] ^ 1]) + payload[1:]


def shortened(offset):
    chunk, payload = chunk_at(offset)
    return Chunk(chunk.sha256, chunk.size, offset, zlib.crc32(payload[:-1])), payload[:-1]


@pytest.mark.parametrize("trouble", [damaged, shortened, lambda offset: chunk_at(offset + CHUNK)])
def test_a_bad_chunk_is_asked_for_again(trouble, target):
    download = download_to(target)
    download.resume()
    gets = [download.next() for _ in range(CREDIT)]
    download.took(*chunk_at(0))
    download.took(*trouble(100))
    for get in gets[2:]:
        download.took(*chunk_at(get.offset))
    assert download.next().offset == 100
    download.took(*chunk_at(100))
    run(download)
    assert target.read_bytes() == CONTENT


def test_a_chunk_that_is_always_damaged_is_given_up(target):
    download = download_to(target)
    download.resume()

    def fail():
        for _ in range(100):
            while get := download.next():
                download.took(*damaged(get.offset))

    with pytest.raises(ServerError, match=f"failed {FAILURES + 1} times"):
        fail()
    download.close()


def test_a_full_disk_keeps_what_has_arrived(target):
    download = download_to(target)
    download.resume()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (350, limits[1]))
    try:
        with pytest.raises(RequestError) as caught:
            run(download)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert caught.value.code == "disk_full"
    assert run(download_to(target))[0] == 300
    assert target.read_bytes() == CONTENT


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(RequestError) as caught:
        download_to(tmp_path / "gone" / "frame.exr")
    assert caught.value.code == "not_writable"


def test_nothing_is_left_of_a_download_that_never_began(target):
    download_to(target).close()
    assert list(target.parent.iterdir()) == []


def test_progress_is_what_has_arrived(target):
    told = []
    run(download_to(target, progress=told.append))
    assert told == [*range(100, 1100, 100), 1050]


@settings(deadline=None, max_examples=40)
@given(
    troubles=st.lists(st.sampled_from(["none", "damage", "drop", "reopen"]), max_size=12),
    size=st.integers(0, 900),
)
def test_whatever_is_lost_or_damaged_the_file_arrives(troubles, size, tmp_path_factory):
    target = tmp_path_factory.mktemp("out") / "frame.exr"
    content = os.urandom(size)
    download = download_to(target, result_of(content))
    asked: list[int] = []
    download.resume()
    while not download.kept:
        while get := download.next():
            asked.append(get.offset)
        trouble = troubles.pop() if troubles else "none"
        if trouble == "drop":
            asked.clear()
            download.resume()
        elif trouble == "reopen":
            asked.clear()
            download.close()
            download = download_to(target, result_of(content))
            download.resume()
        elif asked:
            chunk, payload = chunk_at(asked.pop(0), content)
            spoiled = trouble == "damage"
            download.took(chunk, bytes(len(payload)) if spoiled and any(payload) else payload)
        if download.done:
            download.keep()
    download.close()
    assert target.read_bytes() == content
