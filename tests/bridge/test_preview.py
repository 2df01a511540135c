"""A preview, fetched from a real bulk desk into memory."""

import hashlib

import pytest

from bridge.client import Client
from bridge.errors import ConnectionLost, RequestError, ServerError
from bridge.messages import PREVIEW_LIMIT, Preview


def preview_of(make_file, size: int, server=None) -> tuple[Preview, bytes]:
    """A preview and its bytes; the server has it, if one is given."""
    source, path = make_file("preview.png", size)
    if server is not None:
        server.spool.adopt(source.sha256, path)
    return Preview(1004, 8, source.sha256, size), path.read_bytes()


@pytest.mark.parametrize("size", [1, 1 << 20, (1 << 20) + 1, 3_500_000])
def test_every_byte_arrives(server, make_file, size):
    preview, content = preview_of(make_file, size, server)
    with Client(server.endpoint) as client:
        assert client.preview(preview) == content


def test_one_that_has_vanished_is_a_clean_error(server, make_file):
    preview, _ = preview_of(make_file, 100)
    with Client(server.endpoint) as client:
        with pytest.raises(RequestError, match="preview of frame 1004: it is gone") as caught:
            client.preview(preview)
        assert caught.value.code == "not_here"
        with pytest.raises(RequestError, match="it is gone"):  # and the connection goes on
            client.preview(preview)


def test_one_that_is_too_large_is_not_even_asked_for(server):
    with Client(server.endpoint) as client:
        with pytest.raises(ServerError, match="too large") as caught:
            client.preview(Preview(1004, 8, "ab" * 32, PREVIEW_LIMIT + 1))
        assert caught.value.code == "bad_preview"


@pytest.mark.parametrize("announced", [50, 200])
def test_one_of_another_size_than_announced_is_refused(server, make_file, announced):
    preview, _ = preview_of(make_file, 100, server)
    wrong = Preview(1004, 8, preview.sha256, announced)
    with Client(server.endpoint) as client, pytest.raises((ServerError, RequestError)):
        client.preview(wrong)


def test_a_byte_that_changed_on_the_way_is_noticed(server, make_file, bad_line):
    preview, _ = preview_of(make_file, 100_000, server)
    bad_line(flip_at=(60_000,), upwards=False)
    with Client(server.endpoint) as client:
        with pytest.raises(ServerError, match="damaged on its way"):
            client.preview(preview)
        assert hashlib.sha256(client.preview(preview)).hexdigest() == preview.sha256


def test_a_lost_connection_is_not_waited_for(server, make_file, bad_line):
    preview, _ = preview_of(make_file, 500_000, server)
    bad_line(cut_after=(60_000,) * 50, upwards=False)
    with Client(server.endpoint, timeout=0.3) as client, pytest.raises(ConnectionLost):
        client.preview(preview)
