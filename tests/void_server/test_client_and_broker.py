"""The real client against the real broker; only the worker is scripted."""

import hashlib
import signal
import socket
from pathlib import Path

import pytest

from bridge.client import Client
from bridge.errors import RequestError
from bridge.messages import GetStatus, Preview
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


# --- previews --------------------------------------------------------------------------------


def previewed(client: Client, job: str, frame: int):
    """Waits until the newest preview is that of a frame."""
    for status in client.watch(job, interval=0.02):
        preview = status.status.preview
        if preview is not None and preview.frame == frame:
            return preview
    raise AssertionError("the job ended before")


def spooled(settings) -> set[str]:
    return {file.name for file in (settings.data_dir / "spool" / "cas").glob("*/*")}


def test_the_newest_preview_can_be_fetched_and_the_one_before_is_gone(
    served, settings, request_for
):
    size = 3_000_000
    request = request_for({"previews": size, "hang_at": 1003})
    with Client(served(settings).endpoint) as client:
        job = client.submit(request).job
        first, second = (
            f"\x89PNG {job} {frame} ".encode().ljust(size, b".") for frame in (1001, 1002)
        )
        newest = previewed(client, job, 1002)
        assert (newest.step, newest.size) == (2, size)
        assert client.preview(newest) == second
        before = Preview(1001, 1, hashlib.sha256(first).hexdigest(), size)
        with pytest.raises(RequestError, match="it is gone") as caught:
            client.preview(before)
        assert caught.value.code == "not_here"
        client.cancel(job)


@pytest.mark.parametrize(
    ("script", "state"),
    [({}, "done"), ({"fail": "told to"}, "failed"), ({"kill_at": 1004}, "done")],
)
def test_a_job_that_is_over_has_no_preview_and_none_is_left(
    served, settings, request_for, script, state
):
    request = request_for({"previews": 100, **script})
    with Client(served(settings).endpoint) as client:
        job = client.submit(request).job
        last = [*client.watch(job, interval=0.02)][-1]
        assert (last.status.state, last.status.preview) == (state, None)
        results = {result.sha256 for result in client.status(job).results}
        assert spooled(settings) == results
        assert not list((settings.data_dir / "results" / job).glob("preview.*"))


def test_a_cancelled_job_leaves_no_preview(served, settings, request_for):
    request = request_for({"previews": 100, "hang_at": 1002})
    with Client(served(settings).endpoint) as client:
        job = client.submit(request).job
        assert previewed(client, job, 1001)
        next(s for s in client.watch(job, interval=0.02) if s.status.finished)
        client.cancel(job)
        assert client.status(job).status.preview is None
        assert spooled(settings) == {r.sha256 for r in client.status(job).results}


@pytest.mark.parametrize(("roots", "told"), [(True, True), (False, False)])
def test_where_a_preview_lies_is_told_only_where_paths_are_shared(
    served, settings, request_for, shot_files, roots, told
):
    changes = {} if roots else {"roots": ()}
    request = request_for({"previews": 100, "hang_at": 1002}, paths=roots)
    with Client(served(settings, **changes).endpoint) as client:
        submitted = client.submit(request)
        upload_missing(client, request, submitted, shot_files)
        preview = previewed(client, submitted.job, 1001)
        assert bool(preview.path) is told
        if told:
            assert Path(preview.path).read_bytes() == client.preview(preview)
        client.cancel(submitted.job)


def test_who_does_not_ask_for_previews_is_told_none(served, settings, request_for, asker):
    broker = served(settings)
    with Client(broker.endpoint) as client:
        job = client.submit(request_for({"previews": 100, "hang_at": 1002})).job
        previewed(client, job, 1001)
        assert asker(broker.endpoint)(GetStatus(job)).status.preview is None
        assert client.jobs()[0].preview is None
        client.cancel(job)


def test_a_warning_is_told_while_the_job_runs(served, settings, request_for):
    with Client(served(settings).endpoint) as client:
        job = client.submit(request_for({"warn": "it went slow", "hang_at": 1002})).job
        for status in client.watch(job, interval=0.02):
            if status.status.warnings:
                break
        assert status.status.state == "running"
        assert status.status.warnings == ("it went slow",)
        client.cancel(job)
