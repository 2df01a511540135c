import errno
import os

import pytest

from bridge.errors import ServerError
from void_server.spool.disk import disk_errors, readable, sync


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_says_so_and_what_to_do(number):
    with pytest.raises(ServerError, match="disk is full") as caught, disk_errors("frame 1001"):
        raise OSError(number, os.strerror(number))
    assert caught.value.code == "disk_full"
    assert caught.value.subject == "frame 1001"
    assert "what has arrived is kept" in caught.value.hint


def test_any_other_error_names_the_reason(tmp_path):
    with pytest.raises(ServerError, match="No such file") as caught, disk_errors("frame 1001"):
        (tmp_path / "gone").read_bytes()
    assert caught.value.code == "disk"


def test_other_exceptions_pass():
    with pytest.raises(ZeroDivisionError), disk_errors("frame 1001"):
        _ = 1 / 0


def test_files_and_folders_can_be_synced(tmp_path):
    file = tmp_path / "file"
    file.write_bytes(b"x")
    sync(file)
    sync(tmp_path)
    with pytest.raises(FileNotFoundError):
        sync(tmp_path / "gone")


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (1024, "1.0 KiB"),
        (66_355_200, "63.3 MiB"),
        (3 << 30, "3.0 GiB"),
        (5 << 40, "5.0 TiB"),
        (5 << 50, "5120.0 TiB"),
    ],
)
def test_sizes_are_written_for_people(size, text):
    assert readable(size) == text
