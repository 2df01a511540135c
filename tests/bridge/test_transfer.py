"""Uploads and downloads over real sockets, and over lines that break."""

from pathlib import Path

import pytest

from bridge.client import Client
from bridge.errors import ConnectionLost, RequestError, ServerError
from bridge.messages import Result
from bridge.wire import CREDIT, MAX_CHUNK

MIB = 1 << 20


@pytest.fixture
def client(server):
    with Client(server.endpoint, timeout=1.0) as client:
        yield client


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out" / "sh010_void_v001.1001.exr"


def stored(server, file) -> bool:
    source, path = file
    return server.spool.path(source.sha256).read_bytes() == path.read_bytes()


def result_of(file) -> Result:
    source, _ = file
    return Result("comp", 1001, source.sha256, source.size)


def test_files_of_all_sizes_arrive(server, client, make_file):
    sizes = [0, 1, MAX_CHUNK - 1, MAX_CHUNK, MAX_CHUNK + 1, 5 * MAX_CHUNK, 3, 0]
    files = [make_file(f"{number}.exr", size) for number, size in enumerate(sizes)]
    told = []
    client.upload(files, told.append)
    assert all(stored(server, file) for file in files)
    assert told[-1] == sum(sizes)
    assert told == sorted(told)


def test_a_second_upload_sends_nothing(server, client, make_file):
    file = make_file("plate.exr", 3 * MIB)
    client.upload([file])
    client.upload([file])
    assert server.spool.received == 3 * MIB


def test_results_of_all_sizes_come_back(client, make_file, target):
    for size in (0, 1, MAX_CHUNK, 3 * MAX_CHUNK + 17):
        file = make_file("result.exr", size)
        client.upload([file])
        client.download(result_of(file), target)
        assert target.read_bytes() == file[1].read_bytes()
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("sixteenth", range(1, 17))
def test_after_a_drop_no_more_than_one_credit_window_is_sent_again(sixteenth, server, make_file):
    file = make_file("plate.exr", 24 * MIB)

    class Dropped(Exception):
        pass

    def drop(arrived: int) -> None:
        if arrived >= sixteenth * 24 * MIB // 16:
            raise Dropped

    with Client(server.endpoint) as first, pytest.raises(Dropped):
        first.upload([file], drop)
    with Client(server.endpoint) as second:
        second.upload([file])
    assert stored(server, file)
    assert server.spool.received - 24 * MIB <= CREDIT * MAX_CHUNK


def test_an_upload_survives_a_line_that_breaks(server, client, bad_line, make_file):
    line = bad_line(cut_after=(3 * MIB, 5 * MIB, 100))
    file = make_file("plate.exr", 16 * MIB)
    client.upload([file])
    assert line.breaks >= 2
    assert stored(server, file)
    assert server.spool.received - 16 * MIB <= 3 * CREDIT * MAX_CHUNK


def test_a_download_survives_a_line_that_breaks(server, client, bad_line, make_file, target):
    file = make_file("result.exr", 16 * MIB)
    client.upload([file])
    server.restart()
    client.close()
    line = bad_line(cut_after=(3 * MIB, 5 * MIB, 100), upwards=False)
    with Client(server.endpoint, timeout=1.0) as again:
        again.download(result_of(file), target)
    assert line.breaks >= 2
    assert target.read_bytes() == file[1].read_bytes()


def test_an_upload_survives_a_restart_of_the_server(server, client, make_file):
    files = [make_file(f"plate.{frame}.exr", 4 * MIB) for frame in range(1001, 1005)]
    restarts = []

    def restart(arrived: int) -> None:
        if len(restarts) < 2 and arrived > 5 * MIB * (len(restarts) + 1):
            restarts.append(arrived)
            server.restart()

    client.upload(files, restart)
    assert len(restarts) == 2
    assert all(stored(server, file) for file in files)
    assert server.spool.received - 16 * MIB <= 2 * CREDIT * MAX_CHUNK


