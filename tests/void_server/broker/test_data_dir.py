import stat
import sys

import pytest

from bridge.errors import ServerError
from void_server.broker.data_dir import DataDir

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="modes and sockets of POSIX")


def test_only_its_owner_can_look_into_a_new_data_folder(tmp_path):
    DataDir(tmp_path / "data")
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "data" / "run").stat().st_mode) == 0o700


def test_a_locked_folder_is_refused_until_it_is_unlocked(tmp_path):
    first, second = DataDir(tmp_path), DataDir(tmp_path)
    first.lock()
    with pytest.raises(ServerError) as refused:
        second.lock()
    assert refused.value.code == "locked"
    first.unlock()
    second.lock()
    second.unlock()


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ServerError, match=r"data folder .*file/data"):
        DataDir(tmp_path / "file" / "data")


def test_the_workers_socket_lies_in_the_data_folder(tmp_path):
    folder = DataDir(tmp_path / "d")
    assert folder.worker_endpoint() == f"ipc://{tmp_path}/d/run/workers"


def test_a_path_too_long_for_a_socket_is_replaced_by_a_private_short_one(tmp_path):
    folder = DataDir(tmp_path / ("d" * 100))
    endpoint = folder.worker_endpoint()
    short = type(tmp_path)(endpoint.removeprefix("ipc://"))
    assert len(str(short)) < 100
    assert stat.S_IMODE(short.parent.stat().st_mode) == 0o700
    folder.unlock()
    assert not short.parent.exists()
