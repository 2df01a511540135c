"""The real client against the real broker; only the worker is scripted."""

import hashlib
import signal
import socket
from pathlib import Path

import pytest

from bridge.client import Client
from bridge.errors import RequestError
from bridge.shot import job_id, source_files


def upload_missing(client: Client, request, submitted, folder: Path) -> None:
    files = source_files(request.shot)
    client.upload([(files[digest], folder / files[digest].name) for digest in submitted.missing])


def fetch_all(client: Client, statuses, folder: Path) -> list[int | None]:
    """Downloads every result; the frames, each of which must be what its digest says."""
    frames = []
    for status in statuses:
        for result in status.results:
            target = folder / f"{result.kind}.{result.frame}"
            client.download(result, target)
            assert hashlib.sha256(target.read_bytes()).hexdigest() == result.sha256
            frames.append(result.frame)
    return frames


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def test_pictures_go_up_and_results_come_down(served, settings, request_for, shot_files, out):
    request = request_for(paths=False)
    with Client(served(settings).endpoint) as client:
        assert client.hello().bulk_port
        submitted = client.submit(request)
        assert submitted.job == job_id(request)
        assert submitted.state == "uploading"
        assert set(submitted.missing) == set(source_files(request.shot))
        upload_missing(client, request, submitted, shot_files)
        frames = fetch_all(client, client.watch(submitted.job, interval=0.02), out)
        assert frames == [1001, 1002, 1003, 1004, 1005, None]
        assert client.jobs()[0].state == "done"


def test_the_same_request_twice_is_one_job_and_one_upload(
    served, settings, request_for, shot_files
):
    request = request_for(paths=False)
    endpoint = served(settings).endpoint
    with Client(endpoint) as first, Client(endpoint) as second:
        submitted = first.submit(request)
        upload_missing(first, request, submitted, shot_files)
        assert second.submit(request).job == submitted.job
        assert [*second.watch(submitted.job, interval=0.02)][-1].status.state == "done"
        assert len(second.jobs()) == 1


def test_a_job_is_cancelled_while_it_is_watched(served, settings, request_for):
    request = request_for({"pause": 0.2}, last=1100)
    with Client(served(settings).endpoint) as client:
        job = client.submit(request).job
        states = []
        for status in client.watch(job, interval=0.02):
            states.append(status.status.state)
            if status.status.state == "running" and "cancelled" not in states:
                client.cancel(job)
        assert states[-1] == "cancelled"


def test_a_job_nobody_knows_is_an_error(served, settings):
    with Client(served(settings).endpoint) as client, pytest.raises(RequestError):
        client.status("0" * 32)


def test_a_killed_server_costs_the_client_nothing_but_time(
    server_process, tmp_path, request_for, shot_files, out
):
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    flags = ("--port", str(port))
    first = server_process(tmp_path / "data", *flags)
    request = request_for({"pause": 0.1}, last=1012, paths=False)
    with Client(first.notice().endpoint, timeout=1.0) as client:
        submitted = client.submit(request)
        upload_missing(client, request, submitted, shot_files)

        def watched():
            killed = False
            for status in client.watch(submitted.job, interval=0.02):
                yield status
                if status.status.finished >= 3 and not killed:
                    killed = True
                    first.end(signal.SIGKILL)
                    server_process(tmp_path / "data", *flags)
            assert killed
            assert status.status.state == "done"

        frames = fetch_all(client, watched(), out)
    assert set(frames) == {*range(1001, 1013), None}
