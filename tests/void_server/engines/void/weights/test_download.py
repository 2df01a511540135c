import hashlib

import pytest

from bridge.errors import ConnectionLost, ServerError
from void_server.engines.void.weights.download import Downloads, git_blob
from void_server.engines.void.weights.hub import Hub

NAME = "void_pass1.safetensors"
DATA = bytes(range(256)) * 4000
DIGEST = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def remote(hub):
    """The large file of the hub."""
    (found,) = Hub(hub.endpoint).listing("someone/passes", "main").files
    hub.asked.clear()
    hub.headers.clear()
    return found


@pytest.fixture
def downloads(tmp_path):
    return Downloads(tmp_path / "part", pause=0)


def test_a_file_comes_whole_and_is_put_in_its_place(remote, downloads, tmp_path):
    counts = []
    target = tmp_path / "folder" / NAME
    assert downloads.fetch(remote, target, counts.append) == DIGEST
    assert target.read_bytes() == DATA
    assert sum(counts) == len(DATA)
    assert list((tmp_path / "part").iterdir()) == []


def test_a_download_that_breaks_off_goes_on_where_it_was(hub, remote, downloads, tmp_path):
    hub.break_after[NAME] = [300_000, 400_000]
    counts = []
    downloads.fetch(remote, tmp_path / NAME, counts.append)
    ranges = [asked.split(" ", 2)[2:] for asked in hub.asked]
    assert ranges == [[], ["bytes=300000-"], ["bytes=700000-"]]
    assert (tmp_path / NAME).read_bytes() == DATA
    assert sum(counts) == len(DATA)


def test_a_download_goes_on_where_another_process_stopped(hub, remote, downloads, tmp_path):
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / f"{DIGEST}.part").write_bytes(DATA[:1000])
    assert downloads.waiting(remote) == 1000
    downloads.fetch(remote, tmp_path / NAME, lambda count: None)
    assert hub.asked[0].endswith("bytes=1000-")
    assert (tmp_path / NAME).read_bytes() == DATA


def test_a_server_that_cannot_go_on_is_read_from_the_start(hub, remote, downloads, tmp_path):
    hub.ranges = False
    hub.break_after[NAME] = [1000]
    counts = []
    downloads.fetch(remote, tmp_path / NAME, counts.append)
    assert (tmp_path / NAME).read_bytes() == DATA
    assert sum(counts) == len(DATA)


@pytest.mark.parametrize("size", [len(DATA), len(DATA) + 1])
def test_a_rest_that_is_complete_or_too_long_is_dealt_with(remote, downloads, tmp_path, size):
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / f"{DIGEST}.part").write_bytes((DATA + b"x")[:size])
    downloads.fetch(remote, tmp_path / NAME, lambda count: None)
    assert (tmp_path / NAME).read_bytes() == DATA


def test_a_rest_of_something_else_is_thrown_away_by_its_digest(hub, remote, downloads, tmp_path):
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / f"{DIGEST}.part").write_bytes(b"z" * 1000)
    with pytest.raises(ServerError, match="not what the hub promised"):
        downloads.fetch(remote, tmp_path / NAME, lambda count: None)
    downloads.fetch(remote, tmp_path / NAME, lambda count: None)
    assert (tmp_path / NAME).read_bytes() == DATA


def test_another_content_of_the_same_length_is_refused(hub, remote, downloads, tmp_path):
    hub.lie[NAME] = b"y" + DATA[1:]
    target = tmp_path / NAME
    target.write_bytes(b"what was there")
    with pytest.raises(ServerError, match=f"expected digest {DIGEST}, got ") as caught:
        downloads.fetch(remote, target, lambda count: None)
    assert caught.value.code == "weights"
    assert target.read_bytes() == b"what was there"
    assert list((tmp_path / "part").iterdir()) == []


def test_more_than_was_promised_is_not_read(hub, remote, downloads, tmp_path):
    hub.lie[NAME] = DATA + b"more"
    downloads.fetch(remote, tmp_path / NAME, lambda count: None)
    assert (tmp_path / NAME).read_bytes() == DATA


def test_a_server_that_is_busy_is_asked_again(hub, remote, downloads, tmp_path):
    hub.failing[NAME] = [503, 429]
    downloads.fetch(remote, tmp_path / NAME, lambda count: None)
    assert len(hub.asked) == 3


def test_a_server_that_never_answers_is_given_up_and_the_rest_is_kept(
    hub, remote, downloads, tmp_path
):
    hub.break_after[NAME] = [2000]

    def stop(count):
        if count == 2000:
            hub.failing[NAME] = [500] * 9

    with pytest.raises(ConnectionLost, match=r"byte 2000 of 1024000 \(the server answers 500\)"):
        downloads.fetch(remote, tmp_path / NAME, stop)
    assert downloads.waiting(remote) == 2000
    assert not (tmp_path / NAME).exists()


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refusal_is_not_asked_again(hub, remote, downloads, tmp_path, status):
    hub.failing[NAME] = [status]
    with pytest.raises(ConnectionLost, match=f"it answers {status}"):
        downloads.fetch(remote, tmp_path / NAME, lambda count: None)
    assert len(hub.asked) == 1


def test_who_asks_is_shown_to_the_hub_and_to_nobody_it_sends_us_to(
    hub, second_hub, remote, tmp_path
):
    second_hub.repositories = hub.repositories
    hub.elsewhere = second_hub.endpoint
    downloads = Downloads(tmp_path / "part", authorization="Bearer secret", pause=0)
    downloads.fetch(remote, tmp_path / NAME, lambda count: None)
    assert hub.headers[0]["Authorization"] == "Bearer secret"
    assert "Authorization" not in second_hub.headers[0]
    assert (tmp_path / NAME).read_bytes() == DATA


def test_a_folder_that_cannot_be_written_is_named(remote, tmp_path):
    (tmp_path / "file").write_text("")
    downloads = Downloads(tmp_path / "file" / "part", pause=0)
    with pytest.raises(ServerError, match="cannot be written") as caught:
        downloads.fetch(remote, tmp_path / NAME, lambda count: None)
    assert caught.value.code == "disk"


def test_a_git_digest_is_gits(tmp_path):
    file = tmp_path / "hello"
    file.write_bytes(b"hello\n")
    # Source: printf 'hello\n' | git hash-object --stdin
    assert git_blob(file) == "ce013625030ba8dba906f756967f9e9ca394464a"
