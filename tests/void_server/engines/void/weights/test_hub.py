import hashlib
import socket

import pytest

from bridge.errors import ConnectionLost, RequestError, ServerError
from void_server.engines.void.weights.hub import Hub


def test_a_branch_becomes_a_commit_with_sizes_and_digests(hub):
    listing = Hub(hub.endpoint).listing("someone/base", "main")
    files = {remote.name: remote for remote in listing.files}
    assert listing.commit == hub.branches["someone/base", "main"]
    big = files["model-00001-of-00002.safetensors"]
    assert big.sha256 == hashlib.sha256(b"first" * 1000).hexdigest()
    assert (big.size, big.blob) == (5000, "")
    small = files["config.json"]
    assert (small.size, small.sha256, len(small.blob)) == (8, "", 40)
    assert small.url == f"{hub.endpoint}/someone/base/resolve/{listing.commit}/config.json"


def test_a_repository_that_is_not_there_is_the_users_to_see_to(hub):
    with pytest.raises(RequestError, match="no such repository"):
        Hub(hub.endpoint).listing("someone/else", "main")


def test_a_revision_that_is_not_there_is_named(hub):
    with pytest.raises(RequestError, match=r"no revision 'v9'.*--revision someone/base=main"):
        Hub(hub.endpoint).listing("someone/base", "v9")


def test_a_hub_that_does_not_answer_is_a_lost_connection(hub):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(ConnectionLost, match="does not answer as it should"):
        Hub(f"http://127.0.0.1:{port}").listing("someone/base", "main")


def test_an_answer_without_a_commit_or_a_digest_is_not_used(hub):
    hub.promise["model-00001-of-00002.safetensors"] = "short"
    with pytest.raises(ServerError, match="no digest for 'model-00001"):
        Hub(hub.endpoint).listing("someone/base", "main")
    hub.add("someone/base", "not-a-commit", {})
    with pytest.raises(ServerError, match="does not say which commit"):
        Hub(hub.endpoint).listing("someone/base", "main")


@pytest.mark.parametrize("value", ["1", "true"])
def test_a_network_that_is_switched_off_stays_off(hub, monkeypatch, value):
    monkeypatch.setenv("VOID_NO_NETWORK", value)
    with pytest.raises(RequestError, match="VOID_NO_NETWORK is set") as caught:
        Hub(hub.endpoint)
    assert caught.value.code == "no_network"
    assert hub.asked == []


@pytest.mark.parametrize("value", ["", "0"])
def test_a_network_that_is_not_switched_off_is_used(hub, monkeypatch, value):
    monkeypatch.setenv("VOID_NO_NETWORK", value)
    assert Hub(hub.endpoint).endpoint == hub.endpoint


@pytest.mark.parametrize("address", ["file:///etc", "hub.local", "ftp://hub"])
def test_an_address_that_is_no_web_address_is_refused(address, monkeypatch):
    monkeypatch.delenv("VOID_NO_NETWORK", raising=False)
    with pytest.raises(RequestError, match="expected https"):
        Hub(address)
