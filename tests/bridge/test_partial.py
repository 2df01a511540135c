import hashlib
import resource
from pathlib import Path

import pytest

from bridge.partial import Partial


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "frame.part"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_the_digest_is_that_of_everything_appended(path):
    partial = Partial(path, 6)
    partial.append(memoryview(b"abc"))
    partial.catch_up()
    partial.append(memoryview(b"def"))
    assert partial.complete
    assert partial.settle() == sha256(b"abcdef")
    partial.close()
    assert path.read_bytes() == b"abcdef"


def test_what_an_earlier_process_left_is_continued_and_digested(path):
    path.write_bytes(b"abc")
    partial = Partial(path, 6)
    assert partial.offset == 3
    partial.append(memoryview(b"def"))
    assert partial.settle() == sha256(b"abcdef")
    partial.close()


def test_what_another_has_appended_counts_too(path):
    mine, other = Partial(path, 1000), Partial(path, 1000)
    mine.append(memoryview(bytes(1000)))
    other.append(memoryview(bytes(1000)))
    assert mine.settle() == other.settle() == sha256(bytes(2000))
    for partial in (mine, other):
        partial.close()


def test_what_is_longer_than_the_whole_file_cannot_be_a_part_of_it(path):
    path.write_bytes(b"much too long")
    partial = Partial(path, 3)
    assert partial.offset == 0
    partial.append(memoryview(b"abc"))
    assert partial.settle() == sha256(b"abc")
    partial.close()


def test_after_clearing_it_begins_again(path):
    partial = Partial(path, 3)
    partial.append(memoryview(b"abc"))
    partial.catch_up()
    partial.clear()
    partial.append(memoryview(b"xyz"))
    assert partial.settle() == sha256(b"xyz")
    partial.close()


def test_a_large_file_is_digested_in_blocks(path):
    content = bytes(range(256)) * 80_000
    partial = Partial(path, len(content))
    partial.append(memoryview(content))
    assert partial.settle() == sha256(content)
    partial.close()


def test_a_chunk_that_does_not_fit_on_the_disk_leaves_no_half_of_itself(path):
    partial = Partial(path, 8192)
    partial.append(memoryview(bytes(3000)))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(OSError):
            partial.append(memoryview(bytes(3000)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.stat().st_size == partial.offset == 3000
    partial.append(memoryview(bytes(5192)))
    assert partial.settle() == sha256(bytes(8192))
    partial.close()