def test_a_download_survives_a_restart_of_the_server(server, client, make_file, target):
    file = make_file("result.exr", 16 * MIB)
    client.upload([file])
    restarts = []

    def restart(arrived: int) -> None:
        if not restarts and arrived > 5 * MIB:
            restarts.append(arrived)
            server.restart()

    client.download(result_of(file), target, restart)
    assert restarts
    assert target.read_bytes() == file[1].read_bytes()


def test_a_download_that_was_given_up_is_continued(server, make_file, target):
    file = make_file("result.exr", 8 * MIB)

    class Dropped(Exception):
        pass

    def drop(arrived: int) -> None:
        if arrived > 3 * MIB:
            raise Dropped

    told = []
    with Client(server.endpoint) as first:
        first.upload([file])
        with pytest.raises(Dropped):
            first.download(result_of(file), target, drop)
    assert not target.exists()
    with Client(server.endpoint) as second:
        second.download(result_of(file), target, told.append)
    assert told[0] > 4 * MIB
    assert target.read_bytes() == file[1].read_bytes()


@pytest.mark.parametrize("position", [400_000, 1_600_000, 3_500_000])
def test_a_byte_that_flips_on_the_way_up_is_noticed(position, server, client, bad_line, make_file):
    bad_line(flip_at=(position,))
    file = make_file("plate.exr", 4 * MIB)
    client.upload([file])
    assert server.spool.received > 4 * MIB - MAX_CHUNK
    assert stored(server, file)


@pytest.mark.parametrize("position", [400_000, 1_600_000, 3_500_000])
def test_a_byte_that_flips_on_the_way_down_is_noticed(
    position, server, client, bad_line, make_file, target
):
    file = make_file("result.exr", 4 * MIB)
    client.upload([file])
    client.close()
    told = []
    bad_line(flip_at=(position,), upwards=False)
    with Client(server.endpoint, timeout=1.0) as again:
        again.download(result_of(file), target, told.append)
    assert target.read_bytes() == file[1].read_bytes()
    assert told == [MIB * number for number in range(1, 5)]


def test_a_result_that_rots_at_the_server_is_not_delivered(server, client, make_file, target):
    file = make_file("result.exr", 2 * MIB)
    client.upload([file])
    content = bytearray(file[1].read_bytes())
    content[MIB] ^= 1
    server.spool.path(file[0].sha256).write_bytes(content)
    with pytest.raises(ServerError, match="is another file"):
        client.download(result_of(file), target)
    assert list(target.parent.iterdir()) == []


def test_a_file_that_changes_while_it_is_sent_is_named(client, make_file):
    source, path = make_file("plate.exr", 32 * MIB)

    def change(arrived: int) -> None:
        path.write_bytes(b"rendered anew")

    with pytest.raises(RequestError, match="has changed since the shot was read"):
        client.upload([(source, path)], change)


def test_a_file_that_changed_before_it_was_sent_is_named(client, make_file):
    source, path = make_file("plate.exr", 2 * MIB)
    path.write_bytes(bytes(2 * MIB))
    with pytest.raises(RequestError, match="has changed since the shot was read") as caught:
        client.upload([(source, path)])
    assert caught.value.code == "file_changed"


def test_a_spool_that_is_full_says_so(client, make_file, server):
    server.spool._limit = MIB
    with pytest.raises(ServerError, match="no room") as caught:
        client.upload([make_file("plate.exr", 2 * MIB)])
    assert caught.value.code == "spool_full"


def test_a_result_the_server_does_not_have_is_named(client, target):
    with pytest.raises(RequestError) as caught:
        client.download(Result("comp", 1001, "0" * 64, 10), target)
    assert caught.value.code == "not_here"
    assert list(target.parent.iterdir()) == []


def test_patience_with_a_server_that_is_gone_ends(server, make_file):
    with Client(server.endpoint, timeout=0.1) as client:
        client.hello()
        server.desk.stop()
        with pytest.raises(ConnectionLost, match="does not answer"):
            client.upload([make_file("plate.exr", 10)], patience=0.3)
        server.start()
        client.upload([make_file("plate.exr", 10)])
