import os
import stat

import pytest

from bridge.errors import ServerError
from void_server.broker.notice import Notice, post, read, take_down

NOTICE = Notice("tcp://127.0.0.1:5599", 42, "epoch", "1.0", "key")


def test_what_is_posted_can_be_read(tmp_path):
    post(NOTICE, tmp_path / "run" / "server.json")
    assert read(tmp_path / "run" / "server.json") == NOTICE


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
def test_only_its_owner_can_read_it_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        post(NOTICE, tmp_path / "server.json")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "server.json").stat().st_mode) == 0o600


def test_the_file_of_a_server_that_died_is_replaced_whole(tmp_path):
    (tmp_path / "server.json").write_text("{half")
    post(NOTICE, tmp_path / "server.json")
    assert read(tmp_path / "server.json") == NOTICE
    assert [path.name for path in tmp_path.iterdir()] == ["server.json"]


def test_a_damaged_or_absent_file_says_nothing(tmp_path):
    assert read(tmp_path / "server.json") is None
    (tmp_path / "server.json").write_bytes(b"\xff{")
    assert read(tmp_path / "server.json") is None


def test_only_the_server_that_posted_takes_it_down(tmp_path):
    post(NOTICE, tmp_path / "server.json")
    take_down(tmp_path / "server.json", "another")
    assert read(tmp_path / "server.json") == NOTICE
    take_down(tmp_path / "server.json", "epoch")
    assert not (tmp_path / "server.json").exists()


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ServerError, match="connection file"):
        post(NOTICE, tmp_path / "file" / "server.json")
